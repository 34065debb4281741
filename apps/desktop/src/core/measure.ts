import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { join, relative } from 'node:path'

/** What this workstation is, as far as it can say itself. */
export type Measurement = {
  version: string
  /** SHA-256 of the sorted file list of core and Node, or `dev:<commit>` for a checkout. */
  build: string
  kernel: string
  /** SHA-256 over the same file list, also for a checkout. */
  files: string
  tpmQuote: string
}

/** SHA-256 over one line `<sha256> <path>` per file, sorted by path: of core's own program and the Node that runs it. */
export function measureFiles(folder: string, others: readonly string[]): string {
  const lines = [
    ...filesBelow(folder).map((path) => [relative(folder, path), path] as const),
    ...others.map((path) => [`(${path.split('/').at(-1)})`, path] as const),
  ]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, path]) => `${createHash('sha256').update(readFileSync(path)).digest('hex')} ${name}\n`)
  return createHash('sha256').update(lines.join('')).digest('hex')
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

export function measure(program: {
  folder: string
  execPath: string
  version: string
  commit: string | null
}): Measurement {
  const files = measureFiles(program.folder, [program.execPath])
  return {
    version: program.version,
    build: program.commit === null ? files : `dev:${program.commit}`,
    kernel: release(),
    files,
    tpmQuote: 'none',
  }
}
