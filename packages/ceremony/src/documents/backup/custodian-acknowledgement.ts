import * as v from 'valibot'
import { documentCodec } from '../format/document.ts'
import { digest, domain, hex16, id, line } from '../format/fields.ts'

const schema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('custodian-acknowledgement'),
  domain,
  ceremonyId: hex16,
  /** The root's id in the plan. */
  key: id,
  /** Which backup, and which share of it, 1 to 16. */
  set: hex16,
  index: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(16)),
  name: line,
  /** What the share is checked by alone. */
  share: digest,
  envelope: digest,
})

/** A custodian's word that the share was opened and checked, and that its words were read back. Signed by the custodian's keys. */
export type CustodianAcknowledgement = v.InferOutput<typeof schema>

export const custodianAcknowledgementCodec = documentCodec<CustodianAcknowledgement>(
  'custodian-acknowledgement',
  'CUSTODIAN-ACKNOWLEDGEMENT',
  schema,
  32_768,
)
