import { encodeCanonical, verifySignature } from '@lux/crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { shredContext } from '../../src/keys/operations/ending.ts'
import { readCard } from '../../src/platform/state-folder/server-card.ts'
import { lawfully } from '../support/authority.ts'
import { given, openKms } from '../support/kms-under-test.ts'

let kms: Awaited<ReturnType<typeof openKms>>

beforeAll(async () => {
  kms = await openKms()
})

afterAll(() => kms.close())

const text = 'AAAA'
const rotation = () => kms.server.services.rotation
const keksOf = (table: 'project_kek' | 'organisation_kek') =>
  kms.server.services.database.selectFrom(table).selectAll().orderBy('version').execute()
const sealed = async (id: string) => (await kms.post(`${id}/encrypt`, { plaintext: text })).body.ciphertext
const opened = async (id: string, ciphertext: string) =>
  (await kms.post(`${id}/decrypt`, { ciphertext })).body

test('KEK-01 a project gets a new KEK: every version of every key moves under it, and the old one is gone', async () => {
  const ids = [await kms.make('one'), await kms.make('two', { algorithm: 'HMAC_256' })]
  const [one = '', two = ''] = ids
  const before = await sealed(one)
  await kms.post(`${one}/rotate`)
  const { mac } = (await kms.post(`${two}/generate-mac`, { data: text })).body
  const { importKey } = (await kms.post('/api/v1/kms/import-keys', { projectId: kms.project.id })).body
  expect(importKey.id).toBeTypeOf('string')
  const reply = await kms.post(`/api/v1/projects/${kms.project.id}/rotate-kek`)
  expect(reply.body).toEqual({ rotation: { version: 2, moved: 4, remaining: 0 } })
  const { unwrapping, database } = kms.server.services
  unwrapping.forgetAll()
  expect(await opened(one, before)).toEqual({ plaintext: text })
  expect((await kms.post(`${two}/verify-mac`, { data: text, mac })).body).toMatchObject({ macValid: true })
  expect(await opened(one, await sealed(one))).toEqual({ plaintext: text })
  const rows = await keksOf('project_kek')
  expect(rows.map(({ version, state, wrapped }) => [version, state, wrapped.length])).toEqual([
    [1, 'destroyed', 0],
    [2, 'enabled', 40],
  ])
  const versions = await database.selectFrom('key_version').select('wrapping_kek_version as under').execute()
  expect(new Set(versions.map(({ under }) => under))).toEqual(new Set([2]))
})

test('KEK-02 an organisation gets a new KEK: its projects move under it inside the token, and keys stay', async () => {
  const id = await kms.make('three')
  const ciphertext = await sealed(id)
  const chief = kms.callAs(kms.chief)
  expect(given(await rotation().rotateOrganisation(chief, { organisation: kms.organisation.id }))).toEqual({
    version: 2,
    moved: 1,
    remaining: 0,
  })
  kms.server.services.unwrapping.forgetAll()
  expect(await opened(id, ciphertext)).toEqual({ plaintext: text })
  expect((await keksOf('organisation_kek')).map(({ version, state }) => [version, state])).toEqual([
    [1, 'destroyed'],
    [2, 'enabled'],
  ])
  expect(await opened(id, await sealed(await kms.make('four')))).toMatchObject({ code: 'ENVELOPE-KEY' })
})

test('KEK-03 what was cut short goes on: by the same call, by the clock, and a call that read a row just before', async () => {
  const id = await kms.make('five')
  const ciphertext = await sealed(id)
  const { database, unwrapping } = kms.server.services
  const row = await database
    .selectFrom('key_version')
    .selectAll()
    .where('key_id', '=', id)
    .executeTakeFirstOrThrow()
  const call = kms.callAs(kms.chief)
  given(await rotation().rotateProject(call, { project: kms.project.id }))
  // As a crash leaves it: the new KEK is there, and a key is under the old one, which is kept.
  const [old, newest] = (await keksOf('project_kek')).slice(-2)
  expect([old?.state, newest?.state]).toEqual(['destroyed', 'enabled'])
  const next = given(await rotation().rotateProject(call, { project: kms.project.id }))
  expect(next.version).toBe(newest!.version + 1)
  const kept = { state: 'decrypt-only', wrapped: newest!.wrapped } as const
  await lawfully(database).update('project_kek', { version: newest!.version }, kept)
  const { row: its, mac } = await unwrapping.moveKey(
    { id, project_id: kms.project.id },
    await storedVersion(id),
    newest!.version,
  )
  const moved = { wrapped: Buffer.from(its.wrapped), mac: Buffer.from(mac) }
  await lawfully(database).update(
    'key_version',
    { key_id: id },
    { ...moved, wrapping_kek_version: newest!.version },
  )
  expect(await rotation().goOn()).toBe(1)
  expect(await rotation().goOn()).toBe(0)
  unwrapping.forgetAll()
  expect(await opened(id, ciphertext)).toEqual({ plaintext: text })
  // A call that has a row of before in its hands finds the one of now.
  unwrapping.forgetAll()
  const stale = { ...(await storedVersion(id)), mac: row.mac }
  const withOldRow = {
    ...stale,
    row: { ...stale.row, wrapped: row.wrapped, wrappingKekVersion: row.wrapping_kek_version },
  }
  const bytes = await unwrapping.useKey({ id, project_id: kms.project.id }, withOldRow, (key) => key.length)
  expect(bytes).toBe(32)
})

