import {
  askedCiphertexts,
  checkDecryptionRequest,
  checkRequestCiphertexts,
  provenanceCodec,
  type RequestPackage,
  requestDigest,
  requestPackageCodec,
} from '@lux/ceremony/wire'
import { fromUtf8, toHex } from '@lux/crypto'
import { checkCarrying, checkProvenance, type SeenCiphertext, seeCiphertext } from '@lux/crypto/fhe'
import type { Selectable } from 'kysely'
import type { SealedDatabase, Work } from '../platform/database/authority/authority.ts'
import type { DecryptRequestTable, RequestState } from '../platform/database/tables.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { budgetOfKey, freshBlocks } from './budget.ts'
import { readKept } from './ciphertexts.ts'
import {
  epochRow,
  type OpenedEpoch,
  openEpoch,
  type StoredEpoch,
  type StoredFheKey,
  termsOfEpoch,
} from './keys.ts'

export type StoredRequest = Selectable<DecryptRequestTable>

/** What the desk works with: the card's combiner recipient is the only one that it can open answers for. */
export type ThresholdParts = {
  readonly database: SealedDatabase
  readonly state: StateFolder
  readonly domain: 'production' | 'rehearsal'
  readonly combiner: string
  now(): Date
}

/** Each of its ciphertexts is read and hashed when it is opened: ten thousand results of 8 bits, or 1250 of 64. */
const maxRequestBytes = 1400 << 20
const thirtyDays = 30 * 24 * 3_600_000

/**
 * Opens a request that was signed, vouched for and approved elsewhere. The same package by the same identity gives the request
 * that is here. Refuses by the rules of `checkDecryptionRequest`, of the library's `checkProvenance` and `checkCarrying`;
 * REQUEST-COMBINER another combiner than this server; REQUEST-EXPIRY-FAR; REQUEST-CIPHERTEXT one that was not uploaded or is
 * not the one asked for; REQUEST-TOO-LARGE.
 */
