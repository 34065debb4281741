import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** One hash over name, size and change time of every file below `paths`: cheap, and any edit changes it. */
export function fingerprint(root: string, paths: readonly string[]): string {
  const hash = createHash('sha256')
  const visit = (path: string): void => {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat === undefined) return
    if (!stat.isDirectory()) {
      hash.update(`${relative(root, path)}\0${stat.size}\0${stat.mtimeMs}\n`)
      return
    }
    for (const name of readdirSync(path).sort()) visit(join(path, name))
  }
  for (const path of paths) visit(join(root, path))
  return hash.digest('hex')
}

/** Whether `file` remembers exactly this fingerprint. */
export function remembers(file: string, print: string): boolean {
  return existsSync(file) && readFileSync(file, 'utf8') === print
}

export function remember(file: string, print: string): void {
  writeFileSync(file, print)
}
