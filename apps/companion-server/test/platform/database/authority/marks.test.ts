import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import {
  authorityKeys,
  contribution,
  headDigest,
  openHead,
  plus,
  rowMac,
  sealHead,
} from '../../../../src/platform/database/authority/marks.ts'
import { authorityNames } from '../../../../src/platform/database/authority/tables.ts'

const keys = authorityKeys(new Uint8Array(32).fill(1))
const others = authorityKeys(new Uint8Array(32).fill(2))
const grant = {
  identity_id: 'ada',
  role: 'service',
  organisation_id: 'org',
  project_id: null,
  conditions: { keyNames: ['a'], networks: ['10.0.0.0/8'] },
  created_at: new Date(0),
}
const mac = (row: object, table: 'role_grant' | 'token' = 'role_grant', tenant = 'org') =>
  rowMac(keys, table, tenant, row as typeof grant).toString('hex')

test('ROW-FORGED the MAC of a row is over its table, its tenant and each value in its column, and over no order of members', () => {
  const own = mac(grant)
  const { keyNames, networks } = grant.conditions
  expect(mac({ ...grant, conditions: { networks, keyNames } })).toBe(own)
  const changed = [
    mac(grant, 'token'),
    mac(grant, 'role_grant', 'other'),
    mac({ ...grant, conditions: null }),
    mac({
      ...grant,
      conditions: [
        ['keyNames', ['a']],
        ['networks', ['10.0.0.0/8']],
      ],
    }),
    mac({ ...grant, conditions: { keyNames: ['a', 'networks'] } }),
    mac({ ...grant, organisation_id: null, project_id: 'org' }),
    mac({ ...grant, identity_id: 'adaservice', role: '' }),
    mac({ ...grant, created_at: new Date(1) }),
    rowMac(others, 'role_grant', 'org', grant).toString('hex'),
  ]
  expect(new Set([own, ...changed]).size).toBe(changed.length + 1)
  // A column that a later version adds, and that is null, changes no MAC.
  expect(mac({ ...grant, later: null })).toBe(own)
})

test('AUTHORITY-OTHER a head opens for its own tenant and counter alone, by its own root, and shows nothing of the sum', () => {
  const one = contribution(keys, rowMac(keys, 'role_grant', 'org', grant))
  const head = { counter: 7n, sum: one }
  const sealed = sealHead(keys, 'org', head)
  expect(openHead(keys, 'org', { counter: '7', sealed })).toEqual(head)
  expect(openHead(keys, 'org', { counter: '8', sealed })).toBeNull()
  expect(openHead(keys, 'other', { counter: '7', sealed })).toBeNull()
  expect(openHead(others, 'org', { counter: '7', sealed })).toBeNull()
  expect(openHead(keys, 'org', { counter: '7', sealed: sealed.subarray(0, 20) })).toBeNull()
  expect(openHead(keys, 'org', { counter: '7', sealed: new Uint8Array() })).toBeNull()
  expect(sealHead(keys, 'org', head).equals(sealed)).toBe(false)
  expect(headDigest(keys, 'org', head)).not.toBe(headDigest(keys, 'org', { ...head, counter: 8n }))
})

test('AUTHORITY-OTHER what is added to a set and taken again leaves it as it was, in any order', () => {
  const [one, other] = ['a', 'b'].map((id) =>
    contribution(keys, rowMac(keys, 'role_grant', 'org', { ...grant, identity_id: id })),
  ) as [bigint, bigint]
  expect(plus(plus(plus(5n, one), other), -one)).toBe(plus(5n, other))
  expect(plus(plus(0n, -one), one)).toBe(0n)
})

const sources = fileURLToPath(new URL('../../../../src', import.meta.url))
const writers = [join('platform', 'database', 'authority'), join('platform', 'database', 'migrations')]

test('AUTHORITY-WRITER nothing but the writer of authority deletes a row of it, or changes one in SQL', () => {
  const tables = authorityNames.join('|')
  const past = new RegExp(
    `deleteFrom\\('(?:${tables})'|(?:insert into|update|delete from) (?:only )?"?(?:${tables})"?(?: |$|\\()`,
    'gim',
  )
  const found = readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !writers.some((writer) => path.startsWith(writer)))
    .flatMap((path) =>
      Array.from(readFileSync(join(sources, path), 'utf8').matchAll(past), ([text]) => `${path}: ${text}`),
    )
  expect(found).toEqual([])
  expect("work.deleteFrom('role_grant')".match(past)).toHaveLength(1)
  expect('sql`update key set x`'.match(past)).toHaveLength(1)
})
