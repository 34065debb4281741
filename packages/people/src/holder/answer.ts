import type { Policy } from '@lux/ceremony/policy'
import {
  askedCiphertexts,
  askedDigests,
  blocksOf,
  type CheckedRequest,
  canaryFault,
  checkDecryptionRequest,
  checkHolderAnswer,
  checkRequestCiphertexts,
  type HolderAnswer,
  holderAnswerCodec,
  provenanceCodec,
  type RequestPackage,
  requestDigest,
  requestPackageCodec,
} from '@lux/ceremony/wire'
import { fromHex, identityId, sealTo, sha256Hex, toHex, wipe } from '@lux/crypto'
import {
  type Authorities,
  type BlocksDone,
  CANARY_PROGRAM,
  type CanaryPartial,
  fheCanaryPartial,
  fhePartialDecrypt,
  type PartialDecryption,
  type ShareEnvelope,
} from '@lux/crypto/fhe'
import { checked, checkedLater, need, no, type Outcome } from '../outcome.ts'
import type { Line, Told } from '../told.ts'
import { wordsOf } from '../words.ts'
import { allowedBy, blocksLeft, policyBudgets } from './budgets.ts'
import { canaryNoiseLines, describeRequest, type Noise, noiseLines } from './describe.ts'
import { stillApproving, stillNamed } from './newer-policies.ts'
import { checkDealtUnder } from './policy.ts'
import type { OpenedShare } from './share-file.ts'
import { encodeState, type HolderState } from './state.ts'

export const maxRequest = 16 << 20

/** Reads a request with its signatures and provenance. Refuses REQUEST-MALFORMED. */
export function readRequest(bytes: Uint8Array): Outcome<RequestPackage> {
  return checked(() => need(requestPackageCodec.parse(bytes), 'request'), 'request')
}

export type Asked = {
  readonly request: RequestPackage
  /** In the order of the request. Read twice; one is in memory at a time where each is read when it is asked for. */
  readonly ciphertexts: Iterable<Uint8Array>
  /** The policy under which the share was dealt, as its holder took it by hand. */
  readonly policy: Policy
  /** Its later versions that the holder took by hand. Whoever they no longer name gets no answer and approves nothing. */
  readonly newer?: readonly Policy[]
  /** ISO-8601 UTC. */
  readonly now: string
  readonly told?: BlocksDone
}

/** An answer that passed every check and waits for its holder's yes. It holds a part of the plaintext: seal it or discard it. */
export type PreparedAnswer = {
  readonly kind: 'decryption' | 'canary'
  /** Digest of the request, hex. Its words are compared aloud. */
  readonly digest: string
  readonly words: readonly string[]
  readonly lines: readonly Line[]
  /** How well the answer hides the share, and the same as sentences. */
  readonly noise: Noise
  readonly noiseLines: readonly Told[]
  /** Blocks that the answer spends, and blocks left after it. */
  readonly spends: number
  readonly left: HolderState['spent']
  /** The holder's state once it is given. */
  readonly after: HolderState
  readonly opened: Pick<OpenedShare, 'key' | 'envelope'>
  readonly request: RequestPackage
  readonly partial: Uint8Array
}

/** `state` has to be on disk before `answer` leaves. A crash in between costs blocks, never the key. */
export type SignedDecision = {
  /** The share's new record. */
  readonly state: Uint8Array
  /** The signed document. */
  readonly answer: Uint8Array
  readonly said: HolderAnswer
}

/** `sealed`: the part of the plaintext, readable only by the request's combiner. It leaves with `answer`. */
export type SealedAnswer = SignedDecision & { readonly sealed: Uint8Array }

/**
 * Checks a request and everything behind it, and computes the answer. A share that is not live answers its canary and nothing else:
 * adr/0013. Nothing leaves yet. Refuses HOLDER-POLICY, FHE-AUTHORITIES-OTHER, HOLDER-LEAVING, REQUEST-…, PROVENANCE-…, FHE-…, of a
 * share that is not live HOLDER-UNPROVEN, HOLDER-CANARY.
 */
