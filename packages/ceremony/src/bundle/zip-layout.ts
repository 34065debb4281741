import { concatBytes, utf8 } from '@lux/crypto'

export const manifestName = 'manifest.dsse.json'
export const transcriptName = 'transcript.jsonl'
export const blobName = (digest: string) => `blobs/${digest}`

/** One stored file: where its local header starts and what its headers are made of. */
export type ZipEntry = {
  readonly name: string
  readonly size: number
  readonly crc: number
  readonly offset: number
}

/** No bundle is larger: 3.9 GiB, so that no field of ZIP's first form overflows. */
export const maxArchive = 4_187_593_113
export const maxZipEntries = 20_001

export const localLength = 30
export const centralLength = 46
export const endLength = 22

// APPNOTE 6.3.10: version 1.0, no flags, stored, 1980-01-01 00:00:00.
const version = 10
const date = 0x0021

/** Local file header of APPNOTE 4.3.7, name included. */
export function localHeader({ name, size, crc }: ZipEntry): Uint8Array {
  const bytes = utf8(name)
  const fixed = [
    u32(0x04034b50),
    u16(version),
    u16(0),
    u16(0),
    u16(0),
    u16(date),
    u32(crc),
    u32(size),
    u32(size),
  ]
  return concatBytes(...fixed, u16(bytes.length), u16(0), bytes)
}

/** Central directory header of APPNOTE 4.3.12, name included. */
export function centralHeader({ name, size, crc, offset }: ZipEntry): Uint8Array {
  const bytes = utf8(name)
  const fixed = [u32(0x02014b50), u16(version), u16(version), u16(0), u16(0), u16(0), u16(date)]
  const sizes = [u32(crc), u32(size), u32(size), u16(bytes.length), u16(0), u16(0), u16(0), u16(0), u32(0)]
  return concatBytes(...fixed, ...sizes, u32(offset), bytes)
}

/** End of central directory record of APPNOTE 4.3.16, no comment. */
export function endRecord(count: number, directorySize: number, directoryOffset: number): Uint8Array {
  return concatBytes(
    u32(0x06054b50),
    u16(0),
    u16(0),
    u16(count),
    u16(count),
    u32(directorySize),
    u32(directoryOffset),
    u16(0),
  )
}

function u16(n: number): Uint8Array {
  return Uint8Array.of(n & 0xff, (n >>> 8) & 0xff)
}

function u32(n: number): Uint8Array {
  return Uint8Array.of(n & 0xff, (n >>> 8) & 0xff, (n >>> 16) & 0xff, n >>> 24)
}
