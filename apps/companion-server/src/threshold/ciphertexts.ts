import { join } from 'node:path'
import { FormatError, sha256Hex, toHex } from '@lux/crypto'
import { ciphertextDigest, readCiphertext, typeName } from '@lux/crypto/fhe'
import { sql } from 'kysely'
import type { Database } from '../platform/database/open.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { readIfPresent, writeWhole } from '../platform/state-folder/private-file.ts'
import { receiveFile } from '../platform/state-folder/received-file.ts'
import { accept, EnvironmentError, type Outcome, refuse } from '../refusal.ts'

/** Most bytes of one ciphertext, squashed u2048 having 33.6 MB and u1024 16.8 MB, and of all that are kept for one key. */
export const maxCiphertext = 34 << 20
const maxKept = 4 * 2 ** 30

/** `digest` is what a request names; `sha256` is of the file. */
export type KeptCiphertext = {
  readonly digest: string
  readonly sha256: string
  readonly type: string
  readonly width: number
  readonly blocks: number
  readonly size: number
}

const columns = ['digest', 'sha256', 'type', 'width', 'blocks', 'size'] as const

type Upload = {
  readonly keyId: string
  readonly sha256: string
  readonly identity: string
  readonly chunks: AsyncIterable<Uint8Array>
}

/**
 * Takes a ciphertext file in. The same file again changes nothing; another file of the same ciphertext gives the one that is
 * here. Refuses CIPHERTEXT-TOO-LARGE, CIPHERTEXT-DIGEST where the bytes are not those of `sha256`, CIPHERTEXTS-FULL, and the
 * library's rules by which it reads no such file.
 */
export async function keepCiphertext(
  database: Database,
  state: StateFolder,
  { keyId, sha256, identity, chunks }: Upload,
): Promise<Outcome<KeptCiphertext>> {
  const limit = { maxBytes: maxCiphertext, rule: 'CIPHERTEXT-TOO-LARGE' }
  const received = await receiveFile(chunks, state.incoming, limit)
  if (!received.ok) return received
  const { reader, fileDigest, discard } = received.value
  try {
    if (fileDigest !== sha256) return refuse('CIPHERTEXT-DIGEST', `the bytes are those of ${fileDigest}`)
    const bytes = await reader.read(0, reader.size)
    const read = describe(bytes, sha256)
    if (!read.ok) return read
    return await database.transaction().execute(async (work) => {
      await work.selectFrom('fhe_key').select('id').where('id', '=', keyId).forUpdate().execute()
      const before = await work
        .selectFrom('fhe_ciphertext')
        .select(columns)
        .where('fhe_key_id', '=', keyId)
        .where('digest', '=', read.value.digest)
        .executeTakeFirst()
      if (before) return accept(before)
      const { kept } = await work
        .selectFrom('fhe_ciphertext')
        .select(sql<string>`coalesce(sum(size), 0)`.as('kept'))
        .where('fhe_key_id', '=', keyId)
        .executeTakeFirstOrThrow()
      if (Number(kept) + reader.size > maxKept)
        return refuse('CIPHERTEXTS-FULL', `${kept} bytes are kept for this key, at most ${maxKept}`)
      await writeWhole(join(state.ciphertexts, sha256), bytes)
      await work
        .insertInto('fhe_ciphertext')
        .values({ ...read.value, fhe_key_id: keyId, identity_id: identity })
        .execute()
      return read
    })
  } finally {
    await discard()
  }
}

/** The file, looked at again. Throws EnvironmentError CIPHERTEXT-DAMAGED. */
export async function readKept(state: StateFolder, sha256: string): Promise<Uint8Array> {
  const bytes = await readIfPresent(join(state.ciphertexts, sha256), maxCiphertext)
  if (bytes === 'absent' || sha256Hex(bytes) !== sha256)
    throw new EnvironmentError('CIPHERTEXT-DAMAGED', `the file ${sha256} is not the one that was uploaded`)
  return bytes
}

function describe(bytes: Uint8Array, sha256: string): Outcome<KeptCiphertext> {
  try {
    const ciphertext = readCiphertext(bytes)
    return accept({
      digest: toHex(ciphertextDigest(ciphertext)),
      sha256,
      type: typeName(ciphertext),
      width: ciphertext.width,
      blocks: ciphertext.blocks.length,
      size: bytes.length,
    })
  } catch (error) {
    if (error instanceof FormatError) return refuse(error.rule, error.detail)
    throw error
  }
}
