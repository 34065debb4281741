import { encodeCanonical, fromUtf8, openWith, sealTo, utf8 } from '@lux/crypto'
import type { Transaction } from 'kysely'
import { ownCall, type Record } from '../audit/record.ts'
import type { Clock } from '../platform/clock.ts'
import type { Tables } from '../platform/database/tables.ts'
import { forgetCutOff } from '../platform/state-folder/received-file.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { answersOf, combineAnswers } from './answers.ts'
import { removeCiphertexts } from './ciphertexts.ts'
import { ciphertextsOf, combinerIdentity } from './combiner.ts'
import { epochRow, openEpoch } from './keys.ts'
import type { StoredRequest, ThresholdParts } from './requests.ts'
import { resultLives, stateNow } from './requests.ts'

type Work = Transaction<Tables>
type Asked = { readonly keyId: string; readonly requestId: string; readonly identity: string }

/** Values are text: a decimal number, `true` or `false`. `verified` counts malicious holders; `claim` says no more than it. */
export type DecryptedValues = {
  readonly results: readonly { readonly type: string; readonly value: string }[]
  readonly verified: number
  readonly cheaters: readonly number[]
  readonly claim: string
}

/**
 * Ends the gathering of answers: combines all that came and keeps the values for an hour, sealed to this server's own
 * combiner. Again, it changes nothing. Refuses REQUEST-ABSENT also to another identity, REQUEST-STATE before `ready` and
 * after the reading, and FHE-INCONSISTENT.
 */
export async function releaseResult(parts: ThresholdParts, asked: Asked): Promise<Outcome<StoredRequest>> {
  return parts.database.transaction().execute(async (work) => {
    const request = await ownRequest(work, asked)
    if (request === undefined) return absent(asked)
    const state = stateNow(request, parts.now())
    if (state === 'released') return accept(request)
    if (state !== 'ready') return refuse('REQUEST-STATE', `the request is ${state}`)
    const epoch = await openEpoch(work, parts.state, await epochRow(work, asked.keyId, request.epoch))
    const approved = (await answersOf(work, request)).filter(({ decision }) => decision === 'approved')
    const ciphertexts = ciphertextsOf(request)
    const combined = await combineAnswers(parts.state, request, epoch, ciphertexts, approved)
    if (!combined.ok) return combined
    const { types, values, verified, cheaters, claim } = combined.value
    const results = values.map((value, at) => ({ type: types[at] ?? '', value: String(value) }))
    const plain = encodeCanonical({ results, verified, cheaters: [...cheaters], claim })
    const released = await work
      .updateTable('decrypt_request')
      .set({
        state: 'released',
        result: Buffer.from(await sealTo([parts.combiner], plain)),
        released_at: parts.now(),
        verified,
        claim,
        cheaters: JSON.stringify(cheaters),
      })
      .where('fhe_key_id', '=', asked.keyId)
      .where('request_id', '=', asked.requestId)
      .returningAll()
      .executeTakeFirstOrThrow()
    plain.fill(0)
    return accept(released)
  })
}

/** The values, to the identity that asked, once: the request is closed and they are gone. Refuses REQUEST-ABSENT, REQUEST-STATE. */
export async function readResult(parts: ThresholdParts, asked: Asked): Promise<Outcome<DecryptedValues>> {
  return parts.database.transaction().execute(async (work) => {
    const request = await ownRequest(work, asked)
    if (request === undefined) return absent(asked)
    const state = stateNow(request, parts.now())
    if (state !== 'released' || request.result === null)
      return refuse('REQUEST-STATE', `the request is ${state}`)
    const plain = await openWith(await combinerIdentity(parts.state), request.result)
    await close(work, asked)
    // Written by `releaseResult` alone.
    const values = JSON.parse(fromUtf8(plain)) as DecryptedValues
    plain.fill(0)
    return accept(values)
  })
}

/**
 * Writes down what the clock did, takes values away that nobody read within their hour, and removes ciphertexts that nobody needs any more:
 * each once the log has it. Refuses CLOCK-MOVED: none of it can be taken back.
 */
export async function keepTime(
  { database, state: folder }: Pick<ThresholdParts, 'database' | 'state'>,
  clock: Clock,
  record: Record,
): Promise<Outcome<null>> {
  const trusted = await clock.trusted()
  if (!trusted.ok) return trusted
  const at = trusted.value
  const read = new Date(at.getTime() - resultLives)
  const due = await database
    .selectFrom('decrypt_request')
    .innerJoin('fhe_key', 'fhe_key.id', 'decrypt_request.fhe_key_id')
    .select(['fhe_key_id as keyId', 'request_id as requestId', 'organisation_id as organisation'])
    .select('decrypt_request.epoch')
    .where(({ or, and, eb }) =>
      or([
        and([eb('state', 'in', ['open', 'ready']), eb('expires_at', '<=', at)]),
        and([eb('state', '=', 'released'), eb('released_at', '<=', read)]),
      ]),
    )
    .orderBy('decrypt_request.created_at')
    .limit(1000)
    .execute()
  for (const { keyId, requestId, organisation, epoch } of due)
    await database.transaction().execute(async (work) => {
      const asked = { keyId, requestId }
      const request = await work
        .selectFrom('decrypt_request')
        .select(['state', 'expires_at', 'released_at'])
        .where('fhe_key_id', '=', keyId)
        .where('request_id', '=', requestId)
        .forUpdate()
        .executeTakeFirstOrThrow()
      const state = stateNow(request, at)
      if (state === request.state) return
      const call = ownCall()
      const expires = state === 'expired'
      await record(call, expires ? 'threshold.expire' : 'threshold.drop-result', async (subject) => {
        Object.assign(subject, {
          organisation,
          key: keyId,
          version: Number(epoch),
          input: [utf8(requestId)],
        })
        await close(work, asked, state)
        return accept(null)
      })
    })
  await removeCiphertexts(database, folder, { at, record })
  await forgetCutOff(folder.incoming, at)
  return accept(null)
}

async function close(
  work: Work,
  { keyId, requestId }: Pick<Asked, 'keyId' | 'requestId'>,
  state: StoredRequest['state'] = 'closed',
): Promise<void> {
  await work
    .updateTable('decrypt_request')
    .set({ state, result: null, ...(state === 'expired' ? { reserved: 0 } : {}) })
    .where('fhe_key_id', '=', keyId)
    .where('request_id', '=', requestId)
    .execute()
}

function ownRequest(work: Work, { keyId, requestId, identity }: Asked): Promise<StoredRequest | undefined> {
  return work
    .selectFrom('decrypt_request')
    .selectAll()
    .where('fhe_key_id', '=', keyId)
    .where('request_id', '=', requestId)
    .where('identity_id', '=', identity)
    .forUpdate()
    .executeTakeFirst()
}

function absent({ requestId }: Asked) {
  return refuse('REQUEST-ABSENT', `there is no request ${requestId} of yours`)
}
