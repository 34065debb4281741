import * as v from 'valibot'
import { documentCodec } from '../format/document.ts'
import { digest, domain, line, time } from '../format/fields.ts'

const schema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('approval-override'),
  domain,
  /** Digest of the card of the server that asks. */
  audience: digest,
  /** Digest of the policy whose officers are asked. */
  policy: digest,
  /** As the server names it; null of the whole deployment. */
  organisation: v.nullable(line),
  /** Of the request that waits there: random, and used once. */
  request: line,
  /** The identity there that asks. */
  asker: line,
  operation: line,
  /** What would be changed, in the server's words. */
  asked: v.pipe(v.string(), v.minLength(1), v.maxLength(64_000)),
  /** Signatures are taken until then. */
  until: time,
})

/** What officers sign where too few approvers of a server are left to agree to a change. SPEC.md 8.1. */
export type ApprovalOverride = v.InferOutput<typeof schema>

export const approvalOverrideCodec = documentCodec<ApprovalOverride>(
  'approval-override',
  'APPROVAL-OVERRIDE',
  schema,
  524_288,
)
