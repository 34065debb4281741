import { randomUUID } from 'node:crypto'
import { encodeCanonical, verifySignature } from '@lux/crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Caller, Grant } from '../../src/access/authorize.ts'
import { reviewContext } from '../../src/access/reviews.ts'
import { insertGrants, issue } from '../../src/access/tokens.ts'
import { readCard } from '../../src/platform/state-folder/server-card.ts'
import type { Outcome } from '../../src/refusal.ts'
import { lawfully } from '../support/authority.ts'
import { createIdentity } from '../support/create-identity.ts'
import { given, openKms } from '../support/kms-under-test.ts'

let kms: Awaited<ReturnType<typeof openKms>>
let chief: Caller

beforeAll(async () => {
  kms = await openKms()
  chief = await known('chief', 'organisation-admin')
})

afterAll(() => kms.close())

async function known(name: string, role: Grant['role'], project: string | null = null): Promise<Caller> {
  const grants = [{ role, organisation: kms.organisation.id, project }]
  const { identity } = await createIdentity(kms.server.services.database, { name, grants })
  return { identity, grants }
}

test('ACCESS-REVIEW an admin signs off who has access as he saw it; what changed meanwhile is looked at again', async () => {
  const { reviews, compliance } = kms.server.services
  const organisation = kms.organisation.id
  const { access, digest } = given(await reviews.list(kms.callAs(chief), { organisation }))
  expect(access.map(({ name, roles }) => [name, roles.map(({ role }) => role)])).toEqual([
    ['chief', ['organisation-admin']],
    ['service', ['crypto-officer', 'service']],
  ])
  // Looking is a use, and changes nothing of what is signed off.
  expect(given(await reviews.list(kms.callAs(chief), { organisation })).digest).toBe(digest)
  const auditor = await known('auditor', 'auditor')
  const changed = await reviews.signOff(kms.callAs(chief), { organisation, digest })
  expect(changed).toMatchObject({ rule: 'ACCESS-CHANGED' })
  const now = given(await reviews.list(kms.callAs(chief), { organisation }))
  const { payload, signatures } = given(
    await reviews.signOff(kms.callAs(chief), { organisation, digest: now.digest }),
  )
  expect(payload).toMatchObject({
    kind: 'access-review',
    organisation,
    reviewer: chief.identity,
    access: now.digest,
    identities: 3,
    roles: 4,
  })
  const { card } = await readCard(kms.state)
  const [signature] = signatures
  if (signature === undefined) throw new Error('no signature')
  const verifies = (bytes: Uint8Array) => verifySignature(card.receiptKey, reviewContext, bytes, signature).ok
  expect(verifies(encodeCanonical(payload))).toBe(true)
  expect(verifies(encodeCanonical({ ...payload, identities: 4 }))).toBe(false)

  // Who reads the log reads it, and signs nothing off.
  const read = given(await reviews.reviews(kms.callAs(auditor), { organisation }))
  expect(read).toEqual([{ payload, signatures }])
  const refused = await reviews.signOff(kms.callAs(auditor), { organisation, digest: now.digest })
  expect(refused).toMatchObject({ rule: 'ROLE-REFUSED' })
  const { database } = kms.server.services
  await expect(database.deleteFrom('access_review').execute()).rejects.toThrow(/permission denied/)
  await expect(database.updateTable('access_review').set({ access: '[]' }).execute()).rejects.toThrow(
    /permission denied/,
  )

  // A report of compliance takes it as evidence, once a checkpoint is as new: of a time before it, there is neither a row nor a gap.
  const whole = { identity: 'a', grants: [{ role: 'auditor' as const, organisation: null, project: null }] }
  const rows = async () => {
    const report = given(await compliance.report(kms.callAs(whole), { framework: 'pci-dss' })).payload
    return report.evidence.find(({ check }) => check === 'access-reviews')
  }
  await expect
    .poll(async () => (await rows())?.rows, { timeout: 30_000, interval: 500 })
    .toEqual([['Training', 'chief', '3', now.digest, payload.time.slice(0, 10)]])
  expect((await rows())?.gaps).toEqual([])
})

test('ACCESS-REVIEW the roles of the whole server are reviewed by a server admin, not by an organisation’s', async () => {
  const { reviews } = kms.server.services
  const grants = [{ role: 'server-admin' as const, organisation: null, project: null }]
  const { identity } = await createIdentity(kms.server.services.database, { name: 'root', grants })
  const { access, digest } = given(
    await reviews.list(kms.callAs({ identity, grants }), { organisation: null }),
  )
  expect(access.map(({ name }) => name)).toEqual(['root'])
  expect(await reviews.list(kms.callAs(chief), { organisation: null })).toMatchObject({
    rule: 'ROLE-REFUSED',
  })
  given(await reviews.signOff(kms.callAs({ identity, grants }), { organisation: null, digest }))
})

test('ACCESS-REVIEW a role is taken away or given by who may give it, never by its owner, and the last ends with the identity', async () => {
  const { roles, database, reviews, authentication } = kms.server.services
  const place = { organisation: kms.organisation.id, project: kms.project.id }
  const grants = [
    { role: 'service', ...place },
    { role: 'crypto-officer', ...place },
  ] as const
  const { identity } = await createIdentity(database, { name: 'both', grants })
  const as = kms.callAs(chief)
  const rule = (outcome: Outcome<unknown>) => (outcome.ok ? 'ok' : outcome.rule)
  const service = { identity, ...grants[0] }
  expect(rule(await roles.take(kms.callAs({ identity: 'x', grants: [] }), service))).toBe('OBJECT-ABSENT')
  expect(rule(await roles.take(kms.callAs({ identity, grants }), service))).toBe('ROLE-REFUSED')
  expect(rule(await roles.take(as, service))).toBe('ok')
  expect(rule(await roles.take(as, service))).toBe('OBJECT-ABSENT')
  expect(rule(await roles.take(as, { identity, ...grants[1] }))).toBe('GRANT-REFUSED')
  const seen = given(await reviews.list(as, { organisation: place.organisation })).access.find(
    (one) => one.identity === identity,
  )
  expect(seen?.roles.map(({ role }) => role)).toEqual(['crypto-officer'])
  expect(rule(await roles.give(as, { identity, ...grants[1] }))).toBe('GRANT-REFUSED')
  const auditor = { role: 'auditor', organisation: place.organisation, project: null } as const
  expect(rule(await roles.give(as, { identity, ...auditor }))).toBe('ok')
  const admin = { role: 'server-admin', organisation: null, project: null } as const
  expect(rule(await roles.give(as, { identity, ...admin }))).toBe('ROLE-REFUSED')
  // Nobody changes his own.
  const root = await createIdentity(database, { name: 'top', grants: [admin] })
  const asRoot = kms.callAs({ identity: root.identity, grants: [admin] })
  const everywhere = { ...admin, role: 'auditor' } as const
  expect(rule(await roles.give(asRoot, { identity: root.identity, ...everywhere }))).toBe('ROLE-REFUSED')

  // A person logs in anew; a program goes on.
  const person = randomUUID()
  await lawfully(database).insert('identity', {
    ...{ id: person, name: 'Ada', client_id: null, token_ttl_seconds: 60, revoked_at: null, tenant: '' },
  })
  await database.change((work) => insertGrants(work, person, grants))
  const { accessToken } = await issue(database, person, 60)
  expect(await authentication.find(accessToken)).not.toBe('unknown')
  expect(rule(await roles.take(as, { identity: person, ...grants[0] }))).toBe('ok')
  await expect.poll(() => authentication.find(accessToken)).toBe('unknown')
})
