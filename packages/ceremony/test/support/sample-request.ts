import type { SigningIdentity } from '@lux/crypto'
import {
  type DecryptionRequest,
  decryptionApprovalCodec,
  decryptionRequestCodec,
  digestOfBatch,
  type RequestPackage,
} from '../../src/documents/threshold/decryption-request.ts'
import { type Provenance, provenanceCodec } from '../../src/documents/threshold/provenance.ts'
import type { RequestFacts } from '../../src/request-rules/decryption.ts'
import { makePerson, sampleRecipient } from './people.ts'

const hash = (digit: string) => digit.repeat(64)

export const requester = makePerson('requester', 'Rex', 'production')
export const evaluator = makePerson('evaluator', 'Eve', 'production')
export const encryptor = makePerson('encryptor', 'Enno', 'production')
export const approvers = [
  makePerson('approver', 'Ann', 'production'),
  makePerson('approver', 'Abe', 'production'),
]

export const sampleProvenance: Extract<Provenance, { v: 1 }> = {
  v: 1,
  domain: 'production',
  keyId: hash('a'),
  mode: 'S',
  type: 'u8',
  ciphertexts: [hash('1'), hash('2')],
  program: 'sum 1.0',
  inputs: [{ digest: hash('3'), admitted: 'proof', by: 'clinic 7' }],
  time: '2026-01-15T09:00:00.000Z',
}

type Listed<T> = Extract<T, { v: 1 }>

export const sampleRequest: Listed<DecryptionRequest> = {
  v: 1,
  kind: 'decryption-request',
  domain: 'production',
  requestId: '1'.repeat(32),
  keyId: hash('a'),
  epochId: hash('b'),
  mode: 'S',
  ciphertexts: [
    { digest: hash('1'), type: 'u8', provenance: provenanceCodec.payload.digest(sampleProvenance) },
  ],
  what: 'the sum of all doses',
  purpose: 'weekly report',
  requester: 'Rex',
  combiner: sampleRecipient('combiner'),
  expiry: '2026-01-16T09:00:00.000Z',
  budget: 2,
  nonce: '2'.repeat(32),
}

export const sampleFacts: RequestFacts = {
  domain: 'production',
  keyId: hash('a'),
  epochId: hash('b'),
  mode: 'S',
  authorities: {
    requesters: [requester.card.keys],
    combiners: [sampleRequest.combiner],
    evaluators: [evaluator.card.keys],
    encryptors: [encryptor.card.keys],
  },
  approvers: {
    role: 'approver',
    members: approvers.map(({ card }) => ({ name: card.name, keys: card.keys })),
    quorum: 2,
  },
  now: '2026-01-15T10:00:00.000Z',
  taken: new Set(),
  left: 100,
}

type Change = {
  request?: Partial<Listed<DecryptionRequest>>
  provenance?: Partial<Listed<Provenance>>
  by?: SigningIdentity
  vouchedBy?: SigningIdentity
  approvedBy?: SigningIdentity[]
}

/** A package, every part of which is signed as it should be, after the changes. */
export function signedRequest(change: Change = {}): RequestPackage {
  const provenance = { ...sampleProvenance, ...change.provenance }
  const vouched = provenanceCodec.payload.digest(provenance)
  const { ciphertexts } = sampleRequest
  const request: DecryptionRequest = {
    ...sampleRequest,
    ciphertexts: ciphertexts.map((one) => ({ ...one, provenance: vouched })),
    ...change.request,
  }
  return signedAll(request, [provenance], change)
}

/** Of version 2: one batch for each list of digests, each with its own provenance, after the change. */
export function batchRequest(
  batches: string[][],
  change: Partial<Extract<Provenance, { v: 2 }>> = {},
): RequestPackage {
  const { ciphertexts: _, v: __, ...asked } = sampleRequest
  const { ciphertexts: ___, inputs, ...said } = sampleProvenance
  const provenance = batches.map(
    (digests): Provenance => ({
      ...said,
      v: 2,
      batch: { count: digests.length, digest: digestOfBatch(digests) },
      inputs: inputs.map((one) => ({ ...one, count: 1, digest: digestOfBatch([one.digest]) })),
      ...change,
    }),
  )
  const request: DecryptionRequest = {
    ...asked,
    v: 2,
    batches: batches.map((digests, at) => ({
      type: 'u8',
      count: digests.length,
      digest: digestOfBatch(digests),
      provenance: provenanceCodec.payload.digest(provenance[at] ?? sampleProvenance),
    })),
    budget: 2 * batches.flat().length,
  }
  return { ...signedAll(request, provenance), batches }
}

function signedAll(
  request: DecryptionRequest,
  provenance: readonly Provenance[],
  change: Pick<Change, 'by' | 'vouchedBy' | 'approvedBy'> = {},
): RequestPackage {
  const { domain } = request
  const signs = change.approvedBy ?? approvers.map(({ identity }) => identity)
  return {
    request: {
      payload: request,
      signatures: [decryptionRequestCodec.sign(change.by ?? requester.identity, request, domain)],
    },
    approvals: signs.map((identity) => decryptionApprovalCodec.sign(identity, request, domain)),
    provenance: provenance.map((payload) => ({
      payload,
      signatures: [provenanceCodec.sign(change.vouchedBy ?? evaluator.identity, payload, payload.domain)],
    })),
  }
}
