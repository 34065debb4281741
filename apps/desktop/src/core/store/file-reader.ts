import { closeSync, fstatSync, readSync } from 'node:fs'
import { openGiven } from './open-given.ts'

const chunkSize = 1 << 20

/** A file read at any place, never held whole. */
export type FileReader = {
  readonly size: number
  read(offset: number, length: number): Promise<Uint8Array>
  chunks(): AsyncGenerator<Uint8Array, void, undefined>
  close(): void
}

/** Errors: FILE-MISSING, FILE-WRONG-KIND, FILE-UNREADABLE. */
export function fileReader(path: string): FileReader {
  const file = openGiven(path)
  const { size } = fstatSync(file)
  async function read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.min(length, Math.max(0, size - offset)))
    for (let at = 0; at < bytes.length; ) {
      const count = readSync(file, bytes, at, bytes.length - at, offset + at)
      if (count === 0) return bytes.subarray(0, at)
      at += count
    }
    return bytes
  }
  return {
    size,
    read,
    async *chunks() {
      for (let at = 0; at < size; at += chunkSize) yield await read(at, chunkSize)
    },
    close: () => closeSync(file),
  }
}
