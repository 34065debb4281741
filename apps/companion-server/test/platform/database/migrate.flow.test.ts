import { sql } from 'kysely'
import { expect, test } from 'vitest'
import {
  migrateDown,
  migrateUp,
  oldestServing,
  requireCurrentSchema,
} from '../../../src/platform/database/migrate.ts'
import { migrations } from '../../../src/platform/database/migrations.ts'
import { openDatabase, openOwnerDatabase } from '../../../src/platform/database/open.ts'
import { lawfully, withRoot } from '../../support/authority.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const written = Object.keys(migrations)

/** Takes migrations back one by one, the newest first, and this one last. */
async function downThrough(database: Parameters<typeof migrateDown>[0], name: string): Promise<void> {
  for (;;) {
    const [taken, ...more] = await migrateDown(database)
    expect(more).toEqual([])
    if (taken === name) return
    // None is left, or it was passed: it was never applied.
    expect(taken ?? '').toSatisfy((one: string) => one > name)
  }
}

test('DATABASE-ROLE the application can add an audit row and cannot change, remove or truncate one', async () => {
  const opened = await openDatabase({ folder: `${await temporaryFolder()}/postgres` })
  try {
    await opened.database
      .insertInto('audit')
      .values({
        writer: 'w',
        seq: 1,
        prev: Buffer.alloc(32),
        salt: Buffer.alloc(16),
        entry: '{}',
        hash: Buffer.alloc(32),
        req_id: 'r',
        identity_id: null,
        project_id: null,
        time: new Date(),
      })
      .execute()
    for (const change of [
      'update audit set entry = $$x$$',
      'delete from audit',
      'truncate audit',
      'drop table audit',
    ]) {
      await expect(sql.raw(change).execute(opened.database)).rejects.toThrow(
        /permission denied|must be owner/,
      )
    }
    expect(await opened.database.selectFrom('audit').selectAll().execute()).toHaveLength(1)
  } finally {
    await opened.close()
  }
})

test('DATABASE-01 migrations go down to an empty schema and up again, and the rows of a restart are kept', async () => {
  const choice = { folder: `${await temporaryFolder()}/postgres` }
  const first = await openDatabase(choice)
  await lawfully(withRoot(first.database)).insert('organisation', { id: 'org', name: 'Org' })
  await first.close()

  const owner = await openOwnerDatabase(choice)
  try {
    expect(await owner.database.selectFrom('organisation').select('id').execute()).toEqual([{ id: 'org' }])
    expect(await migrateUp(owner.database)).toEqual([])
    await downThrough(owner.database, '0001-first')
    const { rows } = await sql<{ name: string }>`
      select tablename as name from pg_tables where schemaname = 'public' order by 1`.execute(owner.database)
    expect(rows.map(({ name }) => name)).toEqual(['kysely_migration', 'kysely_migration_lock'])
    expect(await migrateUp(owner.database)).toEqual(written)
  } finally {
    await owner.close()
  }
})

test('DATABASE-01 epochs from before the carried budget was kept stay, up and down', async () => {
  const choice = { folder: `${await temporaryFolder()}/postgres` }
  const { database, close } = await openOwnerDatabase(choice)
  const row = {
    fhe_key_id: '1'.repeat(64),
    epoch: 1,
    epoch_id: '2'.repeat(64),
    t: 2,
    n: 3,
    public: '3'.repeat(64),
    commitments: '4'.repeat(64),
    policy_digest: '5'.repeat(64),
    bundle_digest: '6'.repeat(64),
  }
  const epochs = async () => (await sql`select * from fhe_epoch`.execute(database)).rows
  try {
    await migrateUp(database)
    await database
      .insertInto('fhe_key')
      .values({
        ...{
          id: row.fhe_key_id,
          organisation_id: null,
          type: 'TFHE_INTEGER',
          mode: 'S',
          t: 2,
          n: 3,
          epoch: 1,
        },
        commitments: row.commitments,
        evidence: '{}',
        bundle_digest: row.bundle_digest,
      })
      .execute()
    await downThrough(database, '0003-carried-budget')
    await sql`insert into fhe_epoch ${sql.raw(`(${Object.keys(row).join()})`)}
      values (${sql.join(Object.values(row))})`.execute(database)
    expect(await migrateUp(database)).toEqual(written.slice(2))
    expect(await epochs()).toMatchObject([{ ...row, carried: null }])
    for (const wrong of [-1, 2 ** 32])
      await expect(database.updateTable('fhe_epoch').set({ carried: wrong }).execute()).rejects.toThrow(
        /fhe_epoch_carried_check/,
      )
    await database
      .updateTable('fhe_epoch')
      .set({ carried: 2 ** 32 - 1 })
      .execute()
    expect(await epochs()).toMatchObject([{ carried: '4294967295' }])
    await downThrough(database, '0003-carried-budget')
    expect(await epochs()).toMatchObject([row])
  } finally {
    await close()
  }
})

