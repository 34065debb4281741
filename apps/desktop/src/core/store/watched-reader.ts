import { CoreError } from '../core-error.ts'
import type { FileReader } from './file-reader.ts'

/** How far work on a file is, 0 to 1, and whether it is to go on. */
export type Watch = { readonly progress: (fraction: number) => void; readonly signal: AbortSignal }

/** Other work gets its turn after so many bytes. */
const turnBytes = 4 << 20

/**
 * The same file, read under somebody's eyes: `of` is how many bytes will be read in all. Reading gives way to other work, Cancel's
 * message among it. Errors: those of `reader`, WORK-CANCELLED.
 */
export function watchedReader(reader: FileReader, { progress, signal }: Watch, of: number): FileReader {
  let done = 0
  let turn = 0
  async function read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = await reader.read(offset, length)
    done += bytes.length
    turn += bytes.length
    if (turn >= turnBytes) {
      turn = 0
      progress(Math.min(1, done / of))
      await new Promise((resolve) => setImmediate(resolve))
    }
    if (signal.aborted) throw new CoreError('WORK-CANCELLED', 'stopped by Cancel; nothing was changed')
    return bytes
  }
  return {
    ...reader,
    read,
    async *chunks() {
      const chunk = 1 << 20
      for (let at = 0; at < reader.size; at += chunk) yield await read(at, chunk)
    },
  }
}
