import { afterEach, expect, test } from 'vitest'
import { patched } from '../../src/sign-on/scim/patch.ts'
import { pageOf } from '../../src/sign-on/scim/resource.ts'

const call = Function.prototype.call

/** What a path by inherited members can spoil of the whole process is put back. */
afterEach(() => {
  Reflect.deleteProperty(Object.prototype.hasOwnProperty, 'call')
  Reflect.deleteProperty(Object.prototype.toString, 'call')
})

const user = () => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  id: '1',
  userName: 'ada',
  active: true,
  name: { givenName: 'Ada', familyName: 'Byron' },
  emails: [{ value: 'ada@example.com', primary: true }],
})
const group = () => ({ displayName: 'officers', members: [{ value: 'a', type: 'User' }, { value: 'b' }] })
const patch = (...Operations: object[]) => ({ Operations })
const ofUser = (...operations: object[]) => patched('User', user(), patch(...operations))
const ofGroup = (...operations: object[]) => patched('Group', group(), patch(...operations))
const refused = { ok: false, rule: 'SCIM-PATCH' }

test('SCIM-PATCH no list grows past what a group may have, and no filter compares more than ten times', () => {
  const many = (from: number, count: number) =>
    Array.from({ length: count }, (_, at) => ({ value: String(from + at) }))
  const add = (value: object[]) => ({ op: 'add', path: 'members', value })
  expect(ofGroup(add(many(0, 9998)))).toMatchObject({ ok: true })
  expect(ofGroup(add(many(0, 9998)), add(many(0, 9998)))).toMatchObject({ ok: true })
  expect(ofGroup(add(many(0, 9998)), add([{ value: 'one' }]))).toMatchObject(refused)
  for (const op of ['add', 'replace', 'remove'])
    expect(ofGroup({ op, path: 'members', value: many(0, 10_001) })).toMatchObject(refused)
  const by = (terms: number) => Array.from({ length: terms }, () => 'value eq "a"').join(' or ')
  expect(ofGroup({ op: 'remove', path: `members[${by(10)}]` })).toMatchObject({ ok: true })
  expect(ofGroup({ op: 'remove', path: `members[not (${by(11)})]` })).toMatchObject(refused)
})

test('SCIM-PATCH no path and no name of a value reaches what an object inherits', () => {
  const roads = [
    'hasOwnProperty.call',
    'toString.call',
    'constructor.prototype.x',
    '__proto__.x',
    'name.toString.x',
  ]
  for (const path of roads) {
    for (const op of ['add', 'replace', 'remove'])
      expect(ofUser({ op, path, value: 'x' })).toMatchObject(refused)
    // A whole user may hold what is not kept: it is left out.
    expect(ofUser({ op: 'add', value: { [path]: 'x' } })).toEqual({ ok: true, value: user() })
  }
  const nested = JSON.parse(
    '{"hasOwnProperty":{"call":"x"},"__proto__":{"call":"x"},"constructor":{"call":"x"}}',
  )
  expect(ofUser({ op: 'add', value: { ...nested, name: nested } })).toEqual({ ok: true, value: user() })
  expect(ofUser({ op: 'add', path: 'emails[hasOwnProperty eq "x"].call', value: 'x' })).toMatchObject(refused)
  expect(ofUser({ op: 'add', path: 'emails[__proto__ eq "x"].value', value: 'x' })).toMatchObject(refused)
  expect(Object.prototype.hasOwnProperty.call).toBe(call)
  expect(Object.prototype.toString.call).toBe(call)
  expect(Reflect.get({}, 'x')).toBe(undefined)
})

