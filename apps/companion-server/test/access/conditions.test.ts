import { expect, test } from 'vitest'
import { authorize, type Caller, type Resource, withinProject } from '../../src/access/authorize.ts'
import {
  type Conditions,
  checkConditions,
  checkGiven,
  readConditions,
  unmet,
} from '../../src/access/conditions.ts'
import { openRateLimit } from '../../src/access/rate-limit.ts'

const monday = new Date('2026-11-30T09:30:00Z')
const at = (time: string, source: string | null = '10.1.2.3') => ({ time: new Date(time), source })
const orders = { name: 'orders-eu', algorithm: 'aes-256-gcm' }

test.each<[Conditions, Parameters<typeof unmet>[1], string | null]>([
  [{ notBefore: '2026-11-30T09:30:00Z' }, at('2026-11-30T09:30:00Z'), null],
  [{ notBefore: '2026-11-30T09:30:00Z' }, at('2026-11-30T09:29:59Z'), 'notBefore'],
  [{ notAfter: '2026-11-30T09:30:00Z' }, at('2026-11-30T09:30:00Z'), 'notAfter'],
  [{ hours: { from: 8, until: 18 } }, at('2026-11-30T17:59:59Z'), null],
  [{ hours: { from: 8, until: 18 } }, at('2026-11-30T18:00:00Z'), 'hours'],
  [{ hours: { from: 22, until: 6 } }, at('2026-11-30T05:00:00Z'), null],
  [{ hours: { from: 22, until: 6 } }, at('2026-11-30T06:00:00Z'), 'hours'],
  [{ days: [1] }, at('2026-11-30T06:00:00Z'), null],
  [{ days: [1] }, at('2026-12-01T06:00:00Z'), 'days'],
  [{ networks: ['10.1.0.0/16'] }, at('2026-11-30T06:00:00Z'), null],
  [{ networks: ['10.1.0.0/16'] }, at('2026-11-30T06:00:00Z', '::ffff:10.1.9.9'), null],
  [{ networks: ['10.1.0.0/16'] }, at('2026-11-30T06:00:00Z', '10.2.0.1'), 'networks'],
  [{ networks: ['fd00::/8', '10.2.0.1'] }, at('2026-11-30T06:00:00Z', 'fd12::1'), null],
  [{ networks: ['10.1.0.0/16'] }, at('2026-11-30T06:00:00Z', null), 'networks'],
  [{ keyNames: ['orders-'] }, undefined, null],
  [{ keyNames: ['invoices'] }, undefined, 'keyNames'],
  [{ keyAlgorithms: ['RSA_4096'] }, undefined, 'keyAlgorithms'],
  // What is not known of a call meets no condition.
  [{ days: [0, 1, 2, 3, 4, 5, 6] }, undefined, 'days'],
  [{ notAfter: '2999-01-01T00:00:00Z' }, undefined, 'notAfter'],
])('ACCESS-02 %j of a call %j: %s', (conditions, circumstances, expected) => {
  expect(unmet(conditions, circumstances, orders)).toBe(expected)
})

test('APPROVAL-04 approvals are asked last, for what they are for, and are as many as can be given', () => {
  const approvals = { count: 2, by: ['a', 'b'], actions: ['key.export'] } as const
  const unmetFor = (conditions: Conditions, action: string) => unmet(conditions, undefined, orders, action)
  expect(unmetFor({ approvals }, 'key.export')).toBe('approvals')
  expect(unmetFor({ approvals }, 'key.manage')).toBe(null)
  expect(unmetFor({ approvals: { count: 1, by: ['a'] } }, 'key.use')).toBe('approvals')
  expect(unmetFor({ approvals, keyNames: ['invoices'] }, 'key.export')).toBe('keyNames')
  for (const wrong of [
    { count: 3, by: ['a', 'b'] },
    { count: 0, by: ['a'] },
    { count: 1, by: ['a', 'a'] },
  ])
    expect(checkConditions({ approvals: wrong })).toMatchObject({ rule: 'CONDITION-MALFORMED' })
  expect(checkConditions({ approvals })).toMatchObject({ ok: true })
})

