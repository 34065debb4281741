import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { FormatError, sha256Hex, toHex } from '@lux/crypto'
import { type Carrying, checkCarrying, ciphertextDigest, readCiphertext, typeName } from '@lux/crypto/fhe'
import type { Transaction } from 'kysely'
import { ownCall, type Record } from '../audit/record.ts'
import type { Database } from '../platform/database/open.ts'
import type { Tables } from '../platform/database/tables.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { readIfPresent, writeWhole } from '../platform/state-folder/private-file.ts'
import { receiveFile } from '../platform/state-folder/received-file.ts'
import { accept, EnvironmentError, type Outcome, refuse } from '../refusal.ts'
import { checkRoom, configuredKeeping, type Keeping } from './room.ts'

/** Most bytes of one ciphertext, squashed u2048 having 33.6 MB and u1024 16.8 MB. */
export const maxCiphertext = 34 << 20

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
  /** What the key's holders answer, by its mode and the policy of its newest epoch. */
  readonly answered: { readonly mode: 'S' | 'F'; readonly carrying: Carrying }
  readonly sha256: string
  readonly identity: string
  readonly chunks: AsyncIterable<Uint8Array>
}

/**
 * Takes a ciphertext file in. The same file again changes nothing; another file of the same ciphertext gives the one that is
 * here. Refuses CIPHERTEXT-TOO-LARGE, CIPHERTEXT-DIGEST where the bytes are not those of `sha256`, CIPHERTEXTS-FULL, the
 * library's rules by which it reads no such file, and REQUEST-MODE or those of `checkCarrying` where no holder would answer it.
 */
export async function keepCiphertext(
  database: Database,
  state: StateFolder,
  { keyId, answered, sha256, identity, chunks }: Upload,
): Promise<Outcome<KeptCiphertext>> {
  const limit = { maxBytes: maxCiphertext, rule: 'CIPHERTEXT-TOO-LARGE' }
  const received = await receiveFile(chunks, state.incoming, limit)
  if (!received.ok) return received
  const { reader, fileDigest, discard } = received.value
  try {
    if (fileDigest !== sha256) return refuse('CIPHERTEXT-DIGEST', `the bytes are those of ${fileDigest}`)
    const bytes = await reader.read(0, reader.size)
    const read = describe(bytes, sha256, answered)
    if (!read.ok) return read
    return await database.transaction().execute(async (work) => {
      await work.selectFrom('fhe_key').select('id').where('id', '=', keyId).forUpdate().execute()
      const before = await work
        .selectFrom('fhe_ciphertext')
        .select([...columns, 'removed_at'])
        .where('fhe_key_id', '=', keyId)
        .where('digest', '=', read.value.digest)
        .executeTakeFirst()
      if (before?.removed_at === null) {
        // One that was lost or changed is put back by uploading it again.
        if (before.sha256 === sha256) await writeWhole(join(state.ciphertexts, sha256), bytes)
        return accept(kept(before))
      }
      const room = await checkRoom(work, {
        ...{ keyId, size: reader.size, at: new Date(), keeping: configuredKeeping() },
      })
      if (!room.ok) return room
      await writeWhole(join(state.ciphertexts, sha256), bytes)
      const { digest, ...file } = read.value
      await work
        .insertInto('fhe_ciphertext')
        .values({ ...file, digest, fhe_key_id: keyId, identity_id: identity })
        .onConflict((again) =>
          again
            .columns(['fhe_key_id', 'digest'])
            .doUpdateSet({ ...file, identity_id: identity, created_at: new Date(), removed_at: null }),
        )
        .execute()
      return read
    })
  } finally {
    await discard()
  }
}

const kept = ({
  removed_at: _,
  ...file
}: KeptCiphertext & { readonly removed_at: Date | null }): KeptCiphertext => file

type Due = { readonly at: Date; readonly keeping: Keeping }

/** Whose file may go at a time: no request that names it is open, ready or released, and the time after the last end is over. */
function due(work: Pick<Transaction<Tables>, 'selectFrom'>, { at, keeping }: Due) {
  const ended = new Date(at.getTime() - keeping.afterEnd)
  const unasked = new Date(at.getTime() - keeping.unasked)
  return work
    .selectFrom('fhe_ciphertext as kept')
    .where('kept.removed_at', 'is', null)
    .where(({ and, or, not, exists, eb, selectFrom }) => {
      const naming = selectFrom('fhe_request_ciphertext as named')
        .innerJoin('decrypt_request as request', (on) =>
          on
            .onRef('request.fhe_key_id', '=', 'named.fhe_key_id')
            .onRef('request.request_id', '=', 'named.request_id'),
        )
        .select('named.digest')
        .whereRef('named.fhe_key_id', '=', 'kept.fhe_key_id')
        .whereRef('named.digest', '=', 'kept.digest')
      const needed = naming.where(({ or: either, eb: is }) =>
        either([is('request.ended_at', 'is', null), is('request.ended_at', '>', ended)]),
      )
      const asked = and([exists(naming), eb('kept.created_at', '<=', ended)])
      return and([
        not(exists(needed)),
        or([asked, and([not(exists(naming)), eb('kept.created_at', '<=', unasked)])]),
      ])
    })
}

