import * as v from 'valibot'
import { documentCodec } from '../format/document.ts'
import { holderIndex } from '../format/fhe-fields.ts'
import { digest, domain, time } from '../format/fields.ts'

const holders = v.pipe(v.array(holderIndex), v.maxLength(15))

const schema = v.pipe(
  v.strictObject({
    v: v.literal(1),
    kind: v.literal('decryption-result'),
    domain,
    /** Request digest. */
    request: digest,
    /** Digests of the answers' payloads that were combined, ascending by holder. */
    answers: v.pipe(v.array(digest), v.minLength(1), v.maxLength(15)),
    outcome: v.picklist(['combined', 'inconsistent']),
    /** Malicious holders that the value is verified against; 0 with a bare quorum or without a value. */
    verified: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(14)),
    /** Holders whose answers are wrong, if at most t - 1 cheat; suspects, unproven, where the outcome is inconsistent. */
    cheaters: holders,
    /** SHA-256(salt16 || JCS(values)): lets the requester show later what was read, and tells nothing now. */
    commitment: v.nullable(digest),
    time,
  }),
  v.check(
    ({ outcome, commitment, verified }) =>
      outcome === 'combined' ? commitment !== null : commitment === null && verified === 0,
    'a value is committed to exactly where there is one',
  ),
)

/** What came of the answers, signed by the requester. The plaintext is the requester's alone. */
export type DecryptionResult = v.InferOutput<typeof schema>

export const decryptionResultCodec = documentCodec<DecryptionResult>(
  'decryption-result',
  'RESULT',
  schema,
  32_768,
)
