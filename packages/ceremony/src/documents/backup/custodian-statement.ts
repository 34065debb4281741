import * as v from 'valibot'
import { codec } from '../format/codec.ts'
import { documentCodec } from '../format/document.ts'
import { digest, domain, hex16, id, line, time } from '../format/fields.ts'

const schema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('custodian-statement'),
  domain,
  ceremonyId: hex16,
  /** What the ceremony uses the backup for. */
  use: v.picklist(['check', 'drill', 'restore']),
  /** The root's id in the plan of its birth. */
  key: id,
  /** Which backup, and which share of it, 1 to 16. */
  set: hex16,
  index: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(16)),
  name: line,
  /** What the share is checked by alone. */
  share: digest,
  /** The share as it was sealed to the run; null where it is only checked. */
  envelope: v.nullable(digest),
  time,
})

/**
 * A custodian's word, to a later ceremony, that the words of the sheet are the share that was dealt, and that it is given where the backup
 * is opened. Signed by the custodian's keys.
 */
export type CustodianStatement = v.InferOutput<typeof schema>

export const custodianStatementCodec = documentCodec<CustodianStatement>(
  'custodian-statement',
  'CUSTODIAN-STATEMENT',
  schema,
  32_768,
)

const whole = (least: number, most: number) =>
  v.pipe(v.number(), v.safeInteger(), v.minValue(least), v.maxValue(most))

const shareSchema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('custodian-share'),
  domain,
  ceremonyId: hex16,
  key: id,
  set: hex16,
  identifier: whole(0, 0x7fff),
  t: whole(2, 16),
  n: whole(2, 16),
  index: whole(1, 16),
  name: line,
  /** What the words are checked by alone. */
  share: digest,
  /** 33 words of SLIP-39, one space between them. Secret. */
  words: v.pipe(v.string(), v.regex(/^[a-z]{1,16}( [a-z]{1,16}){32}$/, 'expected 33 words')),
})

/** What a custodian's envelope holds: the share as words, and which one of which backup it is. Secret. */
export type CustodianShareContent = v.InferOutput<typeof shareSchema>

export const custodianShareCodec = codec<CustodianShareContent>('CUSTODIAN-SHARE', shareSchema, 16_384)
