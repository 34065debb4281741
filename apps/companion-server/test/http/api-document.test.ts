import { createConfig, lintFromString } from '@redocly/openapi-core'
import { expect, test } from 'vitest'
import { apiDocument } from '../../src/api-document.ts'

type Call = {
  readonly summary?: string
  readonly responses: Readonly<Record<string, { content?: Readonly<Record<string, { schema?: object }>> }>>
}
const document = (await apiDocument()) as { paths: Record<string, Record<string, Call>> }
const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, call]) => ({ name: `${method.toUpperCase()} ${path}`, call })),
)

test('OPENAPI-02 a linter finds no fault in the document', async () => {
  const config = await createConfig({
    extends: ['recommended-strict'],
    rules: {
      // The server's router takes a word before a parameter.
      'no-ambiguous-paths': 'off',
      // A log-in by a browser answers by redirects alone.
      'operation-2xx-response': 'off',
    },
  })
  const source = JSON.stringify(document)
  const problems = await lintFromString({ source, absoluteRef: '/openapi.json', config })
  expect(problems.map(({ ruleId, message }) => `${ruleId}: ${message}`)).toEqual([])
  const broken = await lintFromString({
    source: source.replace('"operationId":"getHealth"', '"operationId":"getReadiness"'),
    absoluteRef: '/openapi.json',
    config,
  })
  expect(broken.map(({ ruleId }) => ruleId)).toContain('operation-operationId-unique')
})

test('OPENAPI-03 every call says what it is for and what it answers, refusals too', () => {
  expect(calls.length).toBeGreaterThan(100)
  for (const { name, call } of calls) {
    expect(call.summary, name).toMatch(/^[A-Z]/)
    const [good = ''] = Object.keys(call.responses).filter((status) => /^[23]\d\d$/.test(status))
    expect(good, name).not.toBe('')
    if (good !== '204' && good !== '303')
      for (const { schema } of Object.values(call.responses[good]?.content ?? {}))
        expect(JSON.stringify(schema ?? {}), name).toMatch(/"type"|"anyOf"/)
    expect(Object.keys(call.responses), name).toEqual(expect.arrayContaining(['4XX', '5XX']))
  }
})