test('KEK-03 two calls at the same time both rotate, and neither fails nor gives the old version', async () => {
  const call = kms.callAs(kms.chief)
  const before = (await keksOf('project_kek')).at(-1)?.version ?? 0
  const both = await Promise.all(
    [1, 2].map(() => rotation().rotateProject(call, { project: kms.project.id })),
  )
  for (const one of both) expect(given(one).version).toBeGreaterThan(before)
})

test('KEY-SHREDDED at level S1 nothing brings a key back: with all rows of before and the token, it does not open', async () => {
  const { database, token } = kms.server.services
  const { card, audience } = await readCard(kms.state)
  const id = await kms.make('burnt')
  const kept = await kms.make('kept')
  const ciphertext = await sealed(kept)
  const backup = await chainOf(id)
  const wrapped = () =>
    token.use((device) =>
      device.unwrapToMemory({
        kek: { id: backup.root, chain: [{ wrapped: backup.organisation, bits: 256 }] },
        wrapped: backup.project,
      }),
    )
  const { receipt: first } = (await kms.post(`${id}/shred`, { confirmName: 'burnt' })).body
  expect(first.payload).toMatchObject({ level: 'S0', id })
  // At S0 an older database and the token still give the KEK that it was under.
  const projectKek = await wrapped()
  expect(projectKek).toHaveLength(32)

  const done = given(await rotation().rotateRoot(kms.callAs(kms.admin), {}))
  expect(done.remaining).toBe(0)
  const seen = await kms.server.services.database.authority.look()
  expect([[...(seen?.stopped ?? ['not looked'])], seen?.forged]).toEqual([[], []])
  const [receipt] = done.receipts
  expect(done.receipts).toHaveLength(1)
  expect(receipt?.payload).toMatchObject({
    level: 'S1',
    id,
    audience,
    digest: first.payload.digest,
    ancestor: { level: 'root', destroyedIn: [token.serial] },
  })
  const verdict = verifySignature(
    card.receiptKey,
    shredContext,
    encodeCanonical(receipt!.payload),
    receipt!.signatures[0],
  )
  expect(verdict).toMatchObject({ ok: true })
  expect((await kms.post(`${id}/shred`, { confirmName: 'burnt' })).body.receipt).toEqual(receipt)

  // The same rows and the same token: the root is not there, and no newer one opens what was under it.
  await expect(wrapped()).rejects.toMatchObject({ code: 'HSM-KEY-ABSENT' })
  const now = await chainOf(kept)
  for (const organisation of [backup.organisation, now.organisation])
    for (const project of [backup.project, now.project]) {
      const ofNow = organisation === now.organisation && project === now.project
      const attempt = token.use((device) =>
        device.unwrapToMemory({
          kek: { id: now.root, chain: [{ wrapped: organisation, bits: 256 }] },
          wrapped: project,
        }),
      )
      if (ofNow) expect(Buffer.from(projectKek).equals(Buffer.from(await attempt))).toBe(false)
      else await expect(attempt).rejects.toThrow()
    }
  // What was not shredded is as it was.
  kms.server.services.unwrapping.forgetAll()
  expect(await opened(kept, ciphertext)).toEqual({ plaintext: text })
  const states = await database
    .selectFrom('root_config')
    .select(['version', 'state'])
    .orderBy('version')
    .execute()
  expect(states).toEqual([
    { version: 1, state: 'destroyed' },
    { version: 2, state: 'current' },
  ])
})

async function storedVersion(id: string) {
  const row = await kms.server.services.database
    .selectFrom('key_version')
    .selectAll()
    .where('key_id', '=', id)
    .executeTakeFirstOrThrow()
  return {
    row: {
      ...({ level: 'data', owner: id, parent: kms.project.id, id, version: 1 } as const),
      algorithm: row.algorithm,
      wrapped: row.wrapped,
      wrappingKekId: row.wrapping_kek_id,
      wrappingKekVersion: row.wrapping_kek_version,
      origin: row.origin,
      bundleDigest: null,
    },
    mac: row.mac,
    state: row.state,
  }
}

/** All that is above a key, as a backup of the database has it. */
async function chainOf(id: string) {
  const { database } = kms.server.services
  const { row } = await storedVersion(id)
  const project = await database
    .selectFrom('project_kek')
    .selectAll()
    .where('project_id', '=', kms.project.id)
    .where('version', '=', row.wrappingKekVersion)
    .executeTakeFirstOrThrow()
  const organisation = await database
    .selectFrom('organisation_kek')
    .selectAll()
    .where('organisation_id', '=', kms.organisation.id)
    .where('version', '=', project.wrapping_kek_version)
    .executeTakeFirstOrThrow()
  const root = await database
    .selectFrom('root_config')
    .select('cka_id')
    .where('root_id', '=', organisation.wrapping_kek_id)
    .executeTakeFirstOrThrow()
  return { root: root.cka_id, organisation: organisation.wrapped, project: project.wrapped }
}