/**
 * Removes the files of ciphertexts that nobody needs any more; digests, types and sizes stay. The log has the removal of each, then the
 * database, and from there on it counts against no quota. The files go last, with what an upload left that was cut off.
 */
export async function removeCiphertexts(
  database: Database,
  state: StateFolder,
  {
    at,
    keeping = configuredKeeping(),
    record,
  }: Partial<Due> & { readonly at: Date; readonly record: Record },
): Promise<void> {
  const rows = await due(database, { at, keeping })
    .innerJoin('fhe_key', 'fhe_key.id', 'kept.fhe_key_id')
    .select(['kept.fhe_key_id as keyId', 'kept.digest', 'organisation_id as organisation', 'epoch'])
    .orderBy('kept.created_at')
    .limit(1000)
    .execute()
  for (const { keyId, digest, organisation, epoch } of rows)
    await database.transaction().execute(async (work) => {
      // As an upload and a request do it, so that neither finds a file that is about to go.
      await work.selectFrom('fhe_key').select('id').where('id', '=', keyId).forUpdate().execute()
      const row = await due(work, { at, keeping })
        .select('kept.sha256')
        .where('kept.fhe_key_id', '=', keyId)
        .where('kept.digest', '=', digest)
        .executeTakeFirst()
      if (row === undefined) return
      await work
        .updateTable('fhe_ciphertext')
        .set({ removed_at: at })
        .where('fhe_key_id', '=', keyId)
        .where('digest', '=', digest)
        .execute()
      const call = ownCall()
      await record(call, 'threshold.remove-ciphertext', async (subject) => {
        Object.assign(subject, {
          ...{ organisation, key: keyId, version: Number(epoch) },
          input: [Buffer.from(row.sha256, 'hex')],
        })
        return accept(null)
      })
    })
  await removeUnnamed(database, state)
}

/** Files that no row names: their removal was cut off before they went, or their upload before its row was there. */
async function removeUnnamed(database: Database, state: StateFolder): Promise<void> {
  const unnamed = async (work: Pick<Transaction<Tables>, 'selectFrom'>) => {
    const files = await readdir(state.ciphertexts)
    const rows = await work
      .selectFrom('fhe_ciphertext')
      .select('sha256')
      .distinct()
      .where('removed_at', 'is', null)
      .execute()
    const named = new Set(rows.map(({ sha256 }) => sha256))
    return files.filter((name) => !named.has(name))
  }
  if ((await unnamed(database)).length === 0) return
  await database.transaction().execute(async (work) => {
    // An upload writes its file and its row under its key's lock: under all of them none is under way.
    await work.selectFrom('fhe_key').select('id').orderBy('id').forUpdate().execute()
    for (const name of await unnamed(work)) await rm(join(state.ciphertexts, name), { force: true })
  })
}

/** The file, looked at again. Throws EnvironmentError CIPHERTEXT-DAMAGED. */
export async function readKept(state: StateFolder, sha256: string): Promise<Uint8Array> {
  const bytes = await readIfPresent(join(state.ciphertexts, sha256), maxCiphertext)
  if (bytes === 'absent' || sha256Hex(bytes) !== sha256)
    throw new EnvironmentError('CIPHERTEXT-DAMAGED', `the file ${sha256} is not the one that was uploaded`)
  return bytes
}

function describe(
  bytes: Uint8Array,
  sha256: string,
  { mode, carrying }: Upload['answered'],
): Outcome<KeptCiphertext> {
  try {
    const ciphertext = readCiphertext(bytes)
    const [kind, width] = mode === 'S' ? ['squashed', 128] : ['fresh', 64]
    if (ciphertext.width !== width)
      return refuse(
        'REQUEST-MODE',
        `blocks of ${ciphertext.width} bits; the holders of this key answer ${kind} ones, of ${width}`,
      )
    const carried = checkCarrying([ciphertext], carrying)
    if (!carried.ok) return carried
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