test('SCIM-PATCH attributes are added, replaced and removed by RFC 7644, 3.5.2', () => {
  const core = 'urn:ietf:params:scim:schemas:core:2.0:User'
  const done = ofUser(
    { op: 'Replace', path: `${core}:name.familyName`, value: 'King' },
    { op: 'replace', path: 'USERNAME', value: 'ada.k' },
    { op: 'add', value: { 'name.givenName': 'A.', active: false, title: 'Countess' } },
    { op: 'add', path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department', value: 'x' },
    { op: 'add', path: 'emails', value: [{ value: 'ada@example.com' }, { value: 'a@example.org' }] },
    { op: 'replace', path: 'emails[value eq "a@example.org"].value', value: 'k@example.org' },
    { op: 'add', path: 'emails[type eq "work"].value', value: 'w@example.org' },
    { op: 'remove', path: 'emails[primary eq true]' },
  )
  expect(done).toMatchObject({
    ok: true,
    value: {
      userName: 'ada.k',
      active: false,
      name: { givenName: 'A.', familyName: 'King' },
      emails: [{ value: 'k@example.org' }, { type: 'work', value: 'w@example.org' }],
    },
  })
  const members = (outcome: ReturnType<typeof ofGroup>) => outcome.ok && Reflect.get(outcome.value, 'members')
  expect(members(ofGroup({ op: 'remove', path: 'members', value: [{ value: 'a' }] }))).toEqual([
    { value: 'b' },
  ])
  expect(members(ofGroup({ op: 'remove', path: 'members[value eq "b"]' }))).toHaveLength(1)
  expect(members(ofGroup({ op: 'remove', path: 'members' }))).toEqual([])
  expect(members(ofGroup({ op: 'add', path: 'members', value: { value: 'c', display: 'C' } }))).toHaveLength(
    3,
  )
  expect(members(ofGroup({ op: 'replace', path: 'members', value: [{ value: 'c' }] }))).toEqual([
    { value: 'c' },
  ])
})

test('SCIM-PATCH what has another form, or leads nowhere, is refused', () => {
  for (const operation of [
    { op: 'move', path: 'userName', value: 'x' },
    { op: 'add', path: 'nowhere', value: 'x' },
    { op: 'add', path: 'name.nowhere', value: 'x' },
    { op: 'add', path: 'userName' },
    { op: 'remove' },
    { op: 'add', value: 'x' },
    { op: 'add', path: 7, value: 'x' },
    { op: 'add', path: 'userName[value eq "x"]', value: 'x' },
    { op: 'add', path: 'name', value: 'x' },
    { op: 'add', path: 'emails', value: ['x'] },
    { op: 'replace', path: 'emails[value eq "none"].value', value: 'x' },
    { op: 'replace', path: 'emails[value eq].value', value: 'x' },
    { op: 'add', path: `${'a'.repeat(3000)}`, value: 'x' },
  ])
    expect(ofUser(operation), JSON.stringify(operation).slice(0, 80)).toMatchObject(refused)
  for (const body of [
    null,
    'x',
    {},
    patch(),
    { Operations: [null] },
    patch(...Array(101).fill({ op: 'remove' })),
  ])
    expect(patched('User', user(), body)).toMatchObject(refused)
})

test('SCIM-FILTER a not between two comparisons is refused, not thrown', () => {
  for (const filter of ['value pr not display pr', '(value pr not display pr) or value pr']) {
    expect(ofGroup({ op: 'remove', path: `members[${filter}]` })).toMatchObject(refused)
    const page = pageOf([group()], { filter, startIndex: 1, count: 1 })
    expect(page).toMatchObject({ ok: false, rule: 'SCIM-FILTER' })
  }
  expect(ofGroup({ op: 'remove', path: 'members[not (display pr)]' })).toMatchObject({ ok: true })
})

test('SCIM-FILTER line breaks in an open string are refused at once', { timeout: 10_000 }, () => {
  const filter = `display eq "${'\n'.repeat(60)}`
  expect(pageOf([group()], { filter, startIndex: 1, count: 1 })).toMatchObject({ rule: 'SCIM-FILTER' })
  expect(ofGroup({ op: 'remove', path: `members[${filter}]` })).toMatchObject(refused)
})
