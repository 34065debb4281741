import { expect, test } from 'vitest'
import { labelOf, saidOf, waitsFor } from '../src/api/approvals.ts'
import { Refused } from '../src/api/client.ts'
import { asked, placesOf, readsOrganisation } from '../src/api/queries.ts'
import type { Grant, Identity, Organisation } from '../src/api/types.ts'
import { choicesOf } from '../src/components/chosen.tsx'
import { pageAt } from '../src/components/list.tsx'
import { twiceTheSame } from '../src/components/new-password.tsx'
import { pageOf, routeOf } from '../src/components/route.ts'
import { callbackOf, providerFrom } from '../src/screens/elsewhere/sign-on.tsx'
import { reachIsNamed, rolesFor, usernameIn } from '../src/screens/new-identity.tsx'
import { fittingIn, seenWith } from '../src/screens/oversight/access-review.tsx'
import { stepsOf } from '../src/screens/steps.ts'

const grant = (
  role: Grant['role'],
  organisationId: string | null = null,
  projectId: string | null = null,
) => ({
  ...{ role, organisationId, projectId, conditions: null },
  organisationName: organisationId,
  projectName: projectId,
})
const bank: Organisation = {
  id: 'bank',
  name: 'Bank',
  ceremonyOnly: false,
  createdAt: '2026-12-01T00:00:00Z',
}
const payments = { id: 'payments', name: 'Payments', organisationId: 'bank', createdAt: '' }
const from = (fields: Readonly<Record<string, string>>) => ({ text: (name: string) => fields[name] ?? '' })

test('CONSOLE-PLACES-SEEN an organisation that lists no project takes no page away: roles name their own', async () => {
  const officer = [grant('crypto-officer', 'bank', 'payments')]
  const absent = async () => {
    throw new Refused(404, { code: 'OBJECT-ABSENT', detail: '' })
  }
  const found = await placesOf([bank], officer, absent)
  expect(found.map(({ projects }) => projects.map(({ id }) => id))).toEqual([['payments']])
  expect(await placesOf([bank], officer, async () => [payments])).toEqual([
    { organisation: bank, projects: [payments] },
  ])
  const offline = async () => {
    throw new Refused(0, { code: 'CONSOLE-OFFLINE', detail: '' })
  }
  await expect(placesOf([bank], officer, offline)).rejects.toThrow('CONSOLE-OFFLINE')
  // What is above the project is not asked for.
  expect(readsOrganisation(officer, 'bank')).toBe(false)
  expect(readsOrganisation([grant('crypto-officer', 'bank')], 'bank')).toBe(true)
  expect(readsOrganisation([grant('crypto-officer', 'bank')], 'other')).toBe(false)
})

test('CONSOLE-LIST a page says which lines of how many it has, and where those beside it begin', () => {
  const part = (offset: number) => ({ search: '', offset, limit: 25 })
  expect(pageAt(part(0), 500)).toEqual({ from: 1, to: 25, before: null, after: 25 })
  expect(pageAt(part(475), 500)).toEqual({ from: 476, to: 500, before: 450, after: null })
  expect(pageAt(part(0), 3)).toEqual({ from: 1, to: 3, before: null, after: null })
  expect(pageAt(part(0), 0)).toEqual({ from: 0, to: 0, before: null, after: null })
  expect(asked({ ...part(25), search: 'no&' }, { role: 'user', factor: '' })).toBe(
    'role=user&search=no%26&offset=25&limit=25',
  )
  const access = [
    {
      name: 'Paul',
      username: 'paul',
      roles: [{ role: 'user' as const, ...{ projectId: null, projectName: null, conditions: null } }],
    },
    { name: 'shop', username: null, roles: [] },
  ]
  expect(fittingIn(access, 'PAU').map(({ name }) => name)).toEqual(['Paul'])
  expect(fittingIn(access, 'user').map(({ name }) => name)).toEqual(['Paul'])
  expect(fittingIn(access, '')).toHaveLength(2)
})

test('ACCESS-REVIEW who turned no page has not seen the list that he would sign for', () => {
  const page = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => ({ identityId: `i-${from + at}` }))
  const first = seenWith({ digest: '', ids: new Set() }, 'd', page(0, 500))
  expect(first.ids.size).toBe(500)
  expect(seenWith(first, 'd', page(0, 500))).toBe(first)
  expect(seenWith(first, 'd', page(500, 552)).ids.size).toBe(552)
  // What was seen of another list counts for nothing.
  expect(seenWith(first, 'e', page(500, 552)).ids.size).toBe(52)
})

test('CONSOLE-ROUTE an address names one page or none, and never another one', () => {
  expect(pageOf([])).toEqual({ page: 'overview' })
  expect(pageOf(routeOf('#/people/review'))).toEqual({ page: 'people/review' })
  expect(pageOf(['keys', 'elsewhere'])).toEqual({ page: 'keys/elsewhere' })
  expect(pageOf(['keys', '1f'])).toEqual({ page: 'key', id: '1f' })
  for (const wrong of ['nowhere', 'people/nobody', 'keys/1f/more', 'requests/x', '%E0%A4%A', '__proto__'])
    expect(pageOf(routeOf(`#/${wrong}`))).toBe(null)
})