export function prepareAnswer(opened: OpenedShare, asked: Asked): Outcome<PreparedAnswer> {
  return checked(() => {
    need(checkDealtUnder(opened, asked.policy))
    const { leaving, live } = opened.before
    if (leaving !== null)
      no('HOLDER-LEAVING', `you approved that its epoch is left, in the run of the opening ${leaving}`)
    const named = stillNamed(opened.envelope.authorities, asked.newer ?? [])
    return live ? ofRequest(opened, asked, named) : ofCanary(opened, asked, named)
  })
}

function ofRequest(
  opened: OpenedShare,
  { request: given, ciphertexts, policy, newer = [], now, told }: Asked,
  named: Authorities,
): PreparedAnswer {
  const { key, held, envelope, before } = opened
  const request = given.request.payload
  const { header, budgets } = envelope.share
  const width = request.mode === 'F' ? 'at64' : 'at128'
  const answered = answeredBefore(given, before)
  const agreed = need(policyBudgets(envelope, held.pub, policy))
  const checkedRequest = need(
    checkDecryptionRequest(given, {
      ...factsOf(envelope, named, before, now),
      mode: request.mode === 'F' && budgets.at64 > 0 ? 'F' : 'S',
      approvers: stillApproving(policy, newer),
      left: budgets[width] - before.spent[width],
      fresh: freshBlocks(given, answered),
    }),
    'request',
  )
  const requester = need(requesterOf(given, checkedRequest, policy))
  const partial = need(
    fhePartialDecrypt({
      share: envelope.shareBytes,
      pub: held.pub,
      ciphertexts,
      authority: authorityOf(given, checkedRequest.digest, opened, named),
      answered,
      spent: before.spent,
      carrying: policy.fhe.carrying ?? 'never',
      floors: { block: policy.fhe.blockFloorBits, life: policy.fhe.floorBits },
      allowed: allowedBy(policy),
      expected: {
        holder: header.holder,
        policyHash: fromHex(held.policyDigest, 32),
        ...(agreed === null ? {} : { budgets: agreed }),
      },
      ...(told === undefined ? {} : { told }),
    }),
  )
  mustBeAsked(given, partial)
  const spent = { ...before.spent, [width]: before.spent[width] + partial.spends }
  const after: HolderState = {
    ...before,
    spent,
    answered: [...new Set([...before.answered, ...askedDigests(request)])],
    taken: [...before.taken, request.requestId],
  }
  return {
    kind: 'decryption',
    ...toRead(given, checkedRequest, requester, policy),
    noise: noiseOf(partial),
    noiseLines: noiseLines(partial, header.epoch, policy.fhe.floorBits),
    spends: partial.spends,
    left: blocksLeft(envelope, spent),
    after,
    opened: { key, envelope },
    request: given,
    partial: partial.partial,
  }
}

/** The only answer of a share whose epoch is not live yet. */
function ofCanary(
  opened: OpenedShare,
  { request: given, ciphertexts, policy, now }: Asked,
  named: Authorities,
): PreparedAnswer {
  const { key, held, envelope, before } = opened
  const request = given.request.payload
  const { header } = envelope.share
  if (given.provenance.some(({ payload }) => payload.program !== CANARY_PROGRAM))
    no('HOLDER-UNPROVEN', `epoch ${header.epoch} is not live, and this is not its canary`)
  if (before.canary)
    no(
      'HOLDER-CANARY',
      `this share has answered the canary of epoch ${header.epoch}, or counts as having done so since it was received as lost`,
    )
  const checkedRequest = need(
    checkDecryptionRequest(given, {
      ...factsOf(envelope, named, before, now),
      // A canary is outside the budget, so a spent budget does not decide the mode.
      mode: request.mode,
      approvers: { role: 'approver', members: [], quorum: 0 },
      left: null,
    }),
    'request',
  )
  const size = canaryFault(request)
  if (size !== null) no('REQUEST-CANARY', size, 'request')
  const requester = need(requesterOf(given, checkedRequest, policy))
  const partial = need(
    fheCanaryPartial({
      share: envelope.shareBytes,
      pub: held.pub,
      // At most 256 blocks: `canaryFault`.
      ciphertexts: [...ciphertexts],
      authority: authorityOf(given, checkedRequest.digest, opened, named),
      carrying: policy.fhe.carrying ?? 'never',
      allowed: allowedBy(policy),
      expected: { holder: header.holder, policyHash: fromHex(held.policyDigest, 32) },
    }),
  )
  mustBeAsked(given, partial)
  return {
    kind: 'canary',
    // Nobody approves a canary. All other checks apply.
    ...toRead(given, checkedRequest, requester, policy),
    noise: noiseOf(partial),
    noiseLines: canaryNoiseLines(partial, header.epoch, policy.fhe.floorBits),
    spends: 0,
    left: blocksLeft(envelope, before.spent),
    after: { ...before, canary: true, taken: [...before.taken, request.requestId] },
    opened: { key, envelope },
    request: given,
    partial: partial.partial,
  }
}

