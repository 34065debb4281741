import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { statementCodec } from '../src/bundle/statement.ts'
import { openingCodec } from '../src/documents/ceremony/opening.ts'
import { receiptCodec } from '../src/documents/ceremony/receipt.ts'
import { requestPackageCodec } from '../src/documents/threshold/decryption-request.ts'
import { decryptionResultCodec } from '../src/documents/threshold/decryption-result.ts'
import { epochLiveCodec, redealCodec } from '../src/documents/threshold/epoch.ts'
import { provenanceCodec } from '../src/documents/threshold/provenance.ts'
import { policyDocument } from '../src/policy/schema.ts'
import { headerCodec } from '../src/transcript/schema.ts'

const page = readFileSync(new URL('../../../docs/SPEC.md', import.meta.url), 'utf8').replaceAll(/\s+/g, ' ')

const shape = v.looseObject({
  type: v.string(),
  requirement: v.exactOptional(v.unknown()),
  entries: v.exactOptional(v.record(v.string(), v.unknown())),
  options: v.exactOptional(v.array(v.unknown())),
  pipe: v.exactOptional(v.array(v.unknown())),
  item: v.exactOptional(v.unknown()),
  wrapped: v.exactOptional(v.unknown()),
  getter: v.exactOptional(v.function()),
})

type Limit = { name: string; most: number }

/** The longest that each list under a schema may be, with the name of the member that is the list. */
function limits(schema: unknown, name: string): Limit[] {
  const { type, entries, options, pipe, item, wrapped, getter } = v.parse(shape, schema)
  // A format of two versions: its value says which.
  if (getter !== undefined) return [1, 2].flatMap((version) => limits(getter({ v: version }), name))
  if (type === 'array') {
    const most = (pipe ?? []).map((part) => v.parse(shape, part)).find((part) => part.type === 'max_length')
    const own = typeof most?.requirement === 'number' ? [{ name, most: most.requirement }] : []
    return [...own, ...limits(item, name)]
  }
  const inner = Object.entries(entries ?? {}).flatMap(([member, value]) => limits(value, member))
  const others = type === 'picklist' ? [] : (options ?? []).flatMap((option) => limits(option, name))
  return [...inner, ...others, ...(wrapped === undefined ? [] : limits(wrapped, name))]
}

test.each([
  ['a header', headerCodec.schema, 3],
  ['an opening certificate', openingCodec.payload.schema, 1],
  ['a policy', policyDocument.payload.schema, 22],
  ['a receipt', receiptCodec.payload.schema, 3],
  ['a bundle', statementCodec.schema, 15],
  ['a provenance', provenanceCodec.payload.schema, 2],
  ['a request package', requestPackageCodec.schema, 3],
  ['a decryption result', decryptionResultCodec.payload.schema, 2],
  ['a re-deal', redealCodec.payload.schema, 1],
  ['a live epoch', epochLiveCodec.payload.schema, 1],
])('DOCS-LIMITS the most of every list of %s is in the page of bytes', (_, schema, least) => {
  const found = limits(schema, '')
  expect(found.length).toBeGreaterThanOrEqual(least)
  const stands = ({ name, most }: Limit): boolean =>
    new RegExp(`\\b${most} (?:\`\\w+\`, )*\`${name}\``).test(page)
  expect(found.filter((limit) => !stands(limit))).toEqual([])
})
