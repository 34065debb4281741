import * as v from 'valibot'
import { codec } from '../format/codec.ts'
import { domain, hex16, p256Key, recipient } from '../format/fields.ts'

const schema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('server'),
  domain,
  deployment: hex16,
  receiptKey: p256Key,
  requesterKey: p256Key,
  combinerRecipient: recipient,
})

/** A server's identity, unchanged for its life. */
export type ServerCard = v.InferOutput<typeof schema>

/** The digest of a server card is the server's **audience**. */
export const serverCardCodec = codec<ServerCard>('SERVER-CARD', schema, 32_768)