/**
 * After the yes, at `now`, ISO-8601 UTC: seals the part to the combiner and signs the answer. Wipes what was prepared. Refuses
 * REQUEST-EXPIRED where the holder thought about it for too long, SEAL-RECIPIENT.
 */
export function sealAnswer(prepared: PreparedAnswer, now: string): Promise<Outcome<SealedAnswer>> {
  return checkedLater(async () => {
    const { opened, request, partial, after, spends, left } = prepared
    try {
      const { expiry } = request.request.payload
      if (expiry <= now) no('REQUEST-EXPIRED', `it expired at ${expiry}`, 'request')
      const sealed = await sealTo([request.request.payload.combiner], partial)
      const said: HolderAnswer = {
        ...answerOf(request, opened.envelope, now),
        decision: 'approved',
        reason: '',
        sealed: sha256Hex(sealed),
        spent: spends,
        left,
      }
      return { state: encodeState(after, opened), answer: signedAnswer(said, opened), said, sealed }
    } finally {
      discardAnswer(prepared)
    }
  })
}

/** Wipes an answer that its holder declined. Nothing is counted. */
export function discardAnswer({ partial }: PreparedAnswer): void {
  wipe(partial)
}

/**
 * A refusal with a reason, signed; the request cannot be approved afterwards. Refuses REQUEST-REPLAYED, and ANSWER-MALFORMED for a
 * reason that is no plain text.
 */
export function refuseRequest(
  { key, envelope, before }: Pick<OpenedShare, 'key' | 'envelope' | 'before'>,
  { request, reason, now }: { request: RequestPackage; reason: string; now: string },
): Outcome<SignedDecision> {
  return checked(() => {
    const { requestId } = request.request.payload
    if (before.taken.includes(requestId))
      no('REQUEST-REPLAYED', `the request ${requestId} was decided before`, 'request')
    const said: HolderAnswer = {
      ...answerOf(request, envelope, now),
      decision: 'refused',
      reason,
      sealed: null,
      spent: 0,
      left: blocksLeft(envelope, before.spent),
    }
    need(holderAnswerCodec.payload.check(said))
    const after: HolderState = { ...before, taken: [...before.taken, requestId] }
    const opened = { key, envelope }
    return { state: encodeState(after, opened), answer: signedAnswer(said, opened), said }
  })
}

/** An answer that left before. `sealed` is null for a refusal. */
export type GivenAnswer = { readonly answer: Uint8Array; readonly sealed: Uint8Array | null }

/** Refusals that mean that this share may have answered before. Such an answer can be given again. */
export const decidedBefore: ReadonlySet<string> = new Set(['REQUEST-REPLAYED', 'HOLDER-CANARY'])

/** Checks that an answer is this holder's, to this very request, and returns what it says. Refuses ANSWER-…, as `checkHolderAnswer`. */
export function checkGivenAnswer(
  { key, envelope: { name, share } }: Pick<OpenedShare, 'key' | 'envelope'>,
  { request: { payload } }: RequestPackage,
  { answer, sealed }: GivenAnswer,
): Outcome<HolderAnswer> {
  return checked(() => {
    const { domain, holder } = share.header
    const document = need(holderAnswerCodec.file.parse(answer))
    const holders = Array.from({ length: holder }, () => ({ name, keys: key.identity.keys }))
    need(
      checkHolderAnswer(document, sealed, {
        domain,
        digest: requestDigest(payload),
        request: payload,
        holders,
      }),
    )
    if (document.payload.holder !== holder) no('ANSWER-HOLDER', `holder ${document.payload.holder} gave it`)
    return document.payload
  })
}

