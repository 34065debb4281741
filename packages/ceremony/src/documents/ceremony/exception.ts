import * as v from 'valibot'
import { documentCodec } from '../format/document.ts'
import { counter, digest, domain, hex16, id, line, positive, remark } from '../format/fields.ts'

const text = v.pipe(v.string(), v.maxLength(4000))

/** `{size, node, root}` of a transcript, CEREMONY "Journal". */
export const head = v.strictObject({ size: counter, node: digest, root: digest })

const schema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('exception-decision'),
  domain,
  ceremonyId: hex16,
  planHash: digest,
  /** Number of the exception in its run, from 1. */
  exception: positive,
  stepId: id,
  /** Attempt of the step at which it was opened. */
  attempt: positive,
  about: v.picklist(['failed', 'ambiguous', 'mismatch', 'reported']),
  expected: text,
  happened: text,
  decided: v.picklist(['retry', 'continue']),
  /** Who proposes the decision. */
  by: line,
  reason: remark,
  /** Where the transcript stood: the exception is under it, the proposal is the next entry. */
  head,
})

/** What officers sign when something happened that the plan does not foresee. An abort needs no signature. */
export type ExceptionDecisionDocument = v.InferOutput<typeof schema>

export const exceptionCodec = documentCodec<ExceptionDecisionDocument>(
  'exception',
  'EXCEPTION',
  schema,
  524_288,
)
