import { encodeCanonical, fromHex, sha256Hex, toHex } from '@lux/crypto'
import { batchDigest } from '@lux/crypto/fhe'
import * as v from 'valibot'
import { codec } from '../format/codec.ts'
import { documentCodec } from '../format/document.ts'
import { batchFields, blocksOf, fheMode, mostAsked, unsigned32, valueType } from '../format/fhe-fields.ts'
import {
  digest,
  distinct,
  domain,
  hex16,
  line,
  recipient,
  remark,
  signatures,
  texts,
  time,
} from '../format/fields.ts'
import { eitherVersion } from '../format/versions.ts'
import { provenanceCodec } from './provenance.ts'

const ciphertext = v.strictObject({
  /** THRESHOLD-FHE section 10: covers kind, bits, width and every block. */
  digest,
  type: valueType,
  /** Digest of the payload of the provenance that vouches for it. */
  provenance: digest,
})

const common = {
  kind: v.literal('decryption-request'),
  domain,
  /** Never used twice. */
  requestId: hex16,
  keyId: digest,
  epochId: digest,
  mode: fheMode,
  /** Who can open the answers. */
  combiner: recipient,
  /** No answer after this. */
  expiry: time,
  /** Blocks that every holder who answers spends at most. */
  budget: unsigned32,
  nonce: hex16,
} as const

const listed = v.pipe(
  v.strictObject({
    ...common,
    v: v.literal(1),
    ciphertexts: v.pipe(
      v.array(ciphertext),
      v.minLength(1),
      v.maxLength(256),
      v.check((all) => distinct(all, (one) => one.digest), 'a ciphertext is listed twice'),
    ),
    /** What is decrypted, in words: claimed by the requester. */
    what: line,
    purpose: remark,
    requester: line,
  }),
  v.check(
    ({ ciphertexts, mode, budget }) =>
      budget === ciphertexts.reduce((sum, { type }) => sum + blocksOf(type, mode), 0),
    'the budget is not the number of blocks',
  ),
)

const batch = v.strictObject({
  type: valueType,
  ...batchFields,
  /** Digest of the payload of the provenance that vouches for just this batch. */
  provenance: digest,
})

const counted = v.pipe(
  v.strictObject({
    ...common,
    v: v.literal(2),
    /** Each as its evaluator or encryptor signed for it, one after the other. */
    batches: v.pipe(
      v.array(batch),
      v.minLength(1),
      v.maxLength(256),
      v.check((all) => distinct(all, (one) => one.provenance), 'a batch is asked for twice'),
      v.check(
        (all) => all.reduce((sum, { count }) => sum + count, 0) <= mostAsked.ciphertexts,
        `more than ${mostAsked.ciphertexts} ciphertexts`,
      ),
    ),
    /** What is decrypted, in words: claimed by the requester. */
    what: texts.line,
    purpose: texts.remark,
    requester: texts.line,
  }),
  v.check(
    ({ batches, mode, budget }) =>
      budget === batches.reduce((sum, { type, count }) => sum + count * blocksOf(type, mode), 0),
    'the budget is not the number of blocks',
  ),
  v.check(({ budget, mode }) => budget <= mostAsked.blocks[mode], 'more blocks than one request may ask for'),
)

const schema = eitherVersion(listed, counted)

/** What a requester asks holders to decrypt. **Request digest** = SHA-256(JCS of this), named in every answer. */
export type DecryptionRequest = v.InferOutput<typeof schema>

/** Signed by the requester. */
export const decryptionRequestCodec = documentCodec<DecryptionRequest>(
  'decryption-request',
  'REQUEST',
  schema,
  1 << 20,
)

/** The same bytes, signed by approvers under a context of their own. */
export const decryptionApprovalCodec = documentCodec<DecryptionRequest>(
  'decryption-approval',
  'REQUEST',
  schema,
  1 << 20,
)

const packageSchema = v.pipe(
  v.strictObject({
    request: decryptionRequestCodec.file.schema,
    /** Approvers, over the request's payload. */
    approvals: signatures,
    /** One per provenance that the ciphertexts name, in the order of first mention. */
    provenance: v.pipe(v.array(provenanceCodec.file.schema), v.maxLength(256)),
    /** Version 2: the digests of each batch in its order. Nobody signs them; the batch's digest covers them. */
    batches: v.optional(
      v.pipe(
        v.array(v.array(digest)),
        v.maxLength(256),
        v.check((all) => distinct(all.flat(), (one) => one), 'a ciphertext is listed twice'),
      ),
    ),
  }),
  v.check(
    ({ request, provenance }) =>
      // Whatever else is wrong with a payload, another check says: the codec would not encode it.
      provenance.map(({ payload }) => sha256Hex(encodeCanonical(payload))).join() ===
      [...new Set(namedIn(request.payload))].join(),
    'the provenance is not that which the ciphertexts name',
  ),
  v.check(
    ({ request: { payload }, batches }) =>
      payload.v === 1
        ? batches === undefined
        : payload.batches.map(({ count, digest: of }) => `${count} ${of}`).join() ===
          batches?.map((all) => `${all.length} ${digestOfBatch(all)}`).join(),
    'the ciphertexts are not those of the batches',
  ),
)

const namedIn = (request: DecryptionRequest): string[] =>
  (request.v === 1 ? request.ciphertexts : request.batches).map((one) => one.provenance)

/** Hex, as its digests are. */
export const digestOfBatch = (digests: readonly string[]): string =>
  toHex(batchDigest(digests.map((one) => fromHex(one, 32))))

/** request.json: everything that a holder looks at but the ciphertexts, which lie beside it as files. */
export type RequestPackage = v.InferOutput<typeof packageSchema>

export const requestPackageCodec = codec<RequestPackage>('REQUEST', packageSchema, 16 << 20)

/** One ciphertext that is asked for. */
export type AskedCiphertext = v.InferOutput<typeof ciphertext>

/** Every ciphertext that a request asks for, in its order, whatever its version. */
export function askedCiphertexts({
  request: { payload },
  batches = [],
}: Pick<RequestPackage, 'request' | 'batches'>): readonly AskedCiphertext[] {
  return payload.v === 1
    ? payload.ciphertexts
    : payload.batches.flatMap(({ type, provenance }, at) =>
        (batches[at] ?? []).map((one) => ({ digest: one, type, provenance })),
      )
}

/** What a signed request names by itself, and devices remember: each ciphertext, or each batch, so that 10,000 are one entry. */
export const askedDigests = (request: DecryptionRequest): string[] =>
  (request.v === 1 ? request.ciphertexts : request.batches).map((one) => one.digest)

/** How many ciphertexts a request asks for. */
export const askedCount = (request: DecryptionRequest): number =>
  request.v === 1 ? request.ciphertexts.length : request.batches.reduce((sum, { count }) => sum + count, 0)

/** Hex. */
export function requestDigest(request: DecryptionRequest): string {
  return decryptionRequestCodec.payload.digest(request)
}
