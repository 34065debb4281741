import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readPackages } from '../licences/packages.ts'

type Locked = { readonly version?: string; readonly integrity?: string }

/** `pkg:npm/%40scope/name@version`, as package-url has it. */
const purlOf = (name: string, version: string): string =>
  `pkg:npm/${name.replace(/^@/, '%40')}@${encodeURIComponent(version)}`

/** What a workstation ships besides its own code, in CycloneDX 1.6: from the lockfile, so the same for the same commit. */
export function makeSbom(root: string, version: string, made: Date): string {
  // npm's lockfile version 3 has this shape.
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, Locked>>
  }
  const integrity = new Map(
    Object.entries(packages).map(([path, locked]) => [
      `${path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)} ${locked.version}`,
      locked.integrity,
    ]),
  )
  const components = readPackages(root)
    .filter(({ use }) => use === 'runtime')
    .map(({ name, version: at, licence }) => {
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
  const subject = { type: 'application', 'bom-ref': 'lux-custody', name: 'lux-custody', version }
  return `${JSON.stringify(
    {
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
      metadata: { timestamp: made.toISOString(), component: subject },
      components,
      dependencies: [{ ref: 'lux-custody', dependsOn: components.map((one) => one['bom-ref']) }],
    },
    null,
    1,
  )}\n`
}
