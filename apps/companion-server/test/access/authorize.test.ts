import { expect, test } from 'vitest'
import {
  type Action,
  authorize,
  type Grant,
  mayRename,
  organisationsWhere,
  type Resource,
} from '../../src/access/authorize.ts'
import type { Conditions } from '../../src/access/conditions.ts'
import type { Role } from '../../src/access/role-names.ts'

const key: Resource = {
  ...({ kind: 'key', organisation: 'o', project: 'p' } as const),
  name: 'orders',
  algorithm: 'aes-256-gcm',
}
const project: Resource = { kind: 'project', organisation: 'o', project: 'p' }
const organisation: Resource = { kind: 'organisation', organisation: 'o' }
const votes = { name: 'votes', algorithm: 'TFHE_INTEGER' }
const threshold: Resource & { kind: 'threshold' } = {
  ...({ kind: 'threshold', organisation: 'o', project: null } as const),
  key: votes,
}
const askedFor = { ...threshold, project: 'p' }
const deployment: Resource = { kind: 'deployment' }

const at = {
  deployment: { organisation: null, project: null },
  organisation: { organisation: 'o', project: null },
  project: { organisation: 'o', project: 'p' },
  'another project': { organisation: 'o', project: 'q' },
  'another organisation': { organisation: 'x', project: null },
} as const

const asks = (role: Role, place: keyof typeof at, action: Action, resource: Resource): string => {
  const outcome = authorize({ identity: 'i', grants: [{ role, ...at[place] }] }, action, resource)
  return outcome.ok ? 'yes' : outcome.rule
}

test.each<[Role, keyof typeof at, Action, Resource, string]>([
  ['user', 'project', 'key.use', key, 'yes'],
  ['service', 'project', 'key.use', key, 'yes'],
  ['user', 'organisation', 'key.use', key, 'yes'],
  ['user', 'another project', 'key.use', key, 'OBJECT-ABSENT'],
  ['user', 'another organisation', 'key.use', key, 'OBJECT-ABSENT'],
  ['user', 'project', 'key.create', project, 'ROLE-REFUSED'],
  ['user', 'project', 'key.manage', key, 'ROLE-REFUSED'],
  ['user', 'another project', 'threshold.use', threshold, 'yes'],
  ['user', 'another organisation', 'threshold.use', threshold, 'OBJECT-ABSENT'],
  ['user', 'project', 'threshold.use', askedFor, 'yes'],
  ['user', 'organisation', 'threshold.use', askedFor, 'yes'],
  ['user', 'another project', 'threshold.use', askedFor, 'OBJECT-ABSENT'],
  ['auditor', 'another project', 'threshold.read', askedFor, 'OBJECT-ABSENT'],
  ['auditor', 'project', 'key.read', key, 'yes'],
  ['auditor', 'project', 'key.use', key, 'ROLE-REFUSED'],
  ['auditor', 'deployment', 'threshold.carry', threshold, 'ROLE-REFUSED'],
  ['crypto-officer', 'project', 'key.create', project, 'yes'],
  ['crypto-officer', 'organisation', 'key.manage', key, 'yes'],
  ['crypto-officer', 'project', 'key.use', key, 'ROLE-REFUSED'],
  ['organisation-admin', 'organisation', 'project.create', organisation, 'yes'],
  ['organisation-admin', 'organisation', 'key.use', key, 'OBJECT-ABSENT'],
  ['organisation-admin', 'another organisation', 'project.create', organisation, 'OBJECT-ABSENT'],
  ['server-admin', 'deployment', 'organisation.create', deployment, 'yes'],
  ['server-admin', 'deployment', 'key.use', key, 'OBJECT-ABSENT'],
  ['server-admin', 'deployment', 'threshold.use', threshold, 'OBJECT-ABSENT'],
  ['operator', 'deployment', 'bundle.import', deployment, 'yes'],
  ['operator', 'deployment', 'threshold.carry', threshold, 'yes'],
  ['operator', 'deployment', 'threshold.use', threshold, 'ROLE-REFUSED'],
  ['operator', 'deployment', 'key.use', key, 'OBJECT-ABSENT'],
  ['operator', 'project', 'bundle.import', deployment, 'ROLE-REFUSED'],
  ['crypto-officer', 'project', 'kek.rotate', project, 'yes'],
  ['crypto-officer', 'project', 'kek.rotate', organisation, 'OBJECT-ABSENT'],
  ['organisation-admin', 'organisation', 'kek.rotate', organisation, 'yes'],
  ['organisation-admin', 'another organisation', 'kek.rotate', project, 'OBJECT-ABSENT'],
  ['service', 'project', 'kek.rotate', project, 'ROLE-REFUSED'],
  ['server-admin', 'deployment', 'root.rotate', deployment, 'yes'],
  ['server-admin', 'deployment', 'threshold.limit', deployment, 'yes'],
  ['organisation-admin', 'organisation', 'threshold.limit', deployment, 'ROLE-REFUSED'],
  ['organisation-admin', 'organisation', 'root.rotate', deployment, 'ROLE-REFUSED'],
])('ACCESS-01 %s of %s asks %s: %#', (role, place, action, resource, expected) => {
  expect(asks(role, place, action, resource)).toBe(expected)
})

