import type { Json } from '@lux/crypto'
import * as v from 'valibot'
import { digest, hex16, line } from '../documents/format/fields.ts'

export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

const level = v.picklist(['E0', 'E1', 'E2', 'E3'])

export const short = v.pipe(v.string(), v.maxLength(200))

export const verdict = v.picklist(['held', 'broke', 'not-tried'])

export const file = v.strictObject({ sha256: digest, size: count })

const attributeName = v.pipe(v.string(), v.regex(/^[A-Z][A-Z0-9_]{0,63}$/))

const attributeValue = v.union([
  v.boolean(),
  v.pipe(v.number(), v.safeInteger()),
  v.pipe(v.string(), v.maxLength(4096)),
])

/** PKCS#11 names without CKA_. */
export const evidence = v.strictObject({
  ckaId: hex16,
  label: short,
  level,
  attributes: v.record(attributeName, attributeValue),
})

export const objects = v.array(v.strictObject({ ckaId: short, class: line, label: short }))

export const checkpointFields = { size: count, node: digest, root: digest, digest }

export const positive = v.pipe(v.number(), v.safeInteger(), v.minValue(1))

/** A fact comes out of canonical JSON, so whatever it holds is Json; what matters here is that it is there. */
export const json = v.custom<Json>((value) => value !== undefined)
