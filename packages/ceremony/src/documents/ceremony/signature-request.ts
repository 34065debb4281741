import * as v from 'valibot'
import { requested } from '../act.ts'
import { codec } from '../format/codec.ts'
import { base64, digest, domain, hybridSignature, remark } from '../format/fields.ts'

const request = v.strictObject({
  v: v.literal(1),
  kind: v.literal('signature-request'),
  what: v.picklist(requested),
  domain,
  /** The exact bytes under the signature, without context. */
  subject: base64(1, 4_000_000),
  /** For a checkpoint: what lies between the signer's last checkpoint and this one; JSON lines, base64. */
  transcript: v.exactOptional(base64(1, 16_000_000)),
  /** For a plan's approval: the plan that the subject names by its hash, so that it is read before it is approved; base64. */
  plan: v.exactOptional(base64(1, 1_500_000)),
  /** What the workstation says the subject means. A device shows its own rendering and compares. */
  lines: v.pipe(v.array(remark), v.maxLength(2000)),
})

/** `out/<seq>-<what>.json`: a question to a person's own device. */
export type SignatureRequest = v.InferOutput<typeof request>

export const signatureRequestCodec = codec<SignatureRequest>('SIGNATURE-REQUEST', request, 32_000_000)

const answer = v.strictObject({
  v: v.literal(1),
  kind: v.literal('signature-answer'),
  what: v.picklist(requested),
  domain,
  /** SHA-256 of the subject's bytes. */
  subject: digest,
  signature: hybridSignature,
})

/** The device's answer, put into `in/`. */
export type SignatureAnswer = v.InferOutput<typeof answer>

export const signatureAnswerCodec = codec<SignatureAnswer>('SIGNATURE-ANSWER', answer, 32_768)
