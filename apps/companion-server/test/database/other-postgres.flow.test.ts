import { existsSync } from 'node:fs'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { encodePolicyFile } from '@lux/ceremony/policy'
import { sql } from 'kysely'
import { expect, onTestFinished, test, vi } from 'vitest'
import { retainAudit, verifyAuditLog } from '../../src/commands/operator.ts'
import { migrateUp } from '../../src/platform/database/migrate.ts'
import { connect, openOwnerDatabase } from '../../src/platform/database/open.ts'
import { startEmbedded } from '../../src/platform/postgres/embedded.ts'
import { stateFolder } from '../../src/platform/state-folder/folder.ts'
import { pinPolicy } from '../../src/platform/state-folder/policies.ts'
import { databaseChoice, openServerParts } from '../../src/server.ts'
import { chunksOf, keysOf, realBundle } from '../support/real-bundle.ts'
import { cardOf, makeServerState, offerTransport } from '../support/server-under-test.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** Where somebody else's PostgreSQL listens, as DATABASE_URL names it. */
const urlOf = ({ host, user, database }: { host?: unknown; user?: unknown; database?: unknown }) =>
  `postgres://${String(user)}@/${String(database)}?host=${encodeURIComponent(String(host))}`

test('DATABASE-04 a PostgreSQL of its own is migrated by its owner, served from by a humble role, and no other one takes its place: DATABASE-OTHER', async () => {
  const folder = await temporaryFolder()
  const state = await makeServerState(folder)
  // `init` makes none.
  await rm(state.database, { recursive: true })
  const other = await startEmbedded(join(folder, 'elsewhere'))
  onTestFinished(() => other.stop())
  vi.stubEnv('DATABASE_URL', urlOf(other.application))
  vi.stubEnv('DATABASE_OWNER_URL', urlOf(other.owner))
  onTestFinished(() => void vi.unstubAllEnvs())
  await expect(openServerParts(state)).rejects.toMatchObject({ code: 'DATABASE-VERSION' })

  const owner = await openOwnerDatabase(databaseChoice(state))
  try {
    expect(await migrateUp(owner.database)).not.toEqual([])
    await sql.raw(`grant custody_app to ${String(other.application.user)}`).execute(owner.database)
  } finally {
    await owner.close()
  }
  const bundle = await realBundle({
    keys: keysOf('elsewhere'),
    card: await cardOf(state),
    transport: await offerTransport(state),
  })
  expect(await pinPolicy(state, 'production', encodePolicyFile(bundle.policy))).toMatchObject({ ok: true })
  const parts = await openServerParts(state)
  try {
    expect((await parts.importer.importStream(chunksOf(bundle.bytes))).state).toBe('imported')
    expect(await parts.database.selectFrom('key').select('id').execute()).toEqual([{ id: 'orders' }])
    // The embedded one was never needed.
    expect(existsSync(join(state.database, 'data'))).toBe(false)
  } finally {
    await parts.close()
  }

  // The state folder knows its database from now on, and no command begins another one.
  const all = [
    async () => (await openServerParts(state)).close(),
    () => verifyAuditLog(state, null),
    () => retainAudit(state, new Date()),
  ]
  const answersOf = async () => {
    const answers: string[] = []
    for (const work of all)
      answers.push(
        await work().then(
          () => 'done',
          ({ code }: { code: string }) => code,
        ),
      )
    return answers
  }
  const otherwise = ['DATABASE-OTHER', 'DATABASE-OTHER', 'DATABASE-OTHER']
  const unset = () => {
    vi.stubEnv('DATABASE_URL', undefined)
    vi.stubEnv('DATABASE_OWNER_URL', undefined)
  }
  const use = (database: string) => {
    vi.stubEnv('DATABASE_URL', urlOf({ ...other.application, database }))
    vi.stubEnv('DATABASE_OWNER_URL', urlOf({ ...other.owner, database }))
  }
  unset()
  expect(await answersOf()).toEqual(otherwise)
  expect(existsSync(join(state.database, 'data'))).toBe(false)
  const anywhere = connect(other.owner)
  await sql.raw('create database empty').execute(anywhere)
  await sql.raw('create database begun').execute(anywhere)
  await anywhere.destroy()
  use('empty')
  expect(await answersOf()).toEqual(otherwise)
  await expect(openOwnerDatabase(databaseChoice(state))).rejects.toMatchObject({ code: 'DATABASE-OTHER' })
  // Another one that a copy of the same state folder began.
  use('begun')
  const copy = stateFolder(join(folder, 'copy'))
  await cp(state.root, copy.root, { recursive: true })
  await rm(copy.knownDatabase)
  const begun = await openOwnerDatabase(databaseChoice(copy))
  await migrateUp(begun.database)
  await begun.close()
  const second = await openServerParts(copy)
  await second.close()
  expect(await answersOf()).toEqual(otherwise)
  use('custody')
  expect(await answersOf()).toEqual(['done', 'done', 'done'])

  vi.stubEnv('DATABASE_URL', `${urlOf(other.application)}&options=-c%20search_path%3Devil%2Cpublic`)
  await expect(openServerParts(state)).rejects.toMatchObject({ code: 'ENVIRONMENT-VARIABLE' })
  vi.stubEnv('DATABASE_URL', urlOf(other.owner))
  await expect(openServerParts(state)).rejects.toMatchObject({ code: 'DATABASE-ROLE' })
  vi.stubEnv('DATABASE_URL', `postgres://nobody@/custody?host=${encodeURIComponent(join(folder, 'no-such'))}`)
  await expect(openServerParts(state)).rejects.toMatchObject({ code: 'DATABASE-UNREACHABLE' })
})
