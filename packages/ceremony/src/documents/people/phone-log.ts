import * as v from 'valibot'
import { documentCodec } from '../format/document.ts'
import { digest, domain, line, remark, time } from '../format/fields.ts'

/** What a phone can write down. */
const done = [
  'enrolled',
  'policy',
  'received',
  'proved',
  'approved',
  'refused',
  'put-aside',
  'signed',
  'sheet',
  'restored',
  'renewed',
  'epoch-approved',
  'redealt',
  'live',
  'kept',
  'stated',
] as const

/** In the file for whoever opens it with nothing at hand. */
export const phoneLogSays =
  'What was done on this phone, the oldest first, as the phone itself wrote it down by its own clock. Its person signed the list: it is ' +
  'their word, complete as far as they say so. about repeats the words of what was read; digest is of the key, document or request. ' +
  'Check the signature with: custody phone verify-log.'

const schema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('phone-log'),
  says: v.literal(phoneLogSays),
  domain,
  name: line,
  made: time,
  entries: v.pipe(
    v.array(v.strictObject({ at: time, what: v.picklist(done), about: remark, digest })),
    v.maxLength(20_000),
  ),
})

/** What a person did on a phone, by that phone's own word: its log as a file. */
export type PhoneLog = v.InferOutput<typeof schema>

export const phoneLogCodec = documentCodec<PhoneLog>('phone-log', 'LOG-FILE', schema, 8 << 20)
