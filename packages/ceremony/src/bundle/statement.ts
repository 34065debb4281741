import * as v from 'valibot'
import { codec } from '../documents/format/codec.ts'
import { counter, digest } from '../documents/format/fields.ts'
import type { Version } from '../documents/format/versions.ts'
import { predicateSchema } from './predicate.ts'

export const statementType = 'https://in-toto.io/Statement/v1'

/** By the version of the predicate. */
export const predicateTypes = {
  1: 'urn:lux-custody:bundle:v1',
  2: 'urn:lux-custody:bundle:v2',
  3: 'urn:lux-custody:bundle:v3',
} as const satisfies Record<Version, string>

export const payloadType = 'application/vnd.in-toto+json'

const subject = v.strictObject({
  name: v.pipe(v.string(), v.regex(/^(transcript\.jsonl|blobs\/[0-9a-f]{64})$/)),
  digest: v.strictObject({ sha256: digest }),
  annotations: v.strictObject({ size: counter }),
})

const schema = v.pipe(
  v.strictObject({
    _type: v.literal(statementType),
    subject: v.pipe(v.array(subject), v.minLength(1), v.maxLength(20_000)),
    predicateType: v.picklist(Object.values(predicateTypes)),
    predicate: predicateSchema,
  }),
  v.check(
    (said) => said.predicateType === predicateTypes[said.predicate.v],
    'predicateType is of another version',
  ),
)

/** in-toto Statement v1: one subject per ZIP entry after the manifest, in the archive's order. */
export type Statement = v.InferOutput<typeof schema>

/** The most that a payload may be; the envelope is base64 of it and signatures. */
export const maxPayload = 24 << 20

export const statementCodec = codec<Statement>('MANIFEST', schema, maxPayload)
