import * as v from 'valibot'
import { type MainToCore, paperFailures } from '../contract/index.ts'

const schema = v.union([
  v.string(),
  v.strictObject({ stop: v.literal(true) }),
  v.strictObject({ beat: v.literal(true) }),
  v.strictObject({
    grant: v.strictObject({
      use: v.picklist(['read', 'write', 'folder']),
      path: v.pipe(v.string(), v.minLength(1), v.maxLength(4096)),
    }),
  }),
  v.strictObject({
    paper: v.strictObject({
      id: v.number(),
      end: v.union([
        v.strictObject({ made: v.boolean() }),
        v.strictObject({ code: v.picklist(paperFailures), detail: v.pipe(v.string(), v.maxLength(4400)) }),
      ]),
    }),
  }),
])

/** What main sent over the child's channel; null for anything that is not of the contract, which is then left alone. */
export function readMainMessage(message: unknown): MainToCore | null {
  const read = v.safeParse(schema, message)
  return read.success ? read.output : null
}
