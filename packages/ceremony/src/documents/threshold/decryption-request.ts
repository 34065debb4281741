import { encodeCanonical, sha256Hex } from '@lux/crypto'
import * as v from 'valibot'
import { codec } from '../format/codec.ts'
import { documentCodec } from '../format/document.ts'
import { blocksOf, fheMode, unsigned32, valueType } from '../format/fhe-fields.ts'
import {
  digest,
  distinct,
  domain,
  hex16,
  line,
  recipient,
  remark,
  signatures,
  time,
} from '../format/fields.ts'
import { provenanceCodec } from './provenance.ts'

const ciphertext = v.strictObject({
  /** THRESHOLD-FHE section 10: covers kind, bits, width and every block. */
  digest,
  type: valueType,
  /** Digest of the payload of the provenance that vouches for it. */
  provenance: digest,
})

const schema = v.pipe(
  v.strictObject({
    v: v.literal(1),
    kind: v.literal('decryption-request'),
    domain,
    /** Never used twice. */
    requestId: hex16,
    keyId: digest,
    epochId: digest,
    mode: fheMode,
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
    /** Who can open the answers. */
    combiner: recipient,
    /** No answer after this. */
    expiry: time,
    /** Blocks that every holder who answers spends at most. */
    budget: unsigned32,
    nonce: hex16,
  }),
  v.check(
    ({ ciphertexts, mode, budget }) =>
      budget === ciphertexts.reduce((sum, { type }) => sum + blocksOf(type, mode), 0),
    'the budget is not the number of blocks',
  ),
)

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
  }),
  v.check(
    ({ request, provenance }) =>
      // Whatever else is wrong with a payload, another check says: the codec would not encode it.
      provenance.map(({ payload }) => sha256Hex(encodeCanonical(payload))).join() ===
      [...new Set(request.payload.ciphertexts.map((one) => one.provenance))].join(),
    'the provenance is not that which the ciphertexts name',
  ),
)

/** request.json: everything that a holder looks at but the ciphertexts, which lie beside it as files. */
export type RequestPackage = v.InferOutput<typeof packageSchema>

export const requestPackageCodec = codec<RequestPackage>('REQUEST', packageSchema, 16 << 20)

/** Hex. */
export function requestDigest(request: DecryptionRequest): string {
  return decryptionRequestCodec.payload.digest(request)
}
