import { expect, test } from 'vitest'
import type { Grant } from '../../src/access/authorize.ts'
import {
  type Guard,
  guardsOf,
  independentOf,
  isDependent,
  isOwnApprover,
  type Touch,
  together,
  touchedBy,
  warningsOf,
} from '../../src/access/duties/rules.ts'
import { type Role, roles } from '../../src/access/role-names.ts'

const gives = (grant: Grant): Touch => ({ gives: grant, to: 'somebody' })

const place = { organisation: 'org', project: 'payments' } as const
const approvals = { count: 2, by: ['ada', 'grace', 'edith'] } as const
const waits: Grant = { role: 'user', ...place, conditions: { approvals } }
const guards = guardsOf([waits])
const plain = (role: Role, at: Pick<Grant, 'organisation' | 'project'> = place): Grant => ({ role, ...at })
const count = (touch: Touch, of: Readonly<Record<string, readonly Grant[]>> = {}, there = guards) =>
  touchedBy(touch, there, (identity) => of[identity] ?? []).length

test('DUTY-APPROVED role by role: what uses, manages or exports a key waits for its approvers, governing and reading do not', () => {
  const waitsFor = (role: Role) => count(gives(plain(role))) + count({ takes: 'x' }, { x: [plain(role)] })
  expect(Object.fromEntries(roles.map((role) => [role, waitsFor(role)]))).toEqual({
    'server-admin': 0,
    'organisation-admin': 0,
    'crypto-officer': 2,
    operator: 0,
    service: 2,
    user: 2,
    auditor: 0,
  })
})

test('DUTY-APPROVED operation by operation, own and other', () => {
  // An approver, whatever he may; who waits for the same approvers; who has nothing there.
  const cases: readonly (readonly [Touch, number])[] = [
    [{ takes: 'ada' }, 1],
    [{ takes: 'asker' }, 0],
    [{ takes: 'elsewhere' }, 0],
    [{ takes: 'nobody' }, 0],
    [gives(waits), 0],
    [gives({ ...waits, role: 'crypto-officer' }), 0],
    [gives({ ...waits, conditions: { approvals: { ...approvals, count: 1 } } }), 1],
    [gives({ ...waits, conditions: { approvals: { ...approvals, by: ['x', 'grace', 'edith'] } } }), 1],
    [gives({ ...waits, conditions: { approvals: { ...approvals, services: true } } }), 1],
    [gives({ ...waits, conditions: { approvals: { ...approvals, actions: ['key.export'] } } }), 1],
    [gives(plain('user', { organisation: 'org', project: null })), 1],
    [gives(plain('user', { organisation: 'org', project: 'other' })), 0],
    [gives(plain('user', { organisation: 'other', project: null })), 0],
    [{ ends: waits, of: 'somebody' }, 1],
    [{ ends: plain('user'), of: 'somebody' }, 0],
  ]
  const of = { asker: [waits], elsewhere: [plain('user', { organisation: 'org', project: 'other' })] }
  for (const [touch, wanted] of cases) expect(count(touch, of), JSON.stringify(touch)).toBe(wanted)
})

test('DUTY-APPROVED a role for other keys of the place waits for nobody', () => {
  const scoped = guardsOf([{ ...waits, conditions: { approvals, keyNames: ['pay'] } }])
  const named = (...keyNames: string[]) =>
    count(gives({ ...plain('user'), conditions: { keyNames } }), {}, scoped)
  expect([named('log'), named('payroll'), named('p'), named('log', 'pay')]).toEqual([0, 1, 1, 1])
})

test('DUTY-TOO-FEW several guards are satisfied together, and who asks or is changed is not among them', () => {
  const guard = (count: number, ...by: string[]): Guard => ({ ...place, scope: {}, needed: { count, by } })
  expect(together([guard(2, 'a', 'b', 'c')], [])).toEqual({ count: 2, by: ['a', 'b', 'c'] })
  expect(together([guard(2, 'a', 'b', 'c')], ['a'])).toEqual({ count: 2, by: ['b', 'c'] })
  // Whichever three of the four: at least one of the first two, and two of the other.
  expect(together([guard(1, 'a', 'b'), guard(2, 'b', 'c', 'd')], [])).toEqual({
    count: 3,
    by: ['a', 'b', 'c', 'd'],
  })
})

test('DUTY-OWN-APPROVER what the caller’s own roles wait for', () => {
  expect(isOwnApprover([waits], 'ada')).toBe(true)
  expect(isOwnApprover([waits], 'other')).toBe(false)
  expect(isOwnApprover([plain('user')], 'ada')).toBe(false)
})

test('DUTY-DEPENDENT one hand counts once, whether it made, reset, or invited', () => {
  const of = (identity: string, made: readonly string[] = [], invited: readonly string[] = []) => ({
    identity,
    hands: { made, invited },
  })
  expect(isDependent(of('a'), of('b'))).toBe(false)
  expect(isDependent(of('a', ['x']), of('x'))).toBe(true)
  expect(isDependent(of('x'), of('a', ['x']))).toBe(true)
  expect(isDependent(of('a', ['x']), of('b', ['x']))).toBe(true)
  expect(isDependent(of('a', [], ['x']), of('x'))).toBe(true)
  expect(isDependent(of('x'), of('a', [], ['x']))).toBe(true)
  expect(isDependent(of('a', [], ['x']), of('b', ['x']))).toBe(true)
  // One admin invites everybody: he vouches for none of it twice by that.
  expect(isDependent(of('a', [], ['x']), of('b', [], ['x']))).toBe(false)
  const all = [of('a', ['x']), of('b', ['x']), of('c'), of('d', [], ['asker'])]
  expect(independentOf(of('asker'), all).map(({ identity }) => identity)).toEqual(['a', 'c'])
})

test('DUTY-NONE-SPARE as many approvers as approvals is warned of', () => {
  const needs = (count: number): Grant => ({ ...waits, conditions: { approvals: { ...approvals, count } } })
  expect([warningsOf([needs(2)]), warningsOf([needs(3)]), warningsOf([plain('user')])]).toEqual([
    [],
    ['DUTY-NONE-SPARE'],
    [],
  ])
})
