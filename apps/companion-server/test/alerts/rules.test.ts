import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { signatureOf } from '../../src/alerts/deliveries.ts'
import { type AlertRule, checkRule, concerns, threshold } from '../../src/alerts/rules.ts'

const at = (text: string, outcome = 'ok', source: string | null = '10.1.2.3') => ({
  identity: 'i',
  time: new Date(text),
  outcome,
  source,
})
const hours: AlertRule = { kind: 'unusual-hour', hours: { from: 7, until: 19 }, days: [1, 2, 3, 4, 5] }
const source: AlertRule = { kind: 'source', networks: ['10.0.0.0/8', '2001:db8::/32'] }
const failures: AlertRule = { kind: 'failures', most: 5, minutes: 10 }
const volume: AlertRule = { kind: 'volume', most: 5, minutes: 10 }

test.each([
  [hours, at('2026-11-27T06:59:59Z'), true],
  [hours, at('2026-11-27T07:00:00Z'), false],
  [hours, at('2026-11-27T18:59:59Z'), false],
  [hours, at('2026-11-27T19:00:00Z'), true],
  // A Saturday.
  [hours, at('2026-11-28T12:00:00Z'), true],
  [source, at('2026-11-27T12:00:00Z'), false],
  [source, at('2026-11-27T12:00:00Z', 'ok', '::ffff:10.1.2.3'), false],
  [source, at('2026-11-27T12:00:00Z', 'ok', '192.0.2.1'), true],
  [source, at('2026-11-27T12:00:00Z', 'ok', '2001:db9::1'), true],
  // What came from no network, such as the server's own work, is from none that is wrong.
  [source, at('2026-11-27T12:00:00Z', 'ok', null), false],
  [failures, at('2026-11-27T12:00:00Z', 'ok'), false],
  [failures, at('2026-11-27T12:00:00Z', 'ROLE-REFUSED'), true],
  [volume, at('2026-11-27T12:00:00Z'), true],
] as const)('ALERT-RULE %j of %j: %s', (rule, seen, concerned) => {
  expect(concerns(rule, seen)).toBe(concerned)
})

test('ALERT-RULE one entry breaks a rule of hours or source, and the others count', () => {
  expect([hours, source, failures].map((rule) => threshold(rule).most)).toEqual([0, 0, 5])
})

test.each([
  [{ kind: 'unusual-hour', hours: { from: 3, until: 3 } }, 'CONDITION-MALFORMED'],
  [{ kind: 'unusual-hour', hours: { from: 3, until: 4 }, days: [7] }, 'CONDITION-MALFORMED'],
  [{ kind: 'source', networks: ['10.0.0.0/33'] }, 'CONDITION-MALFORMED'],
  [{ kind: 'volume', most: 0, minutes: 1 }, 'REQUEST-FIELDS'],
  [{ kind: 'volume', most: 1, minutes: 1441 }, 'REQUEST-FIELDS'],
  [{ kind: 'failures', most: 1.5, minutes: 1 }, 'REQUEST-FIELDS'],
] as const)('ALERT-RULE %j is refused: %s', (rule, code) => {
  expect(checkRule(rule)).toMatchObject({ ok: false, rule: code })
})

test('WEBHOOK-SIGNATURE the guide’s own lines verify it, and nothing that was changed, is old, or is of another secret', async () => {
  const guide = await readFile(new URL('../../../../docs/guide/alerts.md', import.meta.url), 'utf8')
  const [, code = ''] = /```js\n([\s\S]+?)```/.exec(guide) ?? []
  const { isFromCustody } = await import(`data:text/javascript,${encodeURIComponent(code)}`)
  const now = new Date('2026-11-28T12:00:00.900Z')
  const header = signatureOf('whsec_a', now, '{"v":1}')
  expect(header).toMatch(/^t=1795867200,v1=[0-9a-f]{64}$/)
  expect(isFromCustody('whsec_a', header, '{"v":1}', now.getTime())).toBe(true)
  expect(isFromCustody('whsec_a', header, '{"v":2}', now.getTime())).toBe(false)
  expect(isFromCustody('whsec_b', header, '{"v":1}', now.getTime())).toBe(false)
  expect(isFromCustody('whsec_a', header, '{"v":1}', now.getTime() + 301_000)).toBe(false)
  const later = header.replace('1795867200', '1795867201')
  expect(isFromCustody('whsec_a', later, '{"v":1}', now.getTime())).toBe(false)
  expect(isFromCustody('whsec_a', 't=,v1=', '{"v":1}', now.getTime())).toBe(false)
})