test('CONSOLE-STEPS who reads no key is not told that nothing was done', () => {
  const sight = { organisations: 1, projects: 1, people: 500, keys: null }
  const done = (grants: readonly Grant[], seen: Parameters<typeof stepsOf>[1]) =>
    Object.fromEntries(stepsOf(grants, seen).map((step) => [step.id, step.done]))
  expect(done([grant('organisation-admin', 'bank')], sight)).toEqual({
    organisation: true,
    project: true,
    people: true,
    key: null,
    use: false,
  })
  expect(done([grant('user', 'bank', 'payments')], { ...sight, people: null, keys: 0 })).toMatchObject({
    people: null,
    key: false,
  })
  expect(done([grant('user', 'bank', 'payments')], { ...sight, people: null, keys: 2 })).toMatchObject({
    people: true,
    key: true,
  })
})

test('CONSOLE-APPROVALS what waits for a person is what only they have not decided', () => {
  const request = { state: 'waiting', approvers: ['ada', 'bob'], decisions: [] } as const
  expect(waitsFor(request, 'ada')).toBe(true)
  expect(waitsFor(request, 'eve')).toBe(false)
  expect(waitsFor({ ...request, decisions: [{ identity: 'ada', approves: true }] }, 'ada')).toBe(false)
  expect(waitsFor({ ...request, state: 'expired' }, 'ada')).toBe(false)
  expect(labelOf('key.encrypt')).toEqual({ key: 'console.cipher.encrypt' })
  expect(labelOf('key.activate')).toEqual({ name: 'key.activate' })
})

test('CONSOLE-ROLES a role is offered where it holds, and what reaches further than a project is named', () => {
  const spot = (organisation: string | null, project: string | null) => ({
    ...{ organisation, project, label: '', value: `${organisation} ${project}` },
  })
  const admin = [grant('server-admin'), grant('organisation-admin', 'bank')]
  expect(rolesFor(admin, spot(null, null), 'person')).toContain('operator')
  for (const kind of ['person', 'service'] as const)
    for (const project of [null, 'payments'])
      expect(rolesFor(admin, spot('bank', project), kind)).not.toContain('operator')
  const named = (place: ReturnType<typeof spot> | undefined, typed: string) =>
    reachIsNamed(place, typed, 'kms.example')
  expect(named(undefined, '')).toBe(false)
  expect(named(spot('bank', 'payments'), '')).toBe(true)
  expect([named({ ...spot('bank', null), label: 'Bank' }, ''), named(spot(null, null), '')]).toEqual([
    false,
    false,
  ])
  expect(named({ ...spot('bank', null), label: 'Bank' }, ' Bank ')).toBe(true)
  expect(named(spot(null, null), 'kms.example')).toBe(true)
})

test('CONSOLE-FIELDS a username is sent in small letters, and a new password is typed twice', () => {
  expect(usernameIn(from({ username: ' Paul ' }))).toBe('paul')
  expect(twiceTheSame(from({ password: 'one', repeated: 'one' }))).toBe(null)
  expect(twiceTheSame(from({ password: 'one', repeated: 'two' }))).toBe('CONSOLE-PASSWORDS')
})

test('CONSOLE-CHOICES what was chosen stays, whatever is searched for next, and nobody revoked is offered', () => {
  const one = (id: string, revokedAt: string | null = null): Identity => ({
    ...{ id, name: id, kind: 'person', revokedAt, createdAt: '', grants: [] },
    ...{ username: null, invited: false, factor: null },
  })
  const offered = (kept: readonly Identity[], found: readonly Identity[]) =>
    choicesOf(kept, found).map(({ id }) => id)
  expect(offered([one('ada')], [one('ada'), one('bea'), one('cyd', '2026-12-01T00:00:00Z')])).toEqual([
    'ada',
    'bea',
  ])
  expect(offered([one('ada')], [])).toEqual(['ada'])
})

test('CONSOLE-SIGN-ON a provider is asked for by what the form says, and an empty field says nothing', () => {
  const oidc = from({ name: ' corp ', issuer: 'https://id.example', clientId: 'custody', clientSecret: 's' })
  expect(providerFrom('oidc', '', oidc)).toEqual({
    name: 'corp',
    settings: { kind: 'oidc', issuer: 'https://id.example', clientId: 'custody' },
    clientSecret: 's',
  })
  const saml = from({
    name: 'office',
    entityId: 'e',
    entryPoint: 'p',
    certificate: ' PEM\n',
    clientSecret: 's',
  })
  expect(providerFrom('saml', 'bank', saml)).toEqual({
    name: 'office',
    organisationId: 'bank',
    settings: { kind: 'saml', entityId: 'e', entryPoint: 'p', certificates: ['PEM'] },
  })
  expect(callbackOf('corp', 'https://kms.example')).toBe(
    'https://kms.example/api/v1/auth/sign-on/corp/callback',
  )
})

test('CONSOLE-APPROVALS what is asked has names beside ids, quoted, and an id that has none as it is', () => {
  const [known, unknown] = ['71b36c00-6699-42a1-8681-bf3465d8250f', '81b36c00-6699-42a1-8681-bf3465d8250f']
  const asked = `gives user in project ${known} to identity ${unknown}`
  expect(saidOf({ asked, names: { [known]: 'Payments" to ada' } })).toBe(
    `gives user in project "Payments\\" to ada" (${known}) to identity ${unknown}`,
  )
})
