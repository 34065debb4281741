import * as v from 'valibot'
import { documentCodec } from '../format/document.ts'
import { digest, domain, hex16, id, line, recipient } from '../format/fields.ts'

const schema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('share-request'),
  domain,
  ceremonyId: hex16,
  use: v.picklist(['drill', 'restore']),
  /** The root's id in the plan of its birth, its backup, and by share who holds it and what it is checked by. */
  key: id,
  set: hex16,
  identifier: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(0x7fff)),
  t: v.pipe(v.number(), v.safeInteger(), v.minValue(2), v.maxValue(16)),
  custodians: v.pipe(v.array(line), v.minLength(2), v.maxLength(16)),
  shares: v.pipe(v.array(digest), v.minLength(2), v.maxLength(16)),
  /** To what shares are sealed; its key dies with the ceremony key. */
  recipient,
})

/** What a restore asks of the custodians. Signed by the ceremony key, so that no share goes to anybody else. */
export type ShareRequest = v.InferOutput<typeof schema>

export const shareRequestCodec = documentCodec<ShareRequest>('share-request', 'SHARE-REQUEST', schema, 32_768)
