import * as v from 'valibot'
import { documentCodec } from '../format/document.ts'
import { batchFields, fheMode, unsigned32, valueType } from '../format/fhe-fields.ts'
import { type Domain, digest, distinct, domain, line, texts, time } from '../format/fields.ts'
import { accept, type Outcome, refuse } from '../format/outcome.ts'
import type { SignerGroup } from '../format/signatures.ts'
import { eitherVersion } from '../format/versions.ts'

/** How an input was let in: its own proof verified, a named encryptor signed it, or the evaluator holds the client key. */
const admitted = v.picklist(['proof', 'signature', 'client-key'])

const input = v.strictObject({
  /** Of the ciphertext or proven list that came in. */
  digest,
  admitted,
  /** The submitter in the proof's metadata, or the encryptor. */
  by: line,
})

const common = { domain, keyId: digest, mode: fheMode, type: valueType, time }

const listed = v.strictObject({
  ...common,
  v: v.literal(1),
  /** What came out, THRESHOLD-FHE section 10. */
  ciphertexts: v.pipe(
    v.array(digest),
    v.minLength(1),
    v.maxLength(1024),
    v.check((all) => distinct(all, (one) => one), 'a ciphertext is listed twice'),
  ),
  /** What was computed, for people: a name and a version, or a digest of the code. */
  program: line,
  inputs: v.pipe(v.array(input), v.minLength(1), v.maxLength(4096)),
})

const counted = v.strictObject({
  ...common,
  v: v.literal(2),
  /** What came out, in its order: one batch, which is asked for as a whole. */
  batch: v.strictObject(batchFields),
  program: texts.line,
  /** In groups that came in alike. */
  inputs: v.pipe(
    v.array(
      v.strictObject({
        ...batchFields,
        count: v.pipe(unsigned32, v.minValue(1)),
        admitted,
        by: texts.line,
      }),
    ),
    v.minLength(1),
    v.maxLength(256),
  ),
})

const schema = eitherVersion(listed, counted)

/**
 * An evaluator's word (mode S), or an encryptor's (mode F), for where ciphertexts come from. Context
 * `lux-fhe/v1/provenance`; the domain is a signed field.
 */
export type Provenance = v.InferOutput<typeof schema>

export const provenanceCodec = documentCodec<Provenance>('provenance', 'PROVENANCE', schema, 1 << 20)

/** How many inputs a provenance tells of. */
export const inputCount = (said: Provenance): number =>
  said.v === 1 ? said.inputs.length : said.inputs.reduce((sum, { count }) => sum + count, 0)

/** Whose word is believed: of the policy whose digest is in the holder's own share, never of the request. */
export type ProvenanceSigners = {
  readonly evaluators: SignerGroup['members']
  readonly encryptors: SignerGroup['members']
}

/**
 * Whether a provenance document may vouch for ciphertexts of a key. Refuses PROVENANCE-DOMAIN, PROVENANCE-KEY,
 * PROVENANCE-ADMISSION (mode F with an input that was not encrypted by its signer) or PROVENANCE-SIGNER. Gives the signers.
 */
export function checkProvenance(
  document: { payload: Provenance; signatures: Parameters<typeof provenanceCodec.verify>[0]['signatures'] },
  expected: { domain: Domain; keyId: string } & ProvenanceSigners,
): Outcome<readonly string[]> {
  const { payload } = document
  if (payload.domain !== expected.domain)
    return refuse('PROVENANCE-DOMAIN', `it is of domain ${payload.domain}`)
  if (payload.keyId !== expected.keyId) return refuse('PROVENANCE-KEY', 'it is of another key')
  // A fresh ciphertext was made by its encryptor; what was computed from others has noise that 64 bits cannot hide.
  const fresh = payload.inputs.every(({ admitted }) => admitted === 'client-key' || admitted === 'signature')
  if (payload.mode === 'F' && !fresh)
    return refuse('PROVENANCE-ADMISSION', 'a proven list gives evaluated noise, which mode F does not hide')
  const [members, role] =
    payload.mode === 'F'
      ? ([expected.encryptors, 'encryptor'] as const)
      : ([expected.evaluators, 'evaluator'] as const)
  const signed = provenanceCodec.verify(document, payload.domain, [{ role, members, quorum: 1 }])
  if (!signed.ok) return refuse('PROVENANCE-SIGNER', signed.detail)
  return accept(signed.value[role] ?? [])
}
