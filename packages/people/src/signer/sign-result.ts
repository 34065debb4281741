import {
  type AskedOfHolders,
  checkHolderAnswer,
  type DecryptionRequest,
  type DecryptionResult,
  decryptionResultCodec,
  holderAnswerCodec,
  type Provenance,
  type RequestPackage,
  requestDigest,
} from '@lux/ceremony/wire'
import { encodeCanonical, fromHex, openWith, sha256Hex } from '@lux/crypto'
import {
  CANARY_PROGRAM,
  type FheValue,
  fheThresholdDecrypt,
  type KnownCiphertext,
  type ThresholdDecryption,
} from '@lux/crypto/fhe'
import { checked, checkedLater, need, no, type Outcome } from '../outcome.ts'
import type { PersonKey } from '../person-key.ts'
import { checkSigner } from './sign.ts'

/** Of an answer or the part beside it: one to 10,000 results has 1.3 MB at most. */
export const maxHolderAnswer = 2 << 20

/** A holder's yes, with its part opened by the combiner's identity. */
export type OpenedAnswer = {
  readonly holder: number
  /** Digest of the signed answer. */
  readonly digest: string
  readonly partial: Uint8Array
}

/** The result of a request's answers, before its requester signs it. */
export type ReadResult = {
  readonly request: DecryptionRequest
  readonly digest: string
  readonly answers: readonly OpenedAnswer[]
  readonly values: readonly FheValue[]
  /** A sentence about the values, or why there are none. */
  readonly claim: string
  readonly outcome: DecryptionResult['outcome']
  readonly verified: number
  readonly cheaters: readonly number[]
  /** Whether it equals what was encrypted and all answers agree. Null where nobody knows what was encrypted. */
  readonly proved: boolean | null
}

type SignedResult = { readonly said: DecryptionResult; readonly bytes: Uint8Array }

/** Refusals that are a result of their own, although no value came out. Any other refusal means a wrong file. */
const noValue: ReadonlySet<string> = new Set([
  'FHE-INCONSISTENT',
  'FHE-PADDING',
  'FHE-BOOL-RANGE',
  'FHE-NOISE',
])

/** Whether a request is for a canary, by its provenance. */
export function asksCanary({
  provenance,
}: {
  readonly provenance: readonly { payload: Provenance }[]
}): boolean {
  return provenance.every(({ payload }) => payload.program === CANARY_PROGRAM)
}

/**
 * Reads a holder's yes to this request, and opens the part in the file beside it. Refuses ANSWER-MALFORMED, ANSWER-01, ANSWER-HOLDER,
 * ANSWER-SIGNATURE, REQUEST-EXPIRED, ANSWER-02, ANSWER-SEAL, SEAL-….
 */
export function openHolderAnswer(
  { request: { payload: request } }: Pick<RequestPackage, 'request'>,
  holders: AskedOfHolders['holders'],
  given: { readonly answer: Uint8Array; readonly sealed: Uint8Array },
  identity: string,
): Promise<Outcome<OpenedAnswer>> {
  return checkedLater(async () => {
    const { domain } = request
    const document = need(holderAnswerCodec.file.parse(given.answer))
    const { payload: said } = document
    if (said.decision !== 'approved') no('ANSWER-01', `${said.name} said no`, 'answer')
    const asked = { domain, digest: requestDigest(request), request, holders }
    need(checkHolderAnswer(document, given.sealed, asked), 'answer')
    const partial = await openWith(identity, given.sealed)
    return { holder: said.holder, digest: holderAnswerCodec.payload.digest(said), partial }
  }, 'answer')
}

export type Combining = {
  readonly request: Pick<RequestPackage, 'request' | 'provenance'>
  readonly pub: Uint8Array
  /** In the order of the request. */
  readonly ciphertexts: Iterable<Uint8Array | KnownCiphertext>
  /** The epoch's holders: holder i at i-1. */
  readonly holders: AskedOfHolders['holders']
  readonly answers: readonly OpenedAnswer[]
  /** The value that each ciphertext was made from. Null where nobody knows. */
  readonly known: readonly FheValue[] | null
}

/**
 * Combines the answers. A run trusts the result that a canary's value was compared, so a canary needs its known values. Refuses
 * RESULT-CANARY, and FHE-… for answers that cannot be read at all.
 */
export function combineAnswers(given: Combining): Outcome<ReadResult> {
  return checked(() => {
    const { request: asked, pub, ciphertexts, holders, known } = given
    if (asksCanary(asked) && known === null)
      no('RESULT-CANARY', 'what the canary was encrypted from is not said', 'request')
    const request = asked.request.payload
    const digest = requestDigest(request)
    const answers = given.answers.toSorted((a, b) => a.holder - b.holder)
    const combined = fheThresholdDecrypt({
      pub,
      ciphertexts,
      partials: answers.map(({ partial }) => partial),
      requestDigest: fromHex(digest, 32),
      holders: holders.map(({ keys }) => keys),
    })
    if (!combined.ok && !noValue.has(combined.rule)) need(combined)
    const read = { request, digest, answers }
    if (!combined.ok)
      return { ...read, ...nothing, claim: combined.detail, proved: known === null ? null : false }
    return { ...read, ...cameOut(combined.value, known) }
  })
}

const nothing = { values: [], outcome: 'inconsistent', verified: 0, cheaters: [] } as const

function cameOut(
  { values, claim, verified, cheaters }: ThresholdDecryption,
  known: readonly FheValue[] | null,
) {
  const right = known === null || sameValues(values, known)
  // All answers to a canary must agree. A corrected value proves nothing about the shares.
  const proved = known === null ? null : right && cheaters.length === 0
  return right
    ? { values, claim, outcome: 'combined' as const, verified, cheaters: [...cheaters], proved }
    : { ...nothing, values, claim, proved }
}

/**
 * The result, signed by its requester. It commits to the values under `salt` without holding them. `salt`: 16 bytes that stay with the
 * requester. Refuses REQUEST-ROLE, REQUEST-DOMAIN.
 */
export function signResult(
  read: ReadResult,
  key: PersonKey,
  { now, salt }: { readonly now: string; readonly salt: Uint8Array },
): Outcome<SignedResult> {
  return checked(() => {
    const { request, digest, answers, values, outcome, verified, cheaters } = read
    need(checkResultSigner(request, key))
    const said: DecryptionResult = {
      v: 1,
      kind: 'decryption-result',
      domain: request.domain,
      request: digest,
      answers: answers.map((one) => one.digest),
      outcome,
      verified,
      cheaters: [...cheaters],
      commitment: outcome === 'combined' ? sha256Hex(salt, encodeCanonical(values.map(String))) : null,
      time: now,
    }
    const signature = decryptionResultCodec.sign(key.identity, said, said.domain)
    return { said, bytes: decryptionResultCodec.file.encode({ payload: said, signatures: [signature] }) }
  })
}

/** Checks that a key is the requester's. Refuses REQUEST-ROLE, REQUEST-DOMAIN. */
function checkResultSigner(
  request: Pick<DecryptionRequest, 'requester' | 'domain'>,
  key: PersonKey,
): Outcome<null> {
  return checked(() => {
    const { kind, name } = key.card
    if (kind !== 'requester' || name !== request.requester)
      no('REQUEST-ROLE', `the request is by ${request.requester}, the key of ${name}, ${kind}`, 'key')
    return need(checkSigner({ kind, request }, key))
  })
}

function sameValues(values: readonly FheValue[], known: readonly FheValue[]): boolean {
  return values.length === known.length && values.every((value, at) => value === known[at])
}
