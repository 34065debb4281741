import { expect, test } from 'vitest'
import { has, ownPlaces, projectsAs } from '../src/api/queries.ts'
import type { Grant, Key } from '../src/api/types.ts'
import { scopesOf } from '../src/screens/audit.tsx'
import { mayHere } from '../src/screens/key.tsx'
import { rolesFor } from '../src/screens/new-identity.tsx'
import { holds } from '../src/screens/oversight/alerts.tsx'

const grant = (role: Grant['role'], organisationId: string | null, projectId: string | null): Grant => ({
  ...{ role, organisationId, projectId, conditions: null },
  organisationName: organisationId && `of ${organisationId}`,
  projectName: projectId && `of ${projectId}`,
})
const project = (id: string, organisationId: string) => ({ id, name: id, organisationId, createdAt: '' })
const places = [
  {
    organisation: { id: 'o', name: 'O', ceremonyOnly: false, createdAt: '' },
    projects: [project('p', 'o'), project('q', 'o')],
  },
  {
    organisation: { id: 'x', name: 'X', ceremonyOnly: false, createdAt: '' },
    projects: [project('p2', 'x')],
  },
]
const spot = (organisation: string | null, project: string | null) => ({
  ...{ value: '', label: '', organisation, project },
})

test('CONSOLE-MAY a role is offered only where its giver governs, and never one that reaches further', () => {
  const server = [grant('server-admin', null, null)]
  const chief = [grant('organisation-admin', 'o', null)]
  expect(rolesFor(server, spot(null, null), 'person')).toEqual(['server-admin', 'operator', 'auditor'])
  expect(rolesFor(server, spot(null, null), 'service')).not.toContain('server-admin')
  // Who governs the server appoints admins of an organisation, and nobody who uses a key.
  expect(rolesFor(server, spot('o', null), 'person')).toEqual(['organisation-admin'])
  expect(rolesFor(server, spot('o', null), 'service')).toEqual([])
  expect(rolesFor(server, spot('o', 'p'), 'person')).toEqual([])
  expect(rolesFor(chief, spot('o', null), 'person')).toContain('organisation-admin')
  expect(rolesFor(chief, spot('o', 'p'), 'person')).not.toContain('organisation-admin')
  expect(rolesFor(chief, spot('o', 'p'), 'service')).toEqual([...['service', 'crypto-officer', 'auditor']])
  for (const kind of ['person', 'service'] as const) {
    expect(rolesFor(chief, spot('x', null), kind)).toEqual([])
    expect(rolesFor([grant('user', 'o', 'p')], spot('o', 'p'), kind)).toEqual([])
  }
})

test('CONSOLE-MAY what is done with a key is shown to whose role holds in its project, its organisation or everywhere', () => {
  const shown = { orgId: 'o', projectId: 'p' } as Key
  for (const [where, may] of [
    [grant('user', 'o', 'p'), true],
    [grant('user', 'o', null), true],
    [grant('user', null, null), true],
    [grant('user', 'o', 'q'), false],
    [grant('user', 'x', 'p'), false],
    [grant('auditor', 'o', 'p'), false],
  ] as const)
    expect(mayHere([where], shown, 'user', 'service'), JSON.stringify(where)).toBe(may)
  expect(has([grant('user', 'o', 'p')], 'auditor', 'user')).toBe(true)
  expect(has([], 'user')).toBe(false)
})

test('CONSOLE-MAY alerts are of a whole organisation: a role in one of its projects is none', () => {
  expect(holds([grant('organisation-admin', 'o', null)], 'o', 'organisation-admin')).toBe(true)
  expect(holds([grant('auditor', null, null)], 'o', 'organisation-admin', 'auditor')).toBe(true)
  expect(holds([grant('auditor', 'o', 'p')], 'o', 'auditor')).toBe(false)
  expect(holds([grant('organisation-admin', 'x', null)], 'o', 'organisation-admin')).toBe(false)
})

test('CONSOLE-MAY the log is offered of each place whose auditor somebody is, and of no other', () => {
  const of = (...grants: Grant[]) => scopesOf(grants, places, false, 'all').map(({ value }) => value)
  expect(of(grant('auditor', 'o', 'p'))).toEqual(['projectId=p'])
  expect(of(grant('auditor', 'o', null))).toEqual(['organisationId=o', 'projectId=p', 'projectId=q'])
  expect(of(grant('crypto-officer', 'o', null))).toEqual([])
  expect(scopesOf([grant('auditor', null, null)], places, true, 'all')[0]).toEqual({
    value: '',
    label: 'all',
  })
})

test('CONSOLE-PLACES who only uses keys sees the places of his roles, each once, by their names', () => {
  const uses = [grant('user', 'y', 'a'), grant('service', 'y', 'a'), grant('user', 'y', 'b')]
  const own = ownPlaces([...uses, grant('user', 'o', 'p'), grant('auditor', null, null)], places)
  expect(own).toMatchObject([
    { organisation: { id: 'y', name: 'of y' }, projects: [{ id: 'a', name: 'of a' }, { id: 'b' }] },
  ])
  expect(own[0]?.projects).toHaveLength(2)
  expect(projectsAs('user', [grant('user', 'o', 'q')], places)).toEqual([{ value: 'q', label: 'O / q' }])
  expect(projectsAs('user', [grant('user', 'x', null)], places)).toEqual([{ value: 'p2', label: 'X / p2' }])
  expect(projectsAs('user', [grant('auditor', 'o', 'q')], places)).toEqual([])
})
