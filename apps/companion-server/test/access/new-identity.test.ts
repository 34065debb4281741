import { expect, test } from 'vitest'
import {
  checkNewIdentity,
  maxGrants,
  maxTokenTtl,
  minTokenTtl,
  type NewIdentity,
} from '../../src/access/tokens.ts'

const user = { role: 'user', organisation: 'o', project: 'p' } as const
const ruleOf = (change: Partial<NewIdentity>): string => {
  const checked = checkNewIdentity({ name: 'n', grants: [user], ...change })
  return checked.ok ? 'accepted' : checked.rule
}

test('an identity has a name that people can read, and one role or more, none of them twice', () => {
  expect(ruleOf({})).toBe('accepted')
  for (const name of ['', ' n', 'n ', 'a\nb', 'n'.repeat(65)]) expect(ruleOf({ name })).toBe('NAME-MALFORMED')
  expect(ruleOf({ grants: [] })).toBe('GRANT-REFUSED')
  expect(ruleOf({ grants: [user, user] })).toBe('GRANT-REFUSED')
  const places = Array.from({ length: maxGrants + 1 }, (_, at) => ({ ...user, project: String(at) }))
  expect(ruleOf({ grants: places })).toBe('REQUEST-FIELDS')
})

test('its tokens live from a minute to a year', () => {
  for (const ttlSeconds of [minTokenTtl, maxTokenTtl]) expect(ruleOf({ ttlSeconds })).toBe('accepted')
  for (const ttlSeconds of [minTokenTtl - 1, maxTokenTtl + 1, 60.5])
    expect(ruleOf({ ttlSeconds })).toBe('REQUEST-FIELDS')
})
