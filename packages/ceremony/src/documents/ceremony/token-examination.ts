import * as v from 'valibot'
import { documentCodec } from '../format/document.ts'
import { digest, domain, id, line, remark, time, verificationKeys } from '../format/fields.ts'

/** What a person asks a token for. */
export const examinedRoles = ['root', 'ceremony', 'backup', 'server', 'officer', 'companion'] as const
export type ExaminedRole = (typeof examinedRoles)[number]

/** `unproved`: nothing speaks against it, and no key was made to see. */
export const ables = ['yes', 'no', 'unproved'] as const

/** A sentence by its name among the texts, with what is the same in every language. */
const saying = v.strictObject({ id, values: v.record(id, remark) })
const sayings = v.pipe(v.array(saying), v.maxLength(8))

const schema = v.strictObject({
  v: v.literal(1),
  kind: v.literal('token-examination'),
  made: time,
  by: v.nullable(v.strictObject({ name: line, domain, keys: verificationKeys })),
  token: v.strictObject({
    serial: remark,
    label: remark,
    manufacturer: remark,
    model: remark,
    firmware: remark,
    hardware: remark,
    profile: id,
  }),
  library: digest,
  tried: saying,
  findings: v.strictTuple(
    examinedRoles.map((role) =>
      v.strictObject({ role: v.literal(role), able: v.picklist(ables), why: sayings }),
    ),
  ),
  helps: sayings,
  inventory: v.nullable(v.strictObject({ before: digest, after: digest })),
})

/** What a token can be, as whoever examined it says. Nothing is accepted because of it. */
export type TokenExamination = v.InferOutput<typeof schema>

export const tokenExaminationCodec = documentCodec<TokenExamination>(
  'token-examination',
  'EXAMINATION',
  schema,
  256 << 10,
)
