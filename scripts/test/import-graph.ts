import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const imported =
  /^\s*(?:import|export)\b(?!\s+type\b)[^'"`]*?\bfrom\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\(\s*'([^']+)'/gm
/** A file beside this one that is read, or started as a process of its own. */
const beside = /new URL\(\s*'([^']+)',\s*import\.meta\.url/g
/** What is started as it is built, and the source that it is built from. */
const built = { 'apps/desktop/out/core/cli.js': 'apps/desktop/src/cli/main.ts' }

/** Which file of a checkout takes which: by importing it, reading it, or starting it as a process or as it is built. */
export class ImportGraph {
  readonly #root: string
  readonly #exports = new Map<string, string>()
  readonly #named = new Map<string, readonly string[]>()

  constructor(root: string) {
    this.#root = root
    for (const file of globSync('{packages,apps}/*/package.json', { cwd: root })) this.#readExports(file)
  }

  /** What `path` names: paths of the checkout, and the names of modules from elsewhere. */
  named(path: string): readonly string[] {
    const known = this.#named.get(path)
    if (known !== undefined) return known
    const text = /\.(tsx?|m?js)$/.test(path) ? readFileSync(join(this.#root, path), 'utf8') : ''
    const taken = [...text.matchAll(imported)].map(([, from, bare, later]) => from ?? bare ?? later ?? '')
    const read = [...text.matchAll(beside)].map(([, url]) => `./${url}`)
    const named = [...taken, ...read].map((name) => this.#resolve(path, name))
    this.#named.set(path, named)
    return named
  }

  /** `path` and everything that it takes, directly or by others; `follow` says whose own imports count. */
  reached(path: string, follow: (path: string) => boolean = () => true): ReadonlySet<string> {
    const seen = new Set([path])
    for (const one of seen)
      if (existsSync(join(this.#root, one)) && follow(one)) for (const next of this.named(one)) seen.add(next)
    return seen
  }

  #readExports(file: string): void {
    // Our own package.json.
    const { name, exports = {} } = JSON.parse(readFileSync(join(this.#root, file), 'utf8')) as {
      name: string
      exports?: Record<string, unknown>
    }
    for (const [key, target] of Object.entries(exports))
      if (typeof target === 'string') this.#exports.set(join(name, key), join(dirname(file), target))
  }

  #resolve(from: string, name: string): string {
    if (!name.startsWith('.')) return this.#exports.get(name) ?? name
    const path = relative(this.#root, join(this.#root, dirname(from), name))
    return Object.hasOwn(built, path) ? built[path as keyof typeof built] : path
  }
}
