import { webcrypto } from 'node:crypto'
import { type FileHandle, open, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { archiveName, type ShippedFile, shippedFiles, unpackedName } from './shipped-files.ts'

/** Blocks that are read and hashed at a time: both happen off this thread, and the memory is theirs alone. */
const lanes = 4
/** Folders in which a file more could be loaded in another's place. */
const closed = [unpackedName, 'resources'] as const

/**
 * The first file below the package's `resources` that is changed, missing or one too many, null when all are as they were
 * packed. It says nothing of the archive itself, in which it is told what to expect.
 */
export async function changedFile(resources: string): Promise<string | null> {
  let files: ShippedFile[]
  try {
    files = shippedFiles(resources)
  } catch {
    return archiveName
  }
  const known = new Set(files.map(({ path }) => path))
  const found = await Promise.all(closed.map((folder) => filesBelow(resources, folder)))
  const stranger = found.flat().find((path) => !known.has(path))
  if (stranger !== undefined) return stranger

  let changed: string | null = null
  const largest = Math.max(0, ...files.map(({ blockSize }) => blockSize))
  const queue = files.toSorted((a, b) => b.size - a.size).flatMap(blocksOf)
  const handles = new Map<string, Promise<FileHandle>>()
  const opened = (path: string): Promise<FileHandle> => {
    const handle = handles.get(path) ?? open(join(resources, path), 'r')
    handles.set(path, handle)
    return handle
  }
  const lane = async (): Promise<void> => {
    const buffer = Buffer.allocUnsafe(largest + 1)
    for (let block = queue.shift(); block !== undefined && changed === null; block = queue.shift()) {
      try {
        if (!(await isAsPacked(await opened(block.path), block, buffer))) changed ??= block.path
      } catch {
        changed ??= block.path
      }
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  for (const handle of handles.values()) await handle.then((file) => file.close()).catch(() => undefined)
  return changed
}

type Block = { path: string; at: number; length: number; last: boolean; sha256: string }

function blocksOf({ path, size, blockSize, blocks }: ShippedFile): Block[] {
  return blocks.map((sha256, index) => ({
    path,
    at: index * blockSize,
    length: Math.max(0, Math.min(blockSize, size - index * blockSize)),
    last: index === blocks.length - 1,
    sha256,
  }))
}

/** One byte more is asked for at the end, so that a file that has grown is found too. */
async function isAsPacked(
  file: FileHandle,
  { at, length, last, sha256 }: Block,
  buffer: Buffer,
): Promise<boolean> {
  const bytes = buffer.subarray(0, last ? length + 1 : length)
  let read = 0
  while (read < bytes.length) {
    const { bytesRead } = await file.read(bytes, read, bytes.length - read, at + read)
    if (bytesRead === 0) break
    read += bytesRead
  }
  if (read !== length) return false
  const digest = await webcrypto.subtle.digest('SHA-256', bytes.subarray(0, length))
  return Buffer.from(digest).toString('hex') === sha256
}

async function filesBelow(resources: string, folder: string): Promise<string[]> {
  try {
    const entries = await readdir(join(resources, folder), { withFileTypes: true, recursive: true })
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(resources, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
  } catch {
    // Whatever of it is listed is then found to be missing.
    return []
  }
}
