import { closeSync, fstatSync, readSync } from 'node:fs'
import { ExpectedError } from './file-error.ts'
import { openGiven } from './open-file.ts'

const chunkSize = 1 << 20

/** A file that is read at any offset, and is never held whole. */
type FileReader = {
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

/** Progress of work on a file, 0 to 1, and whether to go on. */
export type Watch = { readonly progress: (fraction: number) => void; readonly signal: AbortSignal }

/** After how many bytes other work gets its turn. */
const turnBytes = 4 << 20

/** One half of a work in two passes. */
export const halfOf = (watch: Watch, half: 0 | 1): Watch => ({
  signal: watch.signal,
  progress: (fraction) => watch.progress((half + fraction) / 2),
})

/** Counts bytes, and yields so that other messages, Cancel among them, are handled. Throws ExpectedError WORK-CANCELLED after Cancel. */
function meter({ progress, signal }: Watch, of: number): (bytes: number) => Promise<void> {
  let done = 0
  let turn = 0
  return async (bytes) => {
    done += bytes
    turn += bytes
    if (turn >= turnBytes) {
      turn = 0
      progress(Math.min(1, done / of))
      await new Promise((resolve) => setImmediate(resolve))
    }
    if (signal.aborted) throw new ExpectedError('WORK-CANCELLED', 'stopped by Cancel; nothing was changed')
  }
}

/** The same file, with progress and Cancel. Errors: those of `reader`, WORK-CANCELLED. */
export function watchedReader(reader: FileReader, watch: Watch): FileReader {
  const count = meter(watch, reader.size)
  async function read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = await reader.read(offset, length)
    await count(bytes.length)
    return bytes
  }
  return { ...reader, read, chunks: () => watchedChunks(reader.chunks(), watch, reader.size) }
}

/** The same bytes, with progress and Cancel. `of`: how many there are. Errors: those of `chunks`, WORK-CANCELLED. */
export async function* watchedChunks(
  chunks: AsyncIterable<Uint8Array>,
  watch: Watch,
  of: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const count = meter(watch, of)
  for await (const chunk of chunks) {
    await count(chunk.length)
    yield chunk
  }
}