test('ACCESS-01 no role that governs uses a key, and nobody without a grant sees one', () => {
  for (const role of ['server-admin', 'organisation-admin', 'crypto-officer', 'operator', 'auditor'] as const)
    for (const place of ['deployment', 'organisation', 'project'] as const) {
      expect(asks(role, place, 'key.use', key)).not.toBe('yes')
      expect(asks(role, place, 'threshold.use', threshold)).not.toBe('yes')
    }
  expect(authorize({ identity: 'i', grants: [] }, 'key.read', key)).toMatchObject({ rule: 'OBJECT-ABSENT' })
})

test('ACCESS-01 grants add up, and a threshold key of no organisation is for grants of the whole deployment', () => {
  const two: Grant[] = [
    { role: 'crypto-officer', ...at.project },
    { role: 'service', ...at.project },
  ]
  const caller = { identity: 'i', grants: two }
  expect([authorize(caller, 'key.use', key).ok, authorize(caller, 'key.create', project).ok]).toEqual([
    true,
    true,
  ])
  expect(organisationsWhere(caller, 'threshold.read')).toEqual(['o'])
  const operator = { identity: 'i', grants: [{ role: 'operator', ...at.deployment } as const] }
  expect(organisationsWhere(operator, 'threshold.read')).toBe('all')
  const ofNobody = { ...threshold, organisation: null, key: { ...votes, name: null } } as const
  expect(authorize(caller, 'threshold.read', ofNobody)).toMatchObject({ rule: 'OBJECT-ABSENT' })
  expect(authorize(operator, 'threshold.read', ofNobody).ok).toBe(true)
})

test('ACCESS-02 conditions on keys and approvals hold for a threshold key, whose holders are asked by its own policy', () => {
  const uses = (conditions: Conditions, key = threshold) => {
    const outcome = authorize(
      { identity: 'i', grants: [{ role: 'user', ...at.project, conditions }] },
      'threshold.use',
      key,
    )
    return outcome.ok ? 'yes' : outcome.rule
  }
  expect(uses({ keyNames: ['vot'], keyAlgorithms: ['TFHE_INTEGER'] })).toBe('yes')
  expect(uses({ keyNames: ['orders'] })).toBe('CONDITION-UNMET')
  expect(uses({ keyNames: [''] }, { ...threshold, key: { ...votes, name: null } })).toBe('CONDITION-UNMET')
  expect(uses({ keyAlgorithms: ['aes-256-gcm'] })).toBe('CONDITION-UNMET')
  expect(uses({ approvals: { count: 1, by: ['a'] } })).toBe('CONDITION-UNMET')
  expect(uses({ approvals: { count: 1, by: ['a'], actions: ['key.export'] } })).toBe('yes')
})

test('ACCESS-02 a key keeps to the conditions of who renames it, by the same grant and the same approvals', () => {
  const orders = {
    kind: 'key',
    organisation: 'o',
    project: 'p',
    name: 'orders-eu',
    algorithm: 'HMAC_256',
  } as const
  const renames = (name: string, ...conditions: readonly Conditions[]) => {
    const grants = conditions.map((one) => ({
      role: 'crypto-officer' as const,
      ...at.project,
      conditions: one,
    }))
    const outcome = mayRename({ identity: 'i', grants }, orders, name)
    return outcome.ok ? 'yes' : outcome.rule
  }
  expect(renames('orders-us', { keyNames: ['orders-'] })).toBe('yes')
  expect(renames('taxes', { keyNames: ['orders-'] })).toBe('CONDITION-UNMET')
  expect(renames('taxes', { keyNames: ['orders-'] }, { keyNames: ['taxes'] })).toBe('yes')
  const by = (name: string) => ({ approvals: { count: 1, by: [name] } })
  expect(renames('taxes', by('a'))).toBe('yes')
  const two = [
    { keyNames: ['orders-'], ...by('a') },
    { keyNames: ['taxes'], ...by('b') },
  ]
  expect(renames('taxes', ...two)).toBe('CONDITION-UNMET')
  expect(renames('taxes', { keyNames: ['orders-'] }, { keyNames: ['taxes'], ...by('b') })).toBe(
    'CONDITION-UNMET',
  )
})
