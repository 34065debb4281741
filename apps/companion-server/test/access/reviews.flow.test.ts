import { encodeCanonical, verifySignature } from '@lux/crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Caller, Grant } from '../../src/access/authorize.ts'
import { reviewContext } from '../../src/access/reviews/operations.ts'
import { readCard } from '../../src/platform/state-folder/server-card.ts'
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
  const { access, digest } = given(await reviews.list(kms.callAs(chief), organisation))
  expect(access.map(({ name, roles }) => [name, roles.map(({ role }) => role)])).toEqual([
    ['chief', ['organisation-admin']],
    ['service', ['crypto-officer', 'service']],
  ])
  // Looking is a use, and changes nothing of what is signed off.
  expect(given(await reviews.list(kms.callAs(chief), organisation)).digest).toBe(digest)
  const auditor = await known('auditor', 'auditor')
  const changed = await reviews.signOff(kms.callAs(chief), { organisation, digest })
  expect(changed).toMatchObject({ rule: 'ACCESS-CHANGED' })
  const now = given(await reviews.list(kms.callAs(chief), organisation))
  const { payload, signatures } = given(
    await reviews.signOff(kms.callAs(chief), { organisation, digest: now.digest }),
  )
  expect(payload).toMatchObject({
    ...{ kind: 'access-review', organisation, reviewer: chief.identity, access: now.digest },
    ...{ identities: 3, roles: 4 },
  })
  const { card } = await readCard(kms.state)
  const [signature] = signatures
  if (signature === undefined) throw new Error('no signature')
  const verifies = (bytes: Uint8Array) => verifySignature(card.receiptKey, reviewContext, bytes, signature).ok
  expect(verifies(encodeCanonical(payload))).toBe(true)
  expect(verifies(encodeCanonical({ ...payload, identities: 4 }))).toBe(false)

  // Who reads the log reads it, and signs nothing off.
  const read = given(await reviews.reviews(kms.callAs(auditor), organisation))
  expect(read).toEqual([{ payload, signatures }])
  const refused = await reviews.signOff(kms.callAs(auditor), { organisation, digest: now.digest })
  expect(refused).toMatchObject({ rule: 'ROLE-REFUSED' })
  const { database } = kms.server.services
  await expect(database.deleteFrom('access_review').execute()).rejects.toThrow(/permission denied/)
  await expect(database.updateTable('access_review').set({ access: '[]' }).execute()).rejects.toThrow(
    /permission denied/,
  )

  // A report of compliance takes it as evidence, once a checkpoint is as new.
  const whole = { identity: 'a', grants: [{ role: 'auditor' as const, organisation: null, project: null }] }
  const rows = async () => {
    const report = given(await compliance.report(kms.callAs(whole), 'pci-dss', {})).payload
    return report.evidence.find(({ check }) => check === 'access-reviews')
  }
  await expect.poll(async () => (await rows())?.gaps, { timeout: 30_000, interval: 500 }).toEqual([])
  expect((await rows())?.rows).toEqual([['Training', 'chief', '3', now.digest, payload.time.slice(0, 10)]])
})

test('ACCESS-REVIEW the roles of the whole server are reviewed by a server admin, not by an organisation’s', async () => {
  const { reviews } = kms.server.services
  const grants = [{ role: 'server-admin' as const, organisation: null, project: null }]
  const { identity } = await createIdentity(kms.server.services.database, { name: 'root', grants })
  const { access, digest } = given(await reviews.list(kms.callAs({ identity, grants }), null))
  expect(access.map(({ name }) => name)).toEqual(['root'])
  expect(await reviews.list(kms.callAs(chief), null)).toMatchObject({ rule: 'ROLE-REFUSED' })
  given(await reviews.signOff(kms.callAs({ identity, grants }), { organisation: null, digest }))
})
