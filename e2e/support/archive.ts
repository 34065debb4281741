import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'

/** Where one file of a bundle lies in it: byte offsets from the start of the archive (SPEC.md 6.1). */
export type Span = { name: string; header: number; content: number; size: number }

export type Archive = { entries: Span[]; directory: number; end: number }

/** Reads where everything is from the end record and the directory, and nothing else. */
export function readArchive(path: string): Archive {
  const bytes = readFileSync(path)
  const end = bytes.length - 22
  if (bytes.readUInt32LE(end) !== 0x06054b50) throw new Error(`${path}: no end record`)
  const directory = bytes.readUInt32LE(end + 16)
  const entries: Span[] = []
  for (let at = directory; at < end; ) {
    const length = bytes.readUInt16LE(at + 28)
    const header = bytes.readUInt32LE(at + 42)
    entries.push({
      name: bytes.toString('latin1', at + 46, at + 46 + length),
      header,
      content: header + 30 + length,
      size: bytes.readUInt32LE(at + 24),
    })
    at += 46 + length
  }
  return { entries, directory, end }
}

export function contentOf(path: string, { content, size }: Span): Buffer {
  return readFileSync(path).subarray(content, content + size)
}

/** Runs `work` while one byte of the file is another one. */
export async function withFlippedByte<T>(path: string, at: number, work: () => Promise<T>): Promise<T> {
  const flip = (): void => {
    const file = openSync(path, 'r+')
    const byte = Buffer.alloc(1)
    readSync(file, byte, 0, 1, at)
    byte.writeUInt8(byte.readUInt8() ^ 1)
    writeSync(file, byte, 0, 1, at)
    closeSync(file)
  }
  flip()
  try {
    return await work()
  } finally {
    flip()
  }
}

/** Runs `work` while the file is one byte longer. */
export async function withTrailingByte<T>(path: string, work: () => Promise<T>): Promise<T> {
  const file = openSync(path, 'r+')
  const { size } = fstatSync(file)
  try {
    writeSync(file, Buffer.alloc(1), 0, 1, size)
    return await work()
  } finally {
    ftruncateSync(file, size)
    closeSync(file)
  }
}
