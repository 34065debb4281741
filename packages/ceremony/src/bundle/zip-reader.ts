import { equalBytes, FormatError, fromUtf8 } from '@lux/crypto'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import {
  centralHeader,
  centralLength,
  endLength,
  endRecord,
  localHeader,
  localLength,
  manifestName,
  maxArchive,
  maxZipEntries,
  transcriptName,
  type ZipEntry,
} from './zip-layout.ts'

/** Random access to a file. `read` gives exactly `length` bytes or throws. */
export type RandomAccess = {
  readonly size: number
  read(offset: number, length: number): Promise<Uint8Array>
}

export type ZipArchive = { readonly entries: readonly ZipEntry[] }

const rule = 'ZIP-PROFILE'
const maxDirectory = 4 << 20
const longestName = 'blobs/'.length + 64
const chunkLength = 1 << 18

/**
 * The entries of an archive of the profile, SPEC.md 6.1: every header byte is computed again from name, size, CRC
 * and position, and compared, so that one content has one archive. The CRCs are for whoever reads the content.
 * Refuses ZIP-PROFILE.
 */
export async function readZip(reader: RandomAccess): Promise<Outcome<ZipArchive>> {
  const { size } = reader
  if (size > maxArchive) return refuse(rule, 'larger than 3.9 GiB')
  if (size < endLength) return refuse(rule, 'shorter than an end record')
  const end = await reader.read(size - endLength, endLength)
  const count = u16(end, 10)
  const directorySize = u32(end, 12)
  const directoryOffset = u32(end, 16)
  if (
    directoryOffset + directorySize + endLength !== size ||
    directorySize > maxDirectory ||
    count > maxZipEntries
  ) {
    return refuse(
      rule,
      'the end record does not fit the file: truncated, or bytes before or after the archive',
    )
  }
  if (!equalBytes(end, endRecord(count, directorySize, directoryOffset))) {
    return refuse(rule, 'the end record is not the one of this archive')
  }
  const parsed = readDirectory(await reader.read(directoryOffset, directorySize), count)
  if (!parsed.ok) return parsed
  return checkPlaces(reader, parsed.value, directoryOffset)
}

/** The content of an entry in chunks of at most 256 KiB: what is freed of larger ones stays with the process for long. */
export async function* readEntry(
  reader: RandomAccess,
  entry: ZipEntry,
): AsyncGenerator<Uint8Array, void, undefined> {
  const start = entry.offset + localLength + entry.name.length
  for (let at = 0; at < entry.size; at += chunkLength) {
    yield await reader.read(start + at, Math.min(chunkLength, entry.size - at))
  }
}

function readDirectory(bytes: Uint8Array, count: number): Outcome<ZipEntry[]> {
  const entries: ZipEntry[] = []
  let at = 0
  while (at < bytes.length) {
    if (at + centralLength > bytes.length) return refuse(rule, 'the directory is cut off')
    const nameLength = u16(bytes, at + 28)
    const next = at + centralLength + nameLength
    if (nameLength > longestName || next > bytes.length) return refuse(rule, 'a name is too long')
    let name: string
    try {
      name = fromUtf8(bytes.subarray(at + centralLength, next))
    } catch (error) {
      if (error instanceof FormatError) return refuse(rule, 'a name is not UTF-8')
      throw error
    }
    const entry = { name, size: u32(bytes, at + 24), crc: u32(bytes, at + 16), offset: u32(bytes, at + 42) }
    if (!equalBytes(bytes.subarray(at, next), centralHeader(entry))) {
      return refuse(rule, `the directory header of entry ${entries.length + 1} is not of the profile`)
    }
    entries.push(entry)
    at = next
  }
  if (entries.length !== count) return refuse(rule, `${entries.length} entries, the end record says ${count}`)
  return accept(entries)
}

async function checkPlaces(
  reader: RandomAccess,
  entries: readonly ZipEntry[],
  directoryOffset: number,
): Promise<Outcome<ZipArchive>> {
  let at = 0
  let before = ''
  for (const [index, entry] of entries.entries()) {
    const { name } = entry
    const fixed = [manifestName, transcriptName][index]
    if (fixed === undefined ? !/^blobs\/[0-9a-f]{64}$/.test(name) : name !== fixed) {
      return refuse(rule, `entry ${index + 1} has no place there`)
    }
    // Names here are ASCII, so the order of code units is the order of bytes.
    if (index > 2 && name <= before)
      return refuse(rule, 'blobs are not in ascending order, or one is there twice')
    before = name
    if (entry.offset !== at || at + localLength + name.length + entry.size > directoryOffset) {
      return refuse(rule, `${name}: is not where the entry before it ends`)
    }
    const header = localHeader(entry)
    if (!equalBytes(await reader.read(at, header.length), header)) {
      return refuse(rule, `${name}: its local header is not the one of the directory`)
    }
    at += header.length + entry.size
  }
  if (at !== directoryOffset) return refuse(rule, 'bytes lie between the last entry and the directory')
  if (entries.length < 2) return refuse(rule, 'manifest or transcript is missing')
  return accept({ entries })
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
}

function u32(bytes: Uint8Array, at: number): number {
  return (u16(bytes, at) | (u16(bytes, at + 2) << 16)) >>> 0
}
