import * as v from 'valibot'
import { documentCodec } from '../format/document.ts'
import { holderIndex, unsigned32 } from '../format/fhe-fields.ts'
import { digest, domain, hex16, line, time } from '../format/fields.ts'

const schema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('heartbeat'),
  domain,
  ceremonyId: hex16,
  keyId: digest,
  epochId: digest,
  holder: holderIndex,
  name: line,
  /** 32 random bytes of the run. */
  challenge: digest,
  shareDigest: digest,
  /** Blocks that the share may still answer. */
  left: v.strictObject({ at64: unsigned32, at128: unsigned32 }),
  time,
})

/** A holder's statement, over a fresh challenge, that the share is still held. Signed by the holder's keys. */
export type Heartbeat = v.InferOutput<typeof schema>
export const heartbeatCodec = documentCodec<Heartbeat>('heartbeat', 'HEARTBEAT', schema, 32_768)
