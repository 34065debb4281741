import { afterEach, expect, test, vi } from 'vitest'
import { failureFrom, Refused } from '../src/api/client.ts'
import { lineOf, operationsOf } from '../src/api/open-api.ts'
import { lastDays } from '../src/components/bars.tsx'
import { to } from '../src/components/route.ts'
import { curlOf, fetchOf } from '../src/components/snippets.tsx'

afterEach(() => vi.unstubAllGlobals())

test('CONSOLE-SNIPPET a name with an apostrophe stays one word of the command that people paste', () => {
  vi.stubGlobal('location', { origin: 'https://kms.example' })
  const command = curlOf('POST', '/kms/keys/k/shred', { confirmName: "Ann's; rm -rf ~ #" })
  expect(command).toBe(
    "curl -sS --cacert ca.pem -H @token.header -X POST 'https://kms.example/api/v1/kms/keys/k/shred' \\\n" +
      `  -H 'Content-Type: application/json' -d '{"confirmName":"Ann'\\''s; rm -rf ~ #"}'`,
  )
  expect(curlOf('GET', '/audit?x=y&z')).toContain(" 'https://kms.example/api/v1/audit?x=y&z'")
  expect(command + fetchOf('POST', '/x', {})).not.toContain('undefined')
})

test('CONSOLE-API a call shows what it takes and what it answers, also where it answers later', () => {
  type Part = { readonly type: string; readonly minimum?: number; readonly maximum?: number }
  const content = (properties: Readonly<Record<string, Part>>, required: string[] = []) => ({
    content: { 'application/json': { schema: { type: 'object', properties, required } } },
  })
  const [asked, ...none] = operationsOf({
    paths: {
      '/api/v1/fhe/keys/{keyId}/decrypt-requests': {
        post: {
          summary: 'Ask',
          parameters: [
            { name: 'keyId', in: 'path', required: true, schema: { type: 'string', pattern: '^[0-9a-f]+$' } },
            { name: 'idempotency-key', in: 'header' },
          ],
          requestBody: content({ hours: { type: 'integer', minimum: 1, maximum: 720 } }, ['hours']),
          responses: { 202: content({ request: { type: 'object' } }) },
        },
        // No call.
        summary: {},
      },
    },
  })
  expect(none).toEqual([])
  expect(asked).toMatchObject({ method: 'POST', group: '/api/v1/fhe', summary: 'Ask' })
  expect(asked?.fields).toEqual([
    { name: 'keyId', place: 'path', required: true, value: 'string ^[0-9a-f]+$' },
    { name: 'hours', place: 'body', required: true, value: 'integer 1…720' },
    { name: 'request', place: 'reply', required: false, value: 'object' },
  ])
})

test('CONSOLE-API a schema is one line', () => {
  for (const [schema, line] of [
    [{ const: 'S' }, '"S"'],
    [{ enum: ['a', 'b'] }, 'a | b'],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }, { type: 'string' }] }, 'string | null'],
    [{ type: 'array', items: { type: 'object', properties: { id: {}, at: {} } } }, '[{id, at}]'],
    [{ type: 'string', maxLength: 64 }, 'string ≤ 64'],
    [{ type: 'integer', minimum: 0 }, 'integer 0…'],
    [{}, 'any'],
  ] as const)
    expect(lineOf(schema)).toBe(line)
})

test('CONSOLE-DAYS every day has its bar, over the end of a month too, and one without entries is empty', () => {
  const days = [{ day: '2026-02-28', entries: 3, refused: 1 }]
  expect(lastDays(days, new Date('2026-03-02T00:10:00Z'), 4)).toEqual([
    { day: '2026-02-27', entries: 0, refused: 0 },
    { day: '2026-02-28', entries: 3, refused: 1 },
    { day: '2026-03-01', entries: 0, refused: 0 },
    { day: '2026-03-02', entries: 0, refused: 0 },
  ])
})

test('CONSOLE-REFUSAL a fault of the page is told as one, and a refusal by its own code', () => {
  expect(failureFrom(new Refused(403, { code: 'ROLE-REFUSED', detail: 'd' }))).toEqual({
    ...{ code: 'ROLE-REFUSED', detail: 'd' },
  })
  expect(failureFrom(new TypeError('x'))).toEqual({ code: 'CONSOLE-FAULT', detail: '' })
})

test('CONSOLE-ROUTE a part of an address stays one part', () => {
  expect(to('keys', 'a/b#c?d')).toBe('#/keys/a%2Fb%23c%3Fd')
  expect(to()).toBe('#/')
})
