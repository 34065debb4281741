import { createHash } from 'node:crypto'
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { release } from 'node:os'
import { join, relative } from 'node:path'

/** What this workstation is, as far as it can say itself. */
export type Measurement = {
  version: string
  /** The package's build, or `dev:<commit>` for a checkout. */
  build: string
  kernel: string
  /** SHA-256 over the list of files, also for a checkout. */
  files: string
  tpmQuote: string
}

/** A file under the name that it is measured by. */
export type MeasuredFile = { name: string; path: string }

const pieceLength = 1024 * 1024

/**
 * SHA-256 over one line for each file, sorted by name, as `sha256sum` prints it. Of a package these are all the files of
 * its `resources`, so that anyone gets the same without this program:
 * `find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum`.
 */
function measureFiles(files: readonly MeasuredFile[]): string {
  const buffer = Buffer.allocUnsafe(pieceLength)
  const lines = files
    .toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
    .map(({ name, path }) => `${fileDigest(path, buffer)}  ${name}\n`)
  return createHash('sha256').update(lines.join('')).digest('hex')
}

/** Every file below `folder` of one of the `endings`, all without, by its name from `base` on. */
export function filesBelow(folder: string, base: string, endings?: RegExp): MeasuredFile[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && (endings?.test(entry.name) ?? true))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ name: `./${relative(base, path).replaceAll('\\', '/')}`, path }))
}

export function measure(program: {
  files: readonly MeasuredFile[]
  version: string
  /** null for a package. */
  commit: string | null
}): Measurement {
  const files = measureFiles(program.files)
  return {
    version: program.version,
    build: program.commit === null ? files : `dev:${program.commit}`,
    kernel: release(),
    files,
    tpmQuote: 'none',
  }
}

function fileDigest(path: string, buffer: Buffer): string {
  const hash = createHash('sha256')
  const file = openSync(path, 'r')
  try {
    for (let read = -1; read !== 0; ) {
      read = readSync(file, buffer, 0, buffer.length, null)
      hash.update(buffer.subarray(0, read))
    }
  } finally {
    closeSync(file)
  }
  return hash.digest('hex')
}
