import { createHash } from 'node:crypto'
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join, relative } from 'node:path'
import { archiveName, type ShippedFile, shippedFiles, unpackedName } from './shipped-files.ts'

/** Read and hashed at a time, in one place: what is hashed then still lies near the processor. */
const pieceLength = 256 * 1024
/** Folders in which a file more could be loaded in another's place. */
const closed = [unpackedName, 'resources'] as const

/**
 * The first file below the package's `resources` that is changed, missing or one too many, null when all are as they were
 * packed. It says nothing of the archive itself, in which it is told what to expect. Takes a tenth of a second or more.
 */
export function changedFile(resources: string): string | null {
  let files: ShippedFile[]
  try {
    files = shippedFiles(resources)
  } catch {
    return archiveName
  }
  const known = new Set(files.map(({ path }) => path))
  const stranger = closed.flatMap((folder) => filesBelow(resources, folder)).find((path) => !known.has(path))
  if (stranger !== undefined) return stranger

  const buffer = Buffer.allocUnsafeSlow(pieceLength)
  return files.find((file) => !isAsPacked(resources, file, buffer))?.path ?? null
}

function isAsPacked(
  resources: string,
  { path, size, blockSize, blocks }: ShippedFile,
  buffer: Buffer,
): boolean {
  try {
    const file = openSync(join(resources, path), 'r')
    try {
      const same = blocks.every((sha256, index) => {
        const from = index * blockSize
        return hashOf(file, from, Math.min(from + blockSize, size), buffer) === sha256
      })
      // Nothing may follow.
      return same && readSync(file, buffer, 0, 1, size) === 0
    } finally {
      closeSync(file)
    }
  } catch {
    return false
  }
}

/** SHA-256 in hex of the bytes between two places of a file, of fewer where it ends before. */
function hashOf(file: number, from: number, to: number, buffer: Buffer): string {
  const hash = createHash('sha256')
  for (let at = from; at < to; ) {
    const read = readSync(file, buffer, 0, Math.min(buffer.length, to - at), at)
    if (read === 0) break
    hash.update(buffer.subarray(0, read))
    at += read
  }
  return hash.digest('hex')
}

function filesBelow(resources: string, folder: string): string[] {
  try {
    return readdirSync(join(resources, folder), { withFileTypes: true, recursive: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(resources, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
  } catch {
    // Whatever of it is listed is then found to be missing.
    return []
  }
}
