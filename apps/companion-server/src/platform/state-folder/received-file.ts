import { createHash, randomBytes } from 'node:crypto'
import { type FileHandle, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { RandomAccess } from '@lux/ceremony/bundle'
import { accept, type Outcome, refuse } from '../../refusal.ts'

/** A file that has arrived, under a name of ours. `discard` removes it. */
export type Received = {
  readonly reader: RandomAccess
  /** SHA-256 of the whole file, hex. */
  readonly fileDigest: string
  discard(): Promise<void>
}

/** What a process left that ended while a file arrived: nothing was written to it for a day. One that still arrives is read by its handle. */
export async function forgetCutOff(folder: string, at: Date): Promise<void> {
  const names = (await readdir(folder)).filter((name) => /^[0-9a-f]{32}\.part$/.test(name))
  for (const path of names.map((name) => join(folder, name))) {
    const found = await stat(path).catch(() => null)
    if (found !== null && at.getTime() - found.mtimeMs > 86_400_000) await rm(path, { force: true })
  }
}

/** As `receiveFile`. Refuses BUNDLE-TOO-LARGE. */
export function receiveBundle(
  chunks: AsyncIterable<Uint8Array>,
  folder: string,
  maxBytes: number,
): Promise<Outcome<Received>> {
  return receiveFile(chunks, folder, { maxBytes, rule: 'BUNDLE-TOO-LARGE' })
}

/** Writes a stream to a file of `folder`, at most `maxBytes` of it. Refuses by `rule` what is longer. */
export async function receiveFile(
  chunks: AsyncIterable<Uint8Array>,
  folder: string,
  { maxBytes, rule }: { maxBytes: number; rule: string },
): Promise<Outcome<Received>> {
  const path = join(folder, `${randomBytes(16).toString('hex')}.part`)
  const file = await open(path, 'wx+', 0o600)
  const discard = async () => {
    await file.close()
    await rm(path, { force: true })
  }
  try {
    const hash = createHash('sha256')
    let size = 0
    for await (const chunk of chunks) {
      size += chunk.length
      if (size > maxBytes) {
        await discard()
        return refuse(rule, `longer than ${maxBytes} bytes`)
      }
      hash.update(chunk)
      // `write` may write less than it was given; this writes all of it, or throws.
      await file.writeFile(chunk)
    }
    return accept({ reader: fileReader(file, size), fileDigest: hash.digest('hex'), discard })
  } catch (error) {
    await discard()
    throw error
  }
}

function fileReader(file: FileHandle, size: number): RandomAccess {
  return {
    size,
    async read(offset, length) {
      if (offset < 0 || length < 0 || offset + length > size)
        throw new RangeError('read: outside of the file')
      const bytes = new Uint8Array(length)
      for (let at = 0; at < length; ) {
        const { bytesRead } = await file.read(bytes, at, length - at, offset + at)
        if (bytesRead === 0) throw new RangeError('read: the file has become shorter')
        at += bytesRead
      }
      return bytes
    },
  }
}
