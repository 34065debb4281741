import { execFileSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Grant } from '../../src/access/authorize.ts'
import { nobody } from '../../src/access/duties/rules.ts'
import { insertPerson } from '../../src/access/people.ts'
import { roles } from '../../src/access/role-names.ts'
import { insertGrants } from '../../src/access/tokens.ts'
import type { Call } from '../../src/audit/record.ts'
import { operatorCall } from '../../src/commands/operator-call.ts'
import { entries } from '../../src/operations/tables.ts'
import type { Outcome } from '../../src/refusal.ts'
import { lawfully } from '../support/authority.ts'
import { createIdentity } from '../support/create-identity.ts'
import { given, openKms } from '../support/kms-under-test.ts'

/** `waits` is an admin whose own role waits for the approvers; `command` is a command of the server's machine. */
const callers = [...roles, 'waits', 'command'] as const
type Who = (typeof callers)[number]
type To = 'own' | 'approver' | 'other'

/**
 * Each operation that says who may do what, by each of the callers in their order:
 * `-` it is not his; `x` nobody is asked; `A` the approvers approve it first; `N` DUTY-OWN-APPROVER or DUTY-NO-ASKER, never.
 */
const table: Readonly<Record<string, Readonly<Record<To, string>>>> = {
  'person.invite': { own: '-A-----AN', approver: '-x-----xx', other: '-x-----xx' },
  'identity.create': { own: '-A-----AN', approver: '-x-----xx', other: '-x-----xx' },
  'role.give': { own: '--------N', approver: '-A-----AN', other: '-A-----AN' },
  'role.take': { own: '-------A-', approver: '-A-----AN', other: '-A-----AN' },
  'credential.add-secret': { own: '---------', approver: '-A-----NN', other: '-x-----xx' },
  'credential.add-api-key': { own: 'xxxxxxxxx', approver: '-A-----NN', other: '-x-----xx' },
  'credential.rotate-api-key': { own: 'xxxxxxxxx', approver: '-A-----NN', other: '-x-----xx' },
  'workload-rule.add': { own: '---------', approver: '-A-----NN', other: '-x-----xx' },
  'kmip-client.register': { own: '--------x', approver: '-A-----NN', other: '-x-----xx' },
  'sign-on.change-provider': { own: '-x-----xx', approver: '-A-----NN', other: '-x-----xx' },
  'sign-on.add-group-role': { own: '-A-----AN', approver: '-A-----AN', other: '-A-----AN' },
  'sign-on.remove-group-role': { own: '-A-----AN', approver: '-A-----AN', other: '-A-----AN' },
  'sign-on.remove-provider': { own: '-A-----AN', approver: '-A-----AN', other: '-A-----AN' },
  'person.reset': { own: 'x-------x', approver: '-A-----NN', other: '-x-----xx' },
}

let kms: Awaited<ReturnType<typeof openKms>>
const ids = new Map<string, string>()
const idOf = (name: string): string => ids.get(name) ?? expect.fail(`nobody is ${name}`)

const inProject = () => ({ organisation: kms.organisation.id, project: kms.project.id })
const inOrganisation = () => ({ organisation: kms.organisation.id, project: null })
const reading = (): Grant => ({ role: 'auditor', ...inProject() })
const free = () => ({ role: 'user' as const, ...inProject() })
const waiting = (): Grant => ({
  ...free(),
  conditions: { approvals: { count: 2, by: ['ada', 'grace', 'robot'].map(idOf), services: true } },
})

function grantsOf(who: Who): readonly Grant[] {
  if (who === 'command') return []
  if (who === 'server-admin') return [{ role: who, organisation: null, project: null }]
  if (who === 'organisation-admin') return [{ role: who, ...inOrganisation() }]
  if (who === 'waits') return [{ role: 'organisation-admin', ...inOrganisation() }, waiting()]
  return [{ role: who, ...inProject() }]
}

function callOf(who: Who): Call {
  if (who === 'command') return operatorCall()
  const session = { provedAt: new Date() }
  const circumstances = { time: new Date(), source: null }
  return kms.callAs({ identity: idOf(who), grants: grantsOf(who), session, circumstances })
}

const person = (who: Who, to: To): string => ({ own: who, approver: 'ada', other: 'bob' })[to]
const service = (who: Who, to: To): string => ({ own: who, approver: 'robot', other: 'job' })[to]
const provider = (who: Who, to: To): string => `of-${person(who, to)}`
/** Of somebody new there is no own: a role that is free, that waits for the approvers, and that uses no key. */
const newGrants = (to: To): readonly Grant[] => [{ own: free(), approver: waiting(), other: reading() }[to]]

