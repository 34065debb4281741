import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { factSchemas } from '../src/engine/fact-schemas.ts'
import { evidence } from '../src/steps/result-fields.ts'
import { effectModules } from '../src/steps/run.ts'

const page = readFileSync(new URL('../../../docs/SPEC.md', import.meta.url), 'utf8')

const section = /\n### 3\.3 Facts\n([\s\S]*?)\n## /.exec(page)?.[1] ?? ''

// Members that hold what another section lays out.
const elsewhere = new Set([
  'payload',
  'request',
  'signature',
  'keys',
  'receiptKey',
  'requesters',
  'evaluators',
  'encryptors',
])

const shape = v.looseObject({
  type: v.string(),
  entries: v.exactOptional(v.record(v.string(), v.unknown())),
  options: v.exactOptional(v.array(v.unknown())),
  item: v.exactOptional(v.unknown()),
  wrapped: v.exactOptional(v.unknown()),
})

/** Names of the members of a schema, an optional one with `?`; of the whole of it, or of its own level alone. */
function members(schema: unknown, deep: boolean): string[] {
  const { type, entries, options, item, wrapped } = v.parse(shape, schema)
  if (type === 'strict_object')
    return Object.entries(entries ?? {}).flatMap(([name, inner]) => {
      const mark = v.parse(shape, inner).type === 'exact_optional' ? '?' : ''
      return [`${name}${mark}`, ...(deep && !elsewhere.has(name) ? members(inner, deep) : [])]
    })
  if (type === 'array') return members(item, deep)
  if (type === 'nullable' || type === 'exact_optional') return members(wrapped, deep)
  if (type === 'union') return (options ?? []).flatMap((option) => members(option, deep))
  return []
}

const rows = new Map(
  [...section.matchAll(/^\| `([a-z.-]+)` \| (.*) \|$/gm)].map(([, name = '', text = '']) => [name, text]),
)

const stands = (text: string, name: string): boolean =>
  new RegExp(`(?<![\\w-])${name.replace('?', '\\?')}(?![\\w-])`).test(text)

describe('DOCS-FACTS', () => {
  const schemas = {
    ...factSchemas,
    ...Object.fromEntries(Object.entries(effectModules).map(([kind, { schema }]) => [kind, schema])),
  }

  test('the section has a row for every kind and effect, and for nothing else', () => {
    expect([...rows.keys()].sort()).toEqual(Object.keys(schemas).sort())
  })

  test.each(Object.entries(schemas))('the row of %s names its members', (kind, schema) => {
    const named = members(schema, false)
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter((name) => !stands(rows.get(kind) ?? '', name))).toEqual([])
  })

  test('every member of a member stands in the section', () => {
    const named = [...Object.values(schemas), evidence].flatMap((schema) => members(schema, true))
    expect(named).toEqual(
      expect.arrayContaining(['receiptSigner', 'held?', 'crs?', 'readBack', 'attributes']),
    )
    expect([...new Set(named)].filter((name) => !stands(section, name))).toEqual([])
  })
})
