import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'

/** A step of a test case of OASIS, as an independent codec wrote it: vectors/README.md. */
export type Exchange = {
  readonly name: string
  readonly request: Uint8Array
  readonly response: Uint8Array
}

let read: readonly Exchange[] | null = null

export function kmipVectors(): readonly Exchange[] {
  if (read !== null) return read
  const file = join(import.meta.dirname, '../../../../vectors/kmip-1x.jsonl.br')
  read = brotliDecompressSync(readFileSync(file))
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { set, file, step, request, response } = JSON.parse(line)
      return {
        name: `${set}/${file}#${step}`,
        request: new Uint8Array(Buffer.from(request, 'hex')),
        response: new Uint8Array(Buffer.from(response, 'hex')),
      }
    })
  return read
}
