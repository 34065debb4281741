import {
  type DecryptionRequest,
  decryptionApprovalCodec,
  decryptionRequestCodec,
  type HolderAnswer,
  holderAnswerCodec,
  type Provenance,
  provenanceCodec,
  type RequestPackage,
  requestDigest,
} from '@lux/ceremony/wire'
import { fromHex, type SigningIdentity, sealTo, sha256Hex, toBase64, toHex } from '@lux/crypto'
import {
  ciphertextDigest,
  fhePartialDecrypt,
  parsePartial,
  readCiphertext,
  signPartial,
  typeName,
} from '@lux/crypto/fhe'
import { type dealNative, people } from './threshold-bundle.ts'

const domain = 'production'
type Dealt = ReturnType<typeof dealNative>

export type RequestChange = {
  request?: (request: DecryptionRequest) => DecryptionRequest
  provenance?: (provenance: Provenance) => Provenance
  approvers?: readonly SigningIdentity[]
  vouchedBy?: SigningIdentity
  askedBy?: SigningIdentity
}

/** A whole package for one ciphertext, or several of one type: asked by Rex, vouched for by Eve, approved by Ann and Abe. */
export function requestFor(
  { keyId, epochId }: Dealt,
  {
    id,
    file,
    more = [],
    combiner,
  }: { id: string; file: Uint8Array; more?: readonly Uint8Array[]; combiner: string },
  change: RequestChange = {},
): RequestPackage {
  const ciphertexts = [file, ...more].map(readCiphertext)
  const digests = ciphertexts.map((one) => toHex(ciphertextDigest(one)))
  const [type = ''] = ciphertexts.map(typeName)
  const sound: Provenance = {
    v: 1,
    domain,
    keyId: toHex(keyId),
    mode: 'S',
    type,
    ciphertexts: digests,
    program: 'sum 1.0',
    inputs: [{ digest: sha256Hex(file), admitted: 'signature', by: 'Enno' }],
    time: new Date().toISOString(),
  }
  const provenance = change.provenance?.(sound) ?? sound
  const plain: DecryptionRequest = {
    v: 1,
    kind: 'decryption-request',
    domain,
    requestId: id,
    keyId: toHex(keyId),
    epochId: toHex(epochId),
    mode: 'S',
    ciphertexts: digests.map((digest) => ({
      ...{ digest, type, provenance: provenanceCodec.payload.digest(provenance) },
    })),
    what: 'the sum of all votes',
    purpose: 'the count',
    requester: 'Rex',
    combiner,
    expiry: new Date(Date.now() + 3_600_000).toISOString(),
    budget: ciphertexts.reduce((sum, { blocks }) => sum + blocks.length, 0),
    nonce: '99'.repeat(16),
  }
  const request = change.request?.(plain) ?? plain
  const approvers = change.approvers ?? people.approvers.map(({ identity }) => identity)
  const sign = (by: SigningIdentity) => decryptionRequestCodec.sign(by, request, domain)
  return {
    request: { payload: request, signatures: [sign(change.askedBy ?? people.requester.identity)] },
    approvals: approvers.map((by) => decryptionApprovalCodec.sign(by, request, domain)),
    provenance: [
      {
        payload: provenance,
        signatures: [provenanceCodec.sign(change.vouchedBy ?? people.evaluator.identity, provenance, domain)],
      },
    ],
  }
}

export type AnswerChange = {
  answer?: (answer: HolderAnswer) => HolderAnswer
  partial?: (partial: Uint8Array) => Uint8Array
  signedBy?: SigningIdentity
  sealedTo?: string
}

/** What a holder's device makes of a request: a signed partial, sealed to the combiner, and the signed answer about it. */
export async function answerOf(
  { pub, shares }: Dealt,
  {
    holder,
    given,
    file,
    more = [],
  }: { holder: number; given: RequestPackage; file: Uint8Array; more?: readonly Uint8Array[] },
  change: AnswerChange = {},
) {
  const { payload } = given.request
  const { identity, card } = people.holders[holder - 1]!
  const made = fhePartialDecrypt({
    share: shares[holder - 1]!.slice(),
    pub,
    ciphertexts: [file, ...more],
    authority: {
      authorities: {
        requesters: [people.requester.card.keys],
        combiners: [payload.combiner],
        evaluators: [people.evaluator.card.keys],
        encryptors: [],
      },
      provenance: given.provenance.map((document) => provenanceCodec.file.encode(document)),
      requestDigest: fromHex(requestDigest(payload), 32),
      identity,
    },
    answered: new Set(),
    spent: { at64: 0, at128: 0 },
  })
  if (!made.ok) throw new Error(`${made.rule}: ${made.detail}`)
  const partial = change.partial?.(made.value.partial) ?? made.value.partial
  const sealed = await sealTo([change.sealedTo ?? payload.combiner], partial)
  const sound: HolderAnswer = {
    ...said(given, holder, card.name),
    decision: 'approved',
    reason: '',
    sealed: sha256Hex(sealed),
    spent: made.value.spends,
  }
  return { ...signed(change.answer?.(sound) ?? sound, change.signedBy ?? identity), sealed: toBase64(sealed) }
}

/** A part whose first element says one more in every value, signed anew by a holder who means to. */
export function shifted(bytes: Uint8Array, identity: SigningIdentity): Uint8Array {
  const partial = parsePartial(bytes)
  const answers = partial.answers.map((one) => ({
    ...one,
    elements: one.elements.map(
      ([a, b, c, d], at) => [at === 0 ? BigInt.asUintN(128, a + (1n << 123n)) : a, b, c, d] as const,
    ),
  }))
  return signPartial(identity, { ...partial, answers })
}

/** A holder's no. */
export function refusalOf(given: RequestPackage, holder: number) {
  const { identity, card } = people.holders[holder - 1]!
  const no = { decision: 'refused', reason: 'not this one', sealed: null, spent: 0 } as const
  return signed({ ...said(given, holder, card.name), ...no }, identity)
}

function said({ request: { payload } }: RequestPackage, holder: number, name: string) {
  return {
    v: 1,
    kind: 'holder-answer',
    domain,
    request: requestDigest(payload),
    keyId: payload.keyId,
    epochId: payload.epochId,
    holder,
    name,
    left: { at64: 0, at128: 900 },
    time: new Date().toISOString(),
  } as const
}

function signed(payload: HolderAnswer, by: SigningIdentity) {
  return { answer: { payload, signatures: [holderAnswerCodec.sign(by, payload, domain)] } }
}
