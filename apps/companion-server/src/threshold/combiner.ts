import { type RequestPackage, requestPackageCodec } from '@lux/ceremony/wire'
import { FormatError, fromHex, openWith, utf8 } from '@lux/crypto'
import {
  fheThresholdDecrypt,
  parsePartial,
  type SeenCiphertext,
  seeCiphertext,
  type ThresholdDecryption,
} from '@lux/crypto/fhe'
import type { Transaction } from 'kysely'
import type { Tables } from '../platform/database/tables.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { readIfPresent, requirePrivate } from '../platform/state-folder/private-file.ts'
import { accept, EnvironmentError, type Outcome, refuse } from '../refusal.ts'
import { readKept } from './ciphertexts.ts'
import type { OpenedEpoch } from './keys.ts'
import type { StoredRequest } from './requests.ts'

/**
 * The server's own age hybrid identity, whose recipient is on its card: read for each use and kept nowhere. Throws
 * EnvironmentError COMBINER-ABSENT, FILE-NOT-PRIVATE.
 */
export async function combinerIdentity(state: StateFolder): Promise<string> {
  const kept = await readIfPresent(state.combiner, 1024)
  if (kept === 'absent') throw new EnvironmentError('COMBINER-ABSENT', `there is no ${state.combiner}`)
  await requirePrivate(state.combiner)
  return Buffer.from(kept).toString('latin1').trim()
}

export function packageOf({ package: text }: StoredRequest): RequestPackage {
  const parsed = requestPackageCodec.parse(utf8(text))
  if (!parsed.ok) throw new Error(`a stored request is damaged: ${parsed.detail}`)
  return parsed.value
}

/** Opens a sealed partial. Refuses by the rules of the seal, and ANSWER-01 where the part is of another holder. */
export async function openSealed(
  state: StateFolder,
  sealed: Uint8Array,
  holder: number,
): Promise<Outcome<Uint8Array>> {
  try {
    const partial = await openWith(await combinerIdentity(state), sealed)
    const said = parsePartial(partial).header.holder
    return said === holder
      ? accept(partial)
      : refuse('ANSWER-01', `holder ${holder} sealed the part of holder ${said}`)
  } catch (error) {
    if (error instanceof FormatError) return refuse(error.rule, error.detail)
    throw error
  }
}

/** What a request names, in its order: each file is looked at again, and one is in memory at a time. */
export async function ciphertextsOf(
  work: Transaction<Tables>,
  state: StateFolder,
  request: StoredRequest,
): Promise<SeenCiphertext[]> {
  const { ciphertexts } = packageOf(request).request.payload
  const seen: SeenCiphertext[] = []
  for (const { digest } of ciphertexts) {
    const row = await work
      .selectFrom('fhe_ciphertext')
      .select('sha256')
      .where('fhe_key_id', '=', request.fhe_key_id)
      .where('digest', '=', digest)
      .executeTakeFirstOrThrow()
    seen.push(seeCiphertext(await readKept(state, row.sha256)))
  }
  return seen
}

/** The library's combination: every signature, header, digest and count is checked there anew. */
export function combine(
  { pub, holders }: OpenedEpoch,
  { digest }: StoredRequest,
  ciphertexts: readonly SeenCiphertext[],
  partials: readonly Uint8Array[],
): Outcome<ThresholdDecryption> {
  return fheThresholdDecrypt({
    pub,
    ciphertexts,
    partials,
    requestDigest: fromHex(digest, 32),
    holders: holders.map(({ keys }) => keys),
  })
}

/** Whether one answer is a sound part of this request, told by what the library misses when it has that one alone. */
export function checkPart(
  epoch: OpenedEpoch,
  request: StoredRequest,
  ciphertexts: readonly SeenCiphertext[],
  partial: Uint8Array,
): Outcome<null> {
  const alone = combine(epoch, request, ciphertexts, [partial])
  return alone.ok || alone.rule === 'FHE-PARTIALS-FEW' ? accept(null) : alone
}