/** The members that approvals and refusals share. */
function answerOf(given: RequestPackage, { name, share: { header } }: ShareEnvelope, time: string) {
  return {
    v: 1,
    kind: 'holder-answer',
    domain: header.domain,
    request: requestDigest(given.request.payload),
    keyId: toHex(header.keyId),
    epochId: toHex(header.epochId),
    holder: header.holder,
    name,
    time,
  } as const
}

function signedAnswer(said: HolderAnswer, { key }: Pick<OpenedShare, 'key'>): Uint8Array {
  const signature = holderAnswerCodec.sign(key.identity, said, said.domain)
  return holderAnswerCodec.file.encode({ payload: said, signatures: [signature] })
}

/** The facts that a request is checked against. All come from the share, none from the request. */
function factsOf(
  { share: { header } }: ShareEnvelope,
  authorities: Authorities,
  before: HolderState,
  now: string,
) {
  return {
    domain: header.domain,
    keyId: toHex(header.keyId),
    epochId: toHex(header.epochId),
    authorities,
    now,
    taken: new Set(before.taken),
  }
}

function authorityOf(given: RequestPackage, digest: string, { key }: OpenedShare, authorities: Authorities) {
  return {
    authorities,
    provenance: given.provenance.map((document) => provenanceCodec.file.encode(document)),
    requestDigest: fromHex(digest, 32),
    identity: key.identity,
  }
}

/** Ciphertexts that this share answered in this epoch: those of its record, and all of a batch that was answered as a whole. */
function answeredBefore(given: RequestPackage, { answered }: HolderState): ReadonlySet<string> {
  const names = new Set(answered)
  const { payload } = given.request
  const batches = payload.v === 1 ? [] : payload.batches
  return new Set([
    ...answered,
    ...batches.flatMap(({ digest }, at) => (names.has(digest) ? (given.batches?.[at] ?? []) : [])),
  ])
}

/** How many blocks were not answered in this epoch yet, by the types that are asked for. The part that is computed has just those. */
function freshBlocks(given: RequestPackage, answered: ReadonlySet<string>): number {
  const { mode } = given.request.payload
  return askedCiphertexts(given).reduce(
    (sum, { digest, type }) => (answered.has(digest) ? sum : sum + blocksOf(type, mode)),
    0,
  )
}

/** Checks that the decrypted ciphertexts are those that the request names, in order. Wipes the part otherwise. */
function mustBeAsked(given: RequestPackage, { digests, partial }: PartialDecryption | CanaryPartial): void {
  const same = checkRequestCiphertexts(given, digests)
  if (!same.ok) wipe(partial)
  need(same, 'ciphertext')
}

function noiseOf({ source, blockBits, floorBits, belowFloor, lifeBits }: Noise): Noise {
  return { source, blockBits, floorBits, belowFloor, lifeBits }
}

function toRead(
  given: RequestPackage,
  { digest, approvedBy }: CheckedRequest,
  requester: string,
  { combiners }: Policy,
) {
  const combiner = combiners.find(({ recipient }) => recipient === given.request.payload.combiner)
  const lines = describeRequest(given, approvedBy, { combiner: combiner?.name ?? null, requester })
  return { digest, words: wordsOf(digest), lines }
}

/** The requester's name, by the policy and by the request. Refuses REQUEST-REQUESTER where they differ: nobody asks in another's name. */
function requesterOf(
  { request: { payload } }: RequestPackage,
  { askedBy }: CheckedRequest,
  { requesters }: Policy,
): Outcome<string> {
  return checked(() => {
    const names = requesters.flatMap(({ name, keys }) => (askedBy.includes(identityId(keys)) ? name : []))
    return names.includes(payload.requester)
      ? payload.requester
      : no('REQUEST-REQUESTER', `it is by ${payload.requester}, and signed by ${names.join(', ')}`, 'request')
  })
}