test('DATABASE-01 identities of version 0.1 keep what they may, up and down, and who has no role there leaves with it', async () => {
  const choice = { folder: `${await temporaryFolder()}/postgres` }
  const { database, close } = await openOwnerDatabase(choice)
  const grants = async () =>
    (
      await sql`select identity_id, role, organisation_id, project_id from role_grant order by 1, 2`.execute(
        database,
      )
    ).rows
  const before = async () =>
    (await sql`select id, role, organisation_id, project_id from identity order by 1`.execute(database)).rows
  try {
    await migrateUp(database)
    await downThrough(database, '0004-online-keys')
    await sql`insert into organisation (id, name) values ('o', 'O')`.execute(database)
    await sql`insert into project (id, organisation_id, name) values ('p', 'o', 'P')`.execute(database)
    for (const [id, role, place] of [
      ['1', 'user', 'p'],
      ['2', 'reader', 'p'],
      ['3', 'operator', null],
    ])
      await sql`insert into identity (id, name, role, organisation_id, project_id, client_id, client_secret_hash,
          token_ttl_seconds) values (${id}, ${id}, ${role}, ${place && 'o'}, ${place}, ${id}, ${Buffer.alloc(32)}, 60)`.execute(
        database,
      )
    const old = await before()
    await migrateUp(database)
    expect(await grants()).toEqual([
      { identity_id: '1', role: 'user', organisation_id: 'o', project_id: 'p' },
      { identity_id: '2', role: 'auditor', organisation_id: 'o', project_id: 'p' },
      { identity_id: '3', role: 'operator', organisation_id: null, project_id: null },
    ])
    await sql`insert into identity (id, name, client_id, token_ttl_seconds) values ('4', 'admin', '4', 60)`.execute(
      database,
    )
    await sql`insert into client_secret (id, identity_id, hash) values ('4', '4', ${Buffer.alloc(32)})`.execute(
      database,
    )
    await sql`insert into role_grant (identity_id, role) values ('4', 'server-admin')`.execute(database)
    await sql`insert into role_grant (identity_id, role, organisation_id, project_id)
      values ('1', 'crypto-officer', 'o', 'p')`.execute(database)
    await downThrough(database, '0004-online-keys')
    expect(await before()).toEqual(old)
  } finally {
    await close()
  }
})

test('DATABASE-VERSION a database of a newer build is refused by name, and nothing of it is changed', async () => {
  const choice = { folder: `${await temporaryFolder()}/postgres` }
  const owner = await openOwnerDatabase(choice)
  const at = 'the database is at 9999-later, which is newer than this build'
  const refused = { code: 'DATABASE-VERSION', message: expect.stringContaining(at) }
  try {
    await migrateUp(owner.database)
    await requireCurrentSchema(owner.database)
    await sql`insert into kysely_migration values ('9999-later', now())`.execute(owner.database)
    await expect(openDatabase(choice)).rejects.toMatchObject(refused)
    await expect(migrateUp(owner.database)).rejects.toMatchObject(refused)
    await expect(migrateDown(owner.database)).rejects.toMatchObject(refused)
    await expect(requireCurrentSchema(owner.database)).rejects.toMatchObject(refused)
  } finally {
    await owner.close()
  }
})