const acts: Readonly<Record<string, (call: Call, who: Who, to: To) => Promise<Outcome<unknown>>>> = {
  'person.invite': (call, who, to) =>
    services().people.invite(call, {
      ...{ username: `new-${who}-${to}`, name: 'New', grants: newGrants(to) },
    }),
  'identity.create': (call, who, to) =>
    services().organisations.createIdentity(call, { name: `new-${who}-${to}`, grants: newGrants(to) }),
  'role.give': (call, who, to) => services().roles.give(call, { identity: idOf(person(who, to)), ...free() }),
  'role.take': (call, who, to) => services().roles.take(call, { identity: idOf(person(who, to)), ...free() }),
  'credential.add-secret': (call, who, to) =>
    services().credentials.addSecret(call, { identity: idOf(service(who, to)) }),
  'credential.add-api-key': (call, who, to) =>
    services().credentials.addApiKey(call, {
      ...{ identity: idOf(service(who, to)), name: randomUUID(), ttlSeconds: 900 },
    }),
  'credential.rotate-api-key': (call, who, to) =>
    services().credentials.rotateApiKey(call, {
      ...{ identity: idOf(service(who, to)), id: idOf(`key ${who} ${to}`), ttlSeconds: 900 },
    }),
  'workload-rule.add': (call, who, to) =>
    services().signOn.addRule(call, {
      ...{ identity: idOf(service(who, to)), name: 'rule' },
      settings: { kind: 'certificate', ca: certificate(), subject: 'DNS:a.example' },
    }),
  'kmip-client.register': (call, who, to) =>
    services().kmipRegistry.register(call, {
      ...{
        project: kms.project.id,
        identity: idOf(service(who, to)),
        name: 'client',
        certificate: certificate(),
      },
    }),
  'sign-on.change-provider': (call, who, to) =>
    services().signOn.changeProvider(call, { name: provider(who, to), settings: { groupsClaim: 'g' } }),
  'sign-on.add-group-role': (call, who, to) =>
    services().signOn.addGroupRole(call, {
      ...{ provider: provider(who, to), group: randomUUID(), grant: free() },
    }),
  'sign-on.remove-group-role': (call, who, to) =>
    services().signOn.removeGroupRole(call, {
      ...{ provider: provider(who, to), id: idOf(`role ${provider(who, to)}`) },
    }),
  'sign-on.remove-provider': (call, who, to) =>
    services().signOn.removeProvider(call, { name: provider(who, to) }),
  // Last: it ends what its person came in by.
  'person.reset': (call, who, to) => services().people.reset(call, { identity: idOf(person(who, to)) }),
}
/** Of a key of its own each time. */
const certificate = () =>
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-nodes', '-days', '2', '-subj', '/CN=client', '-keyout', '/dev/null'],
      ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  )

const services = () => kms.server.services

beforeAll(async () => {
  kms = await openKms()
  const { database } = services()
  const rows = lawfully(database)
  const invited = async (name: string, grants: readonly Grant[]) => {
    const wanted = { username: name, name, grants }
    const made = await database.change((work) => insertPerson(work, wanted, new Date(), null))
    ids.set(name, given(made).identity)
  }
  await invited('grace', [reading()])
  for (const name of ['robot', 'job'])
    ids.set(name, (await createIdentity(database, { name, grants: [reading()] })).identity)
  await invited('ada', [reading()])
  await database.change((work) => insertGrants(work, idOf('ada'), [waiting()]))
  await invited('bob', [reading(), waiting()])
  for (const who of callers) await invited(who, who === 'command' ? [reading()] : grantsOf(who))
  for (const who of callers) {
    for (const to of ['own', 'approver', 'other'] as const) {
      const id = randomUUID()
      const its = { id, identity_id: idOf(service(who, to)), name: `${who} ${to}`, made_by: null }
      const expires_at = new Date(Date.now() + 86_400_000)
      await rows.insert('token', { ...its, hash: randomBytes(32), expires_at, revoked_at: null })
      ids.set(`key ${who} ${to}`, id)
    }
  }
  const { organisation: organisation_id, project: project_id } = inProject()
  const settings = JSON.stringify({ kind: 'oidc', issuer: 'https://localhost', clientId: 'a' })
  for (const name of ['ada', 'bob', ...callers]) {
    const [id, role] = [randomUUID(), randomUUID()]
    await rows.insert('identity_provider', {
      id,
      name: `of-${name}`,
      organisation_id,
      kind: 'oidc',
      settings,
    })
    await rows.insert('member', { identity_id: idOf(name), provider_id: id, subject: name })
    await rows.insert('group_role', {
      ...{ id: role, provider_id: id, group_name: 'g', role: 'user', organisation_id, project_id },
      conditions: JSON.stringify(waiting().conditions),
    })
    ids.set(`role of-${name}`, role)
  }
})
afterAll(() => kms?.close())

const seen = new Set<string>()
function cellOf(outcome: Outcome<unknown>): string {
  // Whatever the provider itself answers: nobody was asked.
  if (outcome.ok || outcome.rule.startsWith('PROVIDER-')) return 'x'
  if (outcome.rule === 'APPROVAL-NEEDED') return 'A'
  if (outcome.rule === 'DUTY-OWN-APPROVER' || outcome.rule === 'DUTY-NO-ASKER') return 'N'
  seen.add(outcome.rule)
  return '-'
}

test('DUTY-APPROVED every operation that says who may do what, by every role, own and other', async () => {
  const found: Record<string, Record<string, string>> = {}
  for (const [name, act] of Object.entries(acts)) {
    found[name] = {}
    for (const to of ['own', 'approver', 'other'] as const) {
      found[name][to] = ''
      for (const who of callers) found[name][to] += cellOf(await act(callOf(who), who, to))
    }
  }
  const touching = entries().filter(({ touches }) => touches !== nobody)
  expect(Object.keys(table).toSorted()).toEqual(touching.map(({ name }) => name).toSorted())
  expect(found).toEqual(table)
  // None of these is a fault of what was asked.
  expect([...seen].toSorted()).toEqual([
    'IDENTITY-ABSENT',
    'OBJECT-ABSENT',
    'ROLE-REFUSED',
    'SIGN-ON-PROVIDER',
  ])
})
