import { createSha256, toHex } from '@lux/crypto'
import { createCrc32 } from './crc32.ts'
import {
  centralHeader,
  endRecord,
  localHeader,
  maxArchive,
  maxZipEntries,
  type ZipEntry,
} from './zip-layout.ts'

/** Content of one entry. `open` may be called more than once and gives the same bytes each time. */
export type ZipSource = {
  readonly name: string
  readonly size: number
  /** Hex. */
  readonly sha256: string
  open(): AsyncIterable<Uint8Array>
}

/**
 * The archive of SPEC.md 6.1, chunk by chunk, in the order given. Every source is read twice: once for its CRC,
 * which stands before the content. Throws RangeError when a source is not the size or the digest it claims, or the
 * archive would pass 3.9 GiB.
 */
export async function* writeZip(sources: readonly ZipSource[]): AsyncGenerator<Uint8Array, void, undefined> {
  if (sources.length > maxZipEntries) throw new RangeError(`sources: more than ${maxZipEntries}`)
  const entries: ZipEntry[] = []
  let offset = 0
  for (const source of sources) {
    const entry = { name: source.name, size: source.size, crc: await measure(source), offset }
    const header = localHeader(entry)
    offset += header.length + source.size
    if (offset > maxArchive) throw new RangeError('sources: the archive would pass 3.9 GiB')
    entries.push(entry)
    yield header
    yield* checked(source, () => {})
  }
  let directorySize = 0
  for (const entry of entries) {
    const header = centralHeader(entry)
    directorySize += header.length
    yield header
  }
  if (offset + directorySize > maxArchive) throw new RangeError('sources: the archive would pass 3.9 GiB')
  yield endRecord(entries.length, directorySize, offset)
}

async function measure(source: ZipSource): Promise<number> {
  const crc = createCrc32()
  for await (const chunk of checked(source, crc.update)) void chunk
  return crc.value()
}

async function* checked(source: ZipSource, look: (chunk: Uint8Array) => void) {
  const hash = createSha256()
  let size = 0
  for await (const chunk of source.open()) {
    hash.update(chunk)
    look(chunk)
    size += chunk.length
    if (size > source.size) break
    yield chunk
  }
  if (size !== source.size) throw new RangeError(`${source.name}: is not ${source.size} bytes long`)
  if (toHex(hash.digest()) !== source.sha256) throw new RangeError(`${source.name}: its digest is another`)
}
