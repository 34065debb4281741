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
import { CANARY_PROGRAM, type FheValue, fheThresholdDecrypt, type ThresholdDecryption } from '@lux/crypto/fhe'
import { checked, checkedLater, need, no, type Outcome } from '../outcome.ts'
import type { PersonKey } from '../person-key.ts'
import { checkSigner } from './sign.ts'

export const maxHolderAnswer = 1 << 20

/** A yes whose part was opened with the combiner's identity. */
export type OpenedAnswer = {
  readonly holder: number
  /** Of the signed answer. */
  readonly digest: string
  readonly partial: Uint8Array
}

/** What came of the answers to a request, and waits for its requester's signature. */
export type ReadResult = {
  readonly request: DecryptionRequest
  readonly digest: string
  readonly answers: readonly OpenedAnswer[]
  readonly values: readonly FheValue[]
  /** What is claimed of the values, or why there are none: a sentence. */
  readonly claim: string
  readonly outcome: DecryptionResult['outcome']
  readonly verified: number
  readonly cheaters: readonly number[]
  /** Whether it is what was encrypted, and every answer agrees; null where nobody knows what was. */
  readonly proved: boolean | null
}

type SignedResult = { readonly said: DecryptionResult; readonly bytes: Uint8Array }

/** What comes of answers to these very ciphertexts is a result, also where it is no value; anything else is a wrong file. */
const noValue: ReadonlySet<string> = new Set([
  'FHE-INCONSISTENT',
  'FHE-PADDING',
  'FHE-BOOL-RANGE',
  'FHE-NOISE',
])

/** Whether a request is for a canary, which is what its provenance calls so. */
export function asksCanary({
  provenance,
}: {
  readonly provenance: readonly { payload: Provenance }[]
}): boolean {
  return provenance.every(({ payload }) => payload.program === CANARY_PROGRAM)
}

/**
 * A holder's yes to this request, and the part in the file beside it. Refuses ANSWER-MALFORMED, ANSWER-01, ANSWER-HOLDER, ANSWER-SIGNATURE,
 * REQUEST-EXPIRED, ANSWER-02, ANSWER-SEAL, SEAL-….
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
  readonly ciphertexts: readonly Uint8Array[]
  /** Of the epoch: holder i at i-1. */
  readonly holders: AskedOfHolders['holders']
  readonly answers: readonly OpenedAnswer[]
  /** What each ciphertext was encrypted from; null where that is not known. */
  readonly known: readonly FheValue[] | null
}

/**
 * Puts the answers together. The run takes a result's word for it that a canary's value was compared, so that none is read without
 * what is known of it. Refuses RESULT-CANARY, and FHE-… of answers that cannot be read at all.
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
  // All of a canary's answers have to agree: a value that was corrected is no proof of the shares.
  const proved = known === null ? null : right && cheaters.length === 0
  return right
    ? { values, claim, outcome: 'combined' as const, verified, cheaters: [...cheaters], proved }
    : { ...nothing, values, claim, proved }
}

/**
 * The result, signed by whoever asked. It commits to the values under `salt`, 16 bytes that stay with the requester, and does not
 * hold them. Refuses REQUEST-ROLE, REQUEST-DOMAIN.
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

/** That a key is of whoever asked. Refuses REQUEST-ROLE, REQUEST-DOMAIN. */
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