test('ACCESS-02 conditions narrow a role and never widen one, through the one question', () => {
  const place = { organisation: 'o', project: 'p' }
  const key: Resource = { kind: 'key', ...place, ...orders }
  const caller = (conditions: Conditions | null, time = monday): Caller => ({
    identity: 'i',
    grants: [{ role: 'service', ...place, conditions }],
    circumstances: { time, source: '10.0.0.1' },
  })
  const ask = (who: Caller, action: Parameters<typeof authorize>[1] = 'key.use') => {
    const outcome = authorize(who, action, key)
    return outcome.ok ? 'yes' : outcome.rule
  }
  expect(ask(caller(null))).toBe('yes')
  expect(ask(caller({ days: [1] }))).toBe('yes')
  expect(ask(caller({ days: [2] }))).toBe('CONDITION-UNMET')
  expect(ask(caller({ days: [1] }), 'key.manage')).toBe('ROLE-REFUSED')
  // A second grant without the condition is not narrowed by the first.
  const both = { ...caller({ days: [2] }), grants: [...caller({ days: [2] }).grants, ...caller(null).grants] }
  expect(ask(both)).toBe('yes')
  expect(ask(withinProject(caller({ days: [2] }), place))).toBe('CONDITION-UNMET')
})

test.each<Conditions>([
  { notBefore: 'soon' },
  { notBefore: '2026-01-02T00:00:00Z', notAfter: '2026-01-01T00:00:00Z' },
  { hours: { from: 8, until: 8 } },
  { days: [7] },
  { networks: ['10.0.0.0/33'] },
  { networks: ['10.0.0.0/8/1'] },
  { networks: ['example.org'] },
])('CONDITION-MALFORMED %j is refused when it is set', (conditions) => {
  expect(checkConditions(conditions)).toMatchObject({ ok: false, rule: 'CONDITION-MALFORMED' })
})

test('CONDITION-MALFORMED a role that is over before it is given is refused', () => {
  expect(checkGiven({ notAfter: monday.toISOString() }, monday)).toMatchObject({
    rule: 'CONDITION-MALFORMED',
  })
  expect(checkGiven({ notAfter: '2026-11-30T23:59:59.999Z' }, monday)).toMatchObject({ ok: true })
  expect(checkGiven({ days: [7] }, monday)).toMatchObject({ rule: 'CONDITION-MALFORMED' })
})

test('RATE-LIMITED each name has its own share, and it comes back with time', () => {
  let now = 0
  const limit = openRateLimit(3, () => now)
  const take = (name: string, times: number) => Array.from({ length: times }, () => limit.take(name))
  expect(take('a', 4)).toEqual([true, true, true, false])
  expect(take('b', 1)).toEqual([true])
  now = 400
  expect(take('a', 2)).toEqual([true, false])
  now = 60_000
  expect(take('a', 4)).toEqual([true, true, true, false])
})

test.each([
  [{ unknown: 1 }],
  [{ keyNames: ['orders-'], unknown: 1 }],
  [{ unreadable: true }],
  [{}],
  [[]],
  ['x'],
  [''],
  [0],
  [5],
  [false],
  [{ keyNames: 'zz' }],
  [{ approvals: {} }],
  [{ hours: { from: 3, until: 3 } }],
  [{ notAfter: 'tomorrow' }],
])('CONDITION-UNREADABLE stored conditions %j give nothing', (stored) => {
  const place = { organisation: 'o', project: 'p' }
  const caller: Caller = {
    identity: 'i',
    grants: [{ role: 'service', ...place, conditions: readConditions(stored) }],
    circumstances: at('2026-11-30T09:30:00Z'),
  }
  for (const resource of [
    { kind: 'key', ...place, ...orders },
    { kind: 'project', ...place },
  ] as const)
    expect(authorize(caller, resource.kind === 'key' ? 'key.use' : 'project.read', resource)).toMatchObject({
      rule: 'CONDITION-UNREADABLE',
    })
})

test('ACCESS-02 stored conditions of today are read as they were given', () => {
  expect(readConditions(null)).toBe(null)
  for (const given of [
    { keyNames: ['orders-'], days: [1], notAfter: '2026-11-30T09:30:00Z' },
    { approvals: { count: 1, by: ['a'], actions: ['key.export'] }, networks: ['10.1.0.0/16'] },
  ])
    expect(readConditions(structuredClone(given))).toEqual(given)
})