test('DATABASE-VERSION a newer database says from which build on it may be served, and such a build starts again on it', async () => {
  const choice = { folder: `${await temporaryFolder()}/postgres` }
  const owner = await openOwnerDatabase(choice)
  const say = (text: string) =>
    sql`comment on table kysely_migration is ${sql.lit(text)}`.execute(owner.database)
  try {
    await migrateUp(owner.database)
    const newest = written.at(-1)
    const { rows } = await sql<{ said: string }>`
      select obj_description('kysely_migration'::regclass, 'pg_class') as said`.execute(owner.database)
    expect(rows).toEqual([{ said: `served from 0038-workload-rules until ${newest}` }])
    await sql`insert into kysely_migration values ('9999-later', now())`.execute(owner.database)
    await say(`served from ${newest} until 9999-later`)
    expect(await migrateUp(owner.database)).toEqual([])
    await requireCurrentSchema(owner.database)
    await (await openDatabase(choice)).close()
    await expect(migrateDown(owner.database)).rejects.toMatchObject({ code: 'DATABASE-VERSION' })
    // From a later build on, or nothing that can be read.
    for (const text of [
      ...[`served from ${newest} until ${newest}`, 'served from 9999-later until 9999-later'],
      ...['served from  until 9999-later', 'something else'],
    ]) {
      await say(text)
      await expect(requireCurrentSchema(owner.database)).rejects.toMatchObject({ code: 'DATABASE-VERSION' })
    }
    // The database of another branch: one of this build's migrations was never run there.
    await say(`served from ${newest} until 9999-later`)
    await sql`delete from kysely_migration where name = '0003-carried-budget'`.execute(owner.database)
    await expect(requireCurrentSchema(owner.database)).rejects.toMatchObject({ code: 'DATABASE-VERSION' })
    await expect(migrateUp(owner.database)).rejects.toMatchObject({ code: 'DATABASE-VERSION' })
  } finally {
    await owner.close()
  }
})

test('DATABASE-01 a role that goes stays with its times, whoever takes it, and nobody changes that', async () => {
  const choice = { folder: `${await temporaryFolder()}/postgres` }
  const { database, close } = await openDatabase(choice)
  try {
    await sql`insert into identity (id, name, client_id, token_ttl_seconds) values ('1', 'a', '1', 60)`.execute(
      database,
    )
    // As a build of before the migration gives and takes one.
    await sql`insert into role_grant (identity_id, role) values ('1', 'auditor')`.execute(database)
    const columns = [
      'identity_id',
      'role',
      'organisation_id',
      'project_id',
      'conditions',
      'created_at',
    ] as const
    const [given] = await database.selectFrom('role_grant').select(columns).execute()
    await database.deleteFrom('role_grant').where('identity_id', '=', '1').execute()
    const ended = await database.selectFrom('role_grant_ended').selectAll().execute()
    expect(ended).toEqual([{ ...given, ended_at: expect.any(Date) }])
    await expect(database.deleteFrom('role_grant_ended').execute()).rejects.toThrow('permission denied')
  } finally {
    await close()
  }
})

test('DATABASE-VERSION an older build serves after the migrations that say so, and after no other', () => {
  const step = (servedByOlder?: boolean) => ({
    up: async () => undefined,
    ...(servedByOlder ? { servedByOlder } : {}),
  })
  const steps = { a: step(), b: step(), c: step(true), d: step(true), e: step(), f: step(true) }
  expect(oldestServing(['a', 'b', 'c', 'd'], steps)).toBe('b')
  expect(oldestServing(['a', 'b', 'c', 'd', 'e'], steps)).toBe('e')
  expect(oldestServing(['a', 'b', 'c', 'd', 'e', 'f'], steps)).toBe('e')
  expect(oldestServing(['a', 'unknown'], steps)).toBe('unknown')
})
