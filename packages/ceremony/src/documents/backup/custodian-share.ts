import * as v from 'valibot'
import { codec } from '../format/codec.ts'
import { digest, domain, hex16, id, line } from '../format/fields.ts'

const whole = (least: number, most: number) =>
  v.pipe(v.number(), v.safeInteger(), v.minValue(least), v.maxValue(most))

const schema = v.strictObject({
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
export type CustodianShareContent = v.InferOutput<typeof schema>

export const custodianShareCodec = codec<CustodianShareContent>('CUSTODIAN-SHARE', schema, 16_384)
