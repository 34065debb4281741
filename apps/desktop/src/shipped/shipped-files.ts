import { join } from 'node:path'
import { type Entry, isEntry, readArchive } from './archive.ts'

/** One file of the package as it was packed: SHA-256 of each of its blocks, in hex. */
export type ShippedFile = {
  /** Below the package's `resources`. */
  path: string
  size: number
  blockSize: number
  blocks: readonly string[]
}

export const archiveName = 'app.asar'
export const unpackedName = 'app.asar.unpacked'
/** Written into the archive by scripts/package.ts: what lies beside it and is not of its header. */
const listName = 'shipped.json'
const smallestBlock = 64 * 1024
const largestBlock = 16 * 1024 * 1024

/**
 * All that core, its children and `custody` are loaded from: what the archive's header says of the files unpacked
 * beside it, and what shipped.json says of Node and the resources. Throws where the archive is not as ours.
 */
export function shippedFiles(resources: string): ShippedFile[] {
  const { files, read } = readArchive(join(resources, archiveName))
  const unpacked = files
    .filter(([, { unpacked }]) => unpacked === true)
    .map(([path, { size, integrity }]) =>
      shippedFile(`${unpackedName}/${path}`, { size, ...(isEntry(integrity) ? integrity : {}) }),
    )
  const listed: unknown = JSON.parse(read(listName).toString('utf8'))
  if (!isEntry(listed)) throw new RangeError(`${listName}: not a list`)
  return [
    ...unpacked,
    ...Object.entries(listed).map(([path, one]) => shippedFile(path, isEntry(one) ? one : {})),
  ]
}

function shippedFile(path: string, { size, blockSize, blocks }: Entry): ShippedFile {
  if (
    typeof size !== 'number' ||
    typeof blockSize !== 'number' ||
    !(blockSize >= smallestBlock && blockSize <= largestBlock) ||
    !Array.isArray(blocks) ||
    // An empty file may have no block or an empty one.
    blocks.length < Math.ceil(size / blockSize) ||
    !blocks.every((block): block is string => typeof block === 'string')
  )
    throw new RangeError(`${path}: its blocks are not listed`)
  return { path, size, blockSize, blocks }
}