export async function openRequest(
  parts: ThresholdParts,
  key: StoredFheKey,
  given: RequestPackage,
  identity: string,
): Promise<Outcome<StoredRequest>> {
  const { payload } = given.request
  const digest = requestDigest(payload)
  const text = fromUtf8(requestPackageCodec.encode(given))
  return parts.database.change(async (work) => {
    // One at a time for a key, so that two requests cannot reserve the same blocks.
    await work.selectFrom('fhe_key').select('id').where('id', '=', key.id).forUpdate().execute()
    const before = await findRequest(work, key.id, payload.requestId)
    if (before?.identity_id === identity && before.digest === digest && before.package === text)
      return accept(before)
    const row = await epochRow(work, key.id, Number(key.epoch))
    const epoch = await openEpoch(work, parts.state, row)
    const checked = await judgeRequest(parts, work, key, epoch, given)
    if (!checked.ok) return checked
    await work
      .insertInto('fhe_taken_request')
      .values({ fhe_key_id: key.id, request_id: payload.requestId })
      .execute()
    const opened = await work
      .insertInto('decrypt_request')
      .values({
        fhe_key_id: key.id,
        request_id: payload.requestId,
        digest,
        epoch: row.epoch,
        state: 'open',
        package: text,
        identity_id: identity,
        width: key.mode === 'S' ? 128 : 64,
        reserved: checked.value,
        expires_at: payload.expiry,
        verified: null,
        claim: null,
        cheaters: null,
        trouble: null,
        result: null,
        released_at: null,
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    return accept(opened)
  })
}

/** Refuses REQUEST-TOO-LARGE. */
export function checkRequestSize(files: readonly { readonly size: number }[]): Outcome<null> {
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  return bytes > maxRequestBytes
    ? refuse('REQUEST-TOO-LARGE', `its ciphertexts have ${bytes} bytes, at most ${maxRequestBytes}`)
    : accept(null)
}

/** Gives the blocks to reserve. */
async function judgeRequest(
  { state, domain, combiner, now }: ThresholdParts,
  work: Work,
  key: StoredFheKey,
  epoch: OpenedEpoch,
  given: RequestPackage,
): Promise<Outcome<number>> {
  const { payload } = given.request
  const asked = askedCiphertexts(given)
  const at = now()
  const taken = await work
    .selectFrom('fhe_taken_request')
    .select('request_id')
    .where('fhe_key_id', '=', key.id)
    .where('request_id', '=', payload.requestId)
    .execute()
  const kept = await work
    .selectFrom('fhe_ciphertext')
    .select(['digest', 'sha256', 'size', 'blocks'])
    .where('fhe_key_id', '=', key.id)
    .where('removed_at', 'is', null)
    .where(
      'digest',
      'in',
      asked.map((one) => one.digest),
    )
    .execute()
  const { policy, authorities, approvers } = await termsOfEpoch(state, epoch.row)
  const policyOf = async (row: StoredEpoch) => (await termsOfEpoch(state, row)).policy
  const budget = await budgetOfKey(work, key, epoch, { policyOf, now: at })
  const checked = checkDecryptionRequest(given, {
    domain,
    keyId: key.id,
    epochId: epoch.row.epoch_id,
    mode: key.mode === 'S' ? 'S' : 'F',
    authorities,
    approvers,
    now: at.toISOString(),
    taken: new Set(taken.map(({ request_id }) => request_id)),
    left: Math.max(0, budget.total - budget.spent - budget.reserved),
    fresh: await freshBlocks(work, key.id, epoch.row.epoch_id, kept),
  })
  if (!checked.ok) return checked
  if (payload.combiner !== combiner)
    return refuse('REQUEST-COMBINER', 'the answers would go to another combiner than this server')
  if (Date.parse(payload.expiry) - at.getTime() > thirtyDays)
    return refuse('REQUEST-EXPIRY-FAR', 'a request is open for 30 days at most')
  const size = checkRequestSize(kept)
  if (!size.ok) return size
  const seen: SeenCiphertext[] = []
  const byDigest = new Map(kept.map((one) => [one.digest, one]))
  for (const { digest } of asked) {
    const file = byDigest.get(digest)
    if (file === undefined)
      return refuse('REQUEST-CIPHERTEXT', `the ciphertext ${digest} is not kept: upload it`)
    seen.push(seeCiphertext(await readKept(state, file.sha256)))
  }
  const vouched = judgeCiphertexts(given, seen, {
    domain,
    epoch,
    authorities,
    carrying: policy.fhe.carrying,
  })
  return vouched.ok ? accept(checked.value.spends) : vouched
}

/** With the ciphertexts themselves: each is the one asked for, somebody whom the policy names vouches for it, and it is as carried. */
function judgeCiphertexts(
  given: RequestPackage,
  ciphertexts: readonly SeenCiphertext[],
  {
    domain,
    epoch,
    authorities,
    carrying = 'never',
  }: {
    domain: ThresholdParts['domain']
    epoch: OpenedEpoch
    authorities: Awaited<ReturnType<typeof termsOfEpoch>>['authorities']
    carrying: 'always' | 'never' | undefined
  },
): Outcome<null> {
  const same = checkRequestCiphertexts(
    given,
    ciphertexts.map(({ digest }) => toHex(digest)),
  )
  if (!same.ok) return same
  const documents = given.provenance.map((document) => provenanceCodec.file.encode(document))
  const { keyId } = epoch.parsed.header
  const vouched = checkProvenance(documents, { domain, keyId, authorities, ciphertexts })
  return vouched.ok ? checkCarrying(ciphertexts, carrying) : vouched
}

export function findRequest(
  work: Pick<Work, 'selectFrom'>,
  keyId: string,
  requestId: string,
): Promise<StoredRequest | undefined> {
  return work
    .selectFrom('decrypt_request')
    .selectAll()
    .where('fhe_key_id', '=', keyId)
    .where('request_id', '=', requestId)
    .executeTakeFirst()
}

/** A result that nobody has read is gone after this. */
export const resultLives = 3_600_000

type Clocked = {
  readonly state: RequestState
  readonly expires_at: Date
  readonly released_at: Date | null
}

/**
 * Where the clock alone has brought a request: `open` and `ready` expire, and a released result that was not read within an
 * hour is closed.
 */
export function stateNow({ state, expires_at, released_at }: Clocked, now: Date): RequestState {
  if (state === 'open' || state === 'ready') return expires_at <= now ? 'expired' : state
  if (state === 'released' && released_at !== null)
    return released_at.getTime() + resultLives <= now.getTime() ? 'closed' : state
  return state
}

/**
 * Where the answers bring an open request: `refused` once too few holders are left to reach t, `ready` once what they gave
 * combines, and `open` again where a further answer disagrees.
 */
export function stateAfterAnswer(
  { t, n }: { readonly t: number; readonly n: number },
  { refusals, combined }: { readonly refusals: number; readonly combined: boolean },
): 'open' | 'ready' | 'refused' {
  if (combined) return 'ready'
  return refusals >= n - t + 1 ? 'refused' : 'open'
}
