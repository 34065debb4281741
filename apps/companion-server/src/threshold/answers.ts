import {
  askedCiphertexts,
  checkHolderAnswer,
  type HolderAnswer,
  holderAnswerCodec,
  type Signed,
} from '@lux/ceremony/wire'
import { equalBytes, fromUtf8 } from '@lux/crypto'
import type { KnownCiphertext } from '@lux/crypto/fhe'
import type { Transaction } from 'kysely'
import type { Tables } from '../platform/database/tables.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { checkPart, ciphertextsOf, combine, openSealed, packageOf } from './combiner.ts'
import { epochRow, type OpenedEpoch, openEpoch } from './keys.ts'
import type { StoredRequest, ThresholdParts } from './requests.ts'
import { stateAfterAnswer, stateNow } from './requests.ts'

type Work = Transaction<Tables>
export type GivenAnswer = {
  readonly document: Signed<HolderAnswer>
  /** The age file to the combiner; null with a refusal. */
  readonly sealed: Uint8Array | null
}

/**
 * Takes one holder's answer. The same bytes again change nothing. Refuses REQUEST-ABSENT; ANSWER-TWICE other bytes of a
 * holder who answered; REQUEST-STATE; REQUEST-EXPIRED; ANSWER-01 an answer to something else; ANSWER-HOLDER,
 * ANSWER-SIGNATURE by the holder's card; ANSWER-02 a count that cannot be; ANSWER-SEAL a file that the holder did not sign;
 * the rules of the seal; and the library's where the part in it is not a sound one of this request, epoch and holder.
 */
export async function takeAnswer(
  parts: ThresholdParts,
  keyId: string,
  requestId: string,
  given: GivenAnswer,
): Promise<Outcome<StoredRequest>> {
  return parts.database.transaction().execute(async (work) => {
    const request = await work
      .selectFrom('decrypt_request')
      .selectAll()
      .where('fhe_key_id', '=', keyId)
      .where('request_id', '=', requestId)
      .forUpdate()
      .executeTakeFirst()
    if (request === undefined) return refuse('REQUEST-ABSENT', `there is no request ${requestId}`)
    const { payload: said } = given.document
    const answer = fromUtf8(holderAnswerCodec.file.encode(given.document))
    const before = await work
      .selectFrom('partial_decryption')
      .selectAll()
      .where('fhe_key_id', '=', keyId)
      .where('request_id', '=', requestId)
      .where('holder_index', '=', said.holder)
      .executeTakeFirst()
    if (before) {
      const same = before.answer === answer && sameFile(before.sealed, given.sealed)
      return same ? accept(request) : refuse('ANSWER-TWICE', `holder ${said.holder} has answered`)
    }
    const now = parts.now()
    const state = stateNow(request, now)
    if (state === 'expired')
      return refuse('REQUEST-EXPIRED', `it expired at ${request.expires_at.toISOString()}`)
    if (state !== 'open' && state !== 'ready') return refuse('REQUEST-STATE', `the request is ${state}`)
    const epoch = await openEpoch(work, parts.state, await epochRow(work, keyId, request.epoch))
    const judged = checkHolderAnswer(given.document, given.sealed, {
      domain: parts.domain,
      digest: request.digest,
      request: { ...packageOf(request).request.payload, keyId, epochId: epoch.row.epoch_id },
      holders: epoch.holders,
    })
    if (!judged.ok) return judged
    const ciphertexts = given.sealed === null ? [] : ciphertextsOf(request)
    if (given.sealed !== null) {
      const part = await openSealed(parts.state, given.sealed, said.holder)
      if (!part.ok) return part
      const sound = checkPart(epoch, request, ciphertexts, part.value)
      if (!sound.ok) return sound
    }
    await work
      .insertInto('partial_decryption')
      .values({
        fhe_key_id: keyId,
        request_id: requestId,
        holder_index: said.holder,
        decision: said.decision,
        answer,
        sealed: given.sealed === null ? null : Buffer.from(given.sealed),
      })
      .execute()
    if (given.sealed !== null) await spend(work, request, epoch)
    return accept(await settle(parts, work, request, epoch, ciphertexts))
  })
}

/** The first part spends what the request reserved: what it decrypts has been flooded once in this epoch. */
async function spend(work: Work, request: StoredRequest, { row }: OpenedEpoch): Promise<void> {
  const ciphertexts = askedCiphertexts(packageOf(request))
  await work
    .insertInto('fhe_spent')
    .columns(['fhe_key_id', 'epoch_id', 'digest', 'width', 'blocks'])
    .expression(
      work
        .selectFrom('fhe_ciphertext')
        .select(({ val }) => ['fhe_key_id', val(row.epoch_id).as('epoch_id'), 'digest', 'width', 'blocks'])
        .where('fhe_key_id', '=', request.fhe_key_id)
        .where(
          'digest',
          'in',
          ciphertexts.map(({ digest }) => digest),
        ),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Combines what is there and puts the request where that brings it; the value itself is not kept. */
async function settle(
  { state }: ThresholdParts,
  work: Work,
  request: StoredRequest,
  epoch: OpenedEpoch,
  ciphertexts: readonly KnownCiphertext[],
): Promise<StoredRequest> {
  const answers = await answersOf(work, request)
  const { t } = epoch.row
  const approved = answers.filter(({ decision }) => decision === 'approved')
  const refusals = answers.length - approved.length
  // A refusal changes nothing about a value that came out.
  if (request.state === 'ready' && ciphertexts.length === 0) return request
  const combined =
    approved.length >= t && ciphertexts.length > 0
      ? await combineAnswers(state, request, epoch, ciphertexts, approved)
      : null
  const change = {
    state: stateAfterAnswer(epoch.row, { refusals, combined: combined?.ok === true }),
    reserved: approved.length > 0 || refusals > epoch.row.n - t ? 0 : request.reserved,
    verified: combined?.ok ? combined.value.verified : null,
    claim: combined?.ok ? combined.value.claim : null,
    cheaters: combined?.ok ? JSON.stringify(combined.value.cheaters) : null,
    trouble:
      combined === null ? request.trouble : combined.ok ? null : `${combined.rule}: ${combined.detail}`,
  }
  return work
    .updateTable('decrypt_request')
    .set(change)
    .where('fhe_key_id', '=', request.fhe_key_id)
    .where('request_id', '=', request.request_id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

type Approved = { readonly holder_index: number; readonly sealed: Buffer | null }

/** Opens every sealed part and has the library put them together. */
export async function combineAnswers(
  state: ThresholdParts['state'],
  request: StoredRequest,
  epoch: OpenedEpoch,
  ciphertexts: readonly KnownCiphertext[],
  approved: readonly Approved[],
) {
  const partials: Uint8Array[] = []
  for (const { holder_index: holder, sealed } of approved) {
    const part = await openSealed(state, sealed ?? new Uint8Array(0), holder)
    if (!part.ok) return part
    partials.push(part.value)
  }
  return combine(epoch, request, ciphertexts, partials)
}

export function answersOf(
  work: Pick<Work, 'selectFrom'>,
  { fhe_key_id, request_id }: Pick<StoredRequest, 'fhe_key_id' | 'request_id'>,
) {
  return work
    .selectFrom('partial_decryption')
    .select(['holder_index', 'decision', 'sealed'])
    .where('fhe_key_id', '=', fhe_key_id)
    .where('request_id', '=', request_id)
    .orderBy('holder_index')
    .execute()
}

function sameFile(one: Uint8Array | null, other: Uint8Array | null): boolean {
  return one === null || other === null ? one === other : equalBytes(one, other)
}
