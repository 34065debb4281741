import * as v from 'valibot'
import { documentCodec } from '../format/document.ts'
import { digest, distinct, domain, hex16, id, texts } from '../format/fields.ts'

const schema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('hearing'),
  domain,
  ceremonyId: hex16,
  stepId: id,
  what: texts.line,
  digest,
  name: texts.line,
})

/** Who heard, as the workstation says it. */
export const heard = v.strictObject({
  what: texts.line,
  digest,
  by: v.pipe(
    v.array(texts.line),
    v.minLength(1),
    v.maxLength(64),
    v.check((all) => distinct(all, (name) => name), 'names somebody twice'),
  ),
})

/** Somebody's word that they heard the words of a digest read aloud, by the key of their seat: SPEC.md 13.5. */
export type Hearing = v.InferOutput<typeof schema>

export const hearingCodec = documentCodec<Hearing>('hearing', 'HEARING', schema, 32_768)
