import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, onTestFinished, test, vi } from 'vitest'
import { answer } from '../../src/doors/kmip/answer.ts'
import { enumerations } from '../../src/doors/kmip/codec/enumerations.ts'
import { integer } from '../../src/doors/kmip/codec/fields.ts'
import { decodeItem, encodeItem } from '../../src/doors/kmip/codec/ttlv.ts'
import { writeRequest } from '../../src/doors/kmip/message/request.ts'
import { readResponse } from '../../src/doors/kmip/message/response.ts'
import { migrateUp } from '../../src/platform/database/migrate.ts'
import { connect } from '../../src/platform/database/open.ts'
import { openReader } from '../../src/platform/database/reader.ts'
import { startEmbedded } from '../../src/platform/postgres/embedded.ts'
import { openServer } from '../../src/server.ts'
import { bareHeader } from '../doors/kmip/support/bare-header.ts'
import { lawfully, withRoot } from '../support/authority.ts'
import { given, openKms } from '../support/kms-under-test.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const urlOf = ({ host, user, database }: { host?: unknown; user?: unknown; database?: unknown }) =>
  `postgres://${String(user)}@/${String(database)}?host=${encodeURIComponent(String(host))}`

/** Another PostgreSQL of this schema, that says that it is of this deployment. */
async function openElsewhere(deployment: { id: string; domain: string; audience: string }) {
  const other = await startEmbedded(join(await temporaryFolder(), 'replica'))
  const owner = connect(other.owner)
  await migrateUp(owner)
  await sql.raw(`grant custody_app to ${String(other.application.user)}`).execute(owner)
  await lawfully(withRoot(owner)).insert('deployment', { ...deployment, card: '{}' })
  await lawfully(withRoot(owner)).insert('organisation', { id: 'there', name: 'There' })
  await owner.destroy()
  return { url: urlOf(other.application), stop: () => other.stop() }
}

test('DATABASE-READ-URL lists come from the replica, from the database itself once the replica is gone, and none from another server’s', async () => {
  const kms = await openKms()
  onTestFinished(() => kms.close())
  const { database } = kms.server.services
  const { id, domain, audience } = await database
    .selectFrom('deployment')
    .select(['id', 'domain', 'audience'])
    .executeTakeFirstOrThrow()
  const replica = await openElsewhere({ id, domain, audience })
  let stopped = false
  const stop = async () => {
    if (!stopped) await replica.stop()
    stopped = true
  }
  onTestFinished(stop)
  await expect(openReader(database, { url: replica.url, deployment: 'another' })).rejects.toMatchObject({
    code: 'DATABASE-OTHER-SERVER',
  })
  let time = 0
  const reader = await openReader(database, { url: replica.url, deployment: id, now: () => time })
  onTestFinished(() => reader.close())
  const organisations = () => reader.read((from) => from.selectFrom('organisation').select('name').execute())
  expect(await organisations()).toEqual([{ name: 'There' }])
  // What was asked wrongly is not asked a second time elsewhere.
  await expect(reader.read((from) => sql`select nothing`.execute(from))).rejects.toMatchObject({
    code: '42703',
  })
  expect(await organisations()).toEqual([{ name: 'There' }])
  await stop()
  expect(await organisations()).toEqual([{ name: 'Training' }])
  time = 10_000
  expect(await organisations()).toEqual([{ name: 'Training' }])
})

test('DATABASE-READ-URL the lists of keys and the audit log read by it, and what decides does not', async () => {
  const kms = await openKms()
  const { database } = kms.server.services
  const { id, domain, audience } = await database
    .selectFrom('deployment')
    .select(['id', 'domain', 'audience'])
    .executeTakeFirstOrThrow()
  await kms.make('first')
  await kms.server.app.close()
  const replica = await openElsewhere({ id, domain, audience })
  onTestFinished(() => replica.stop())
  vi.stubEnv('DATABASE_READ_URL', replica.url)
  onTestFinished(() => void vi.unstubAllEnvs())
  const server = await openServer(kms.state, false)
  onTestFinished(() => server.app.close())
  const { keys, auditLog } = server.services
  const page = { offset: 0, limit: 10, search: null, orderBy: 'name', orderDirection: 'asc' } as const
  const call = kms.callAs(kms.caller)
  // There is nothing on this replica yet; the key by its id is the database's own.
  expect(
    given(await keys.list(call, { project: kms.project.id, page: { ...page, mayLag: true } })).total,
  ).toBe(0)
  const { authorization } = kms.headers
  const shown = await server.app.inject({
    url: `/api/v1/kms/keys?projectId=${kms.project.id}`,
    headers: { authorization },
  })
  expect(shown.json()).toEqual({ keys: [], totalCount: 0 })
  // What a program finds by other doors it acts upon: KMIP's Locate and the façades' lists are the database's own.
  expect(given(await keys.list(call, { project: kms.project.id, page })).total).toBe(1)
  const located = await answer(
    encodeItem(
      writeRequest({
        header: { ...bareHeader, version: '1.4' },
        items: [
          {
            operation: enumerations.Operation.Locate,
            ephemeral: null,
            id: null,
            extensions: [],
            payload: [],
          },
        ],
      }),
    ),
    { caller: kms.caller, organisation: kms.organisation.id, project: kms.project.id },
    {
      keys,
      now: () => new Date(),
      newReqId: () => 'test',
      roomFor: server.services.authentication.roomFor,
      fault(error) {
        throw error
      },
    },
  )
  const result = given(readResponse(given(decodeItem(located)))).items[0]?.result
  if (result?.status !== 'success') throw new Error(JSON.stringify(result))
  expect(result.payload).toContainEqual(integer('LocatedItems', 1))
  expect(given(await keys.getByName(call, { project: kms.project.id, name: 'first' })).name).toBe('first')
  const auditor = { identity: 'a', grants: [{ role: 'auditor', organisation: null, project: null }] } as const
  expect(given(await auditLog.query(kms.callAs(auditor), {})).entries).toEqual([])
  const whole = given(await auditLog.export(kms.callAs(auditor), {}))
  expect((await whole.next()).done).toBe(false)
  await whole.return(undefined)
})
