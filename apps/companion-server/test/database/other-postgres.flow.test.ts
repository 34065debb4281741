import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { encodePolicyFile } from '@lux/ceremony/policy'
import { sql } from 'kysely'
import { expect, onTestFinished, test, vi } from 'vitest'
import { migrateUp } from '../../src/platform/database/migrate.ts'
import { openOwnerDatabase } from '../../src/platform/database/open.ts'
import { startEmbedded } from '../../src/platform/postgres/embedded.ts'
import { pinPolicy } from '../../src/platform/state-folder/policies.ts'
import { databaseChoice, openServerParts } from '../../src/server.ts'
import { chunksOf, keysOf, realBundle } from '../support/real-bundle.ts'
import { cardOf, makeServerState, offerTransport } from '../support/server-under-test.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** Where somebody else's PostgreSQL listens, as DATABASE_URL names it. */
const urlOf = ({ host, user, database }: { host?: unknown; user?: unknown; database?: unknown }) =>
  `postgres://${String(user)}@/${String(database)}?host=${encodeURIComponent(String(host))}`

test('DATABASE-04 a PostgreSQL of its own is migrated by its owner, and served from by a humble role', async () => {
  const folder = await temporaryFolder()
  const state = await makeServerState(folder)
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

  vi.stubEnv('DATABASE_URL', urlOf(other.owner))
  await expect(openServerParts(state)).rejects.toMatchObject({ code: 'DATABASE-ROLE' })
  vi.stubEnv('DATABASE_URL', `postgres://nobody@/custody?host=${encodeURIComponent(join(folder, 'no-such'))}`)
  await expect(openServerParts(state)).rejects.toMatchObject({ code: 'DATABASE-UNREACHABLE' })
})
