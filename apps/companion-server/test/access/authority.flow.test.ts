import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { Grant } from '../../src/access/authorize.ts'
import { openKmipClients } from '../../src/access/kmip-clients.ts'
import { insertPerson } from '../../src/access/people.ts'
import { forgetEndedTokens, hashSecret } from '../../src/access/tokens.ts'
import { tellAccepted, tellAuthority } from '../../src/alerts/authority.ts'
import { acceptState } from '../../src/commands/accept-state.ts'
import { verifyAuditLog } from '../../src/commands/operator.ts'
import { openKeyRepository } from '../../src/keys/repository.ts'
import { atOneMoment } from '../../src/platform/database/authority/look.ts'
import { sentencesOf } from '../../src/platform/database/authority/says.ts'
import { authorityNames } from '../../src/platform/database/authority/tables.ts'
import { type OpenDatabase, openOwnerDatabase } from '../../src/platform/database/open.ts'
import { openServer } from '../../src/server.ts'
import { enter } from '../../src/sign-on/members.ts'
import { openProviders } from '../../src/sign-on/providers.ts'
import { scimClient } from '../../src/sign-on/scim/operations.ts'
import { lawfully } from '../support/authority.ts'
import { given, openKms } from '../support/kms-under-test.ts'
import { pinFileOf } from '../support/server-under-test.ts'

// Whoever writes the database: what each of these did before authority was sealed, and what it comes to now.
let kms: Awaited<ReturnType<typeof openKms>>
let owner: OpenDatabase
let key = ''
let service: Grant

beforeAll(async () => {
  kms = await openKms()
  owner = await openOwnerDatabase({ folder: kms.state.database })
  key = await kms.make('orders')
  service = { role: 'service', organisation: kms.organisation.id, project: kms.project.id }
})
afterAll(() => kms.close())
beforeEach(async () => expect(await stopped()).toEqual([]))

const services = () => kms.server.services
const run = (text: string) => sql.raw(text).execute(owner.database)
const look = async () =>
  (await services().database.authority.look()) ?? { stopped: new Map(), forged: [], rows: [] }
const stopped = async () => [...(await look()).stopped.keys()]
function forget(): void {
  services().authentication.forget()
  services().unwrapping.forgetAll()
}

const openWorker = () =>
  openServer(kms.state, false, {
    worker: {
      database: kms.server.databaseSettings,
      // Lent: the main process closes it.
      token: Object.assign(Object.create(services().token), { close: async () => undefined }),
      counts: { count: () => 0 },
      onFigures: () => undefined,
      allFigures: async () => [],
    },
  })

/** Tables as they are now, put back later as they were, by who owns the database. */
async function keep(...tables: readonly string[]): Promise<() => Promise<void>> {
  const copies = new Map<string, string>()
  for (const table of tables) {
    const { rows } = await sql<{ kept: string }>`
      select coalesce(json_agg(one), '[]')::text as kept from ${sql.table(table)} one`.execute(owner.database)
    copies.set(table, rows[0]?.kept ?? '[]')
  }
  return async () => {
    await owner.database.transaction().execute(async (work) => {
      await sql`set local session_replication_role = replica`.execute(work)
      for (const [table, kept] of copies) {
        await sql`delete from ${sql.table(table)}`.execute(work)
        await sql`insert into ${sql.table(table)}
          select * from json_populate_recordset(null::${sql.table(table)}, ${kept}::json)`.execute(work)
      }
    })
    forget()
  }
}

async function use(bearer: string): Promise<string> {
  const reply = await kms.server.app.inject({
    method: 'POST',
    url: `/api/v1/kms/keys/${key}/encrypt`,
    payload: { plaintext: 'AAAA' },
    headers: { authorization: bearer },
  })
  return reply.json().code ?? 'ok'
}

test('ROW-FORGED a token that the database has and the server never gave is nobody’s', async () => {
  const back = await keep('token')
  const secret = randomBytes(32).toString('base64url')
  await sql`insert into token (id, hash, identity_id, expires_at)
    values ('forged', ${hashSecret(secret)}, ${kms.caller.identity}, now() + interval '1 day')`.execute(
    owner.database,
  )
  expect(await use(`Bearer ${secret}`)).toBe('ROW-FORGED')
  // It is named, and everybody else goes on.
  expect(await look()).toMatchObject({ forged: ['token forged'], stopped: new Map() })
  expect(await services().readiness.look()).toEqual([{ part: 'authority', code: 'ROW-FORGED' }])
  expect(await use(kms.headers.authorization)).toBe('ok')
  await back()
  // Neither is a good one of somebody else.
  const other = await kms.bearer([{ ...service, role: 'auditor' }])
  const own = await keep('token')
  await sql`update token set identity_id = ${kms.caller.identity} where hash = ${kms.hashOf(other)}`.execute(
    owner.database,
  )
  expect(await use(other)).toBe('ROW-FORGED')
  expect(await stopped()).toEqual([kms.organisation.id])
  await own()
})

test('ROW-FORGED a role that the database has and nobody gave is none, and conditions are those that it was given under', async () => {
  const bearer = await kms.bearer([{ ...service, role: 'auditor' }])
  const narrowed = await kms.bearer([{ ...service, conditions: { keyNames: ['nothing'] } }])
  const [refused, within] = [await use(bearer), await use(narrowed)]
  const back = await keep('role_grant')
  await sql`insert into role_grant (identity_id, role, organisation_id, project_id)
    select identity_id, 'service', ${kms.organisation.id}, ${kms.project.id}
    from token where hash = ${kms.hashOf(bearer)}`.execute(owner.database)
  await run(`update role_grant set conditions = null where conditions is not null`)
  forget()
  expect([refused, await use(bearer)]).toEqual(['ROLE-REFUSED', 'ROW-FORGED'])
  expect([within, await use(narrowed)]).toEqual(['CONDITION-UNMET', 'ROW-FORGED'])
  await run(`update key set is_exportable = true where id = '${key}'`)
  // accept-state says who would have what.
  const said = await sentencesOf(services().database, (await look()).rows)
  const place = `in project Payments (${kms.project.id}), under no condition`
  expect(said.filter((one) => one.includes(`has the role service ${place}`))).toHaveLength(2)
  expect(said.join()).toMatch(/another \([^)]+\) has the role service/)
  expect(said.join()).toContain(`key ${key}: key orders in project Payments (${kms.project.id}): exportable`)
  await run(`update key set is_exportable = false where id = '${key}'`)
  await back()
})

test('ROW-FORGED nobody enrols by a code that the database has and the server never made', async () => {
  const { database, people } = services()
  const invited = await database.change((work) =>
    insertPerson(work, { username: 'ada', name: 'Ada', grants: [service] }, new Date(), null),
  )
  const asked = { door: 'direct', reqId: 'test', source: 'here' } as const
  const back = await keep('person')
  await sql`update person set enrolment_hash = ${hashSecret('known')} where identity_id = ${given(invited).identity}`.execute(
    owner.database,
  )
  await expect(people.beginEnrolment('known', asked)).rejects.toMatchObject({ code: 'ROW-FORGED' })
  await back()
  given(await people.beginEnrolment(given(invited).code, asked))
})

test.each([
  ['key', `is_exportable = true`],
  ['key', `is_disabled = not is_disabled`],
  ['key', `envelope_id = decode(repeat('ab', 16), 'hex')`],
  ['key_version', `state = 'decrypt-only'`],
  ['project_kek', `state = 'decrypt-only'`],
  ['organisation_kek', `wrapping_kek_version = wrapping_kek_version + 1`],
  ['organisation_kek', `state = 'revoked'`],
  ['root_config', `state = 'retained'`],
  ['token', `expires_at = now() + interval '9 years'`],
  ['identity', `revoked_at = now()`],
  ['client_secret', `hash = decode(repeat('ab', 32), 'hex')`],
  ['deployment', `set_up_at = null, sign_on_required = true`],
])('ROW-FORGED %s is as the server left it: %s is found', async (table, change) => {
  const back = await keep(table)
  await run(`update ${table} set ${change}`)
  forget()
  // Known by itself, and before anybody has looked at the whole.
  if (/^key|kek$|^root/.test(table)) expect(await use(kms.headers.authorization)).toBe('ROW-FORGED')
  const { stopped, forged } = await look()
  expect(forged.every((name) => name.startsWith(`${table} `))).toBe(true)
  expect([...stopped.keys()]).toContain(/^(deployment|root_config)$/.test(table) ? '' : kms.organisation.id)
  await back()
})

test('ROW-FORGED nobody has a role by a group, a member or a provider that the database has and the server never wrote', async () => {
  const { database } = services()
  const by = lawfully(database)
  const place = { organisation_id: kms.organisation.id, project_id: kms.project.id }
  const provider = { id: 'corp', name: 'corp', kind: 'oidc', settings: '{}' } as const
  await by.insert('identity_provider', { ...provider, organisation_id: kms.organisation.id })
  const auditors = { id: 'g1', provider_id: 'corp', group_name: 'staff', role: 'auditor' } as const
  await by.insert('group_role', { ...auditors, ...place })
  await by.insert('group_role', { ...auditors, id: 'g2', group_name: 'chiefs', role: 'service', ...place })
  const proven = { subject: 'ada', name: 'Ada', groups: ['staff'], provedAt: null }
  const logIn = () => database.change((work) => enter(work, 'corp', 'ada', proven))
  given(await logIn())
  await by.insert('member_group', { id: 'others', provider_id: 'corp', name: 'chiefs' })
  const attacks: readonly (readonly [string, string])[] = [
    [
      'group_role',
      `insert into group_role select 'forged', provider_id, group_name, 'service', organisation_id, project_id,
      null, authority_tenant, authority_mac from group_role where id = 'g1'`,
    ],
    ['group_role', `update group_role set role = 'operator' where id = 'g1'`],
    ['member', `update member set groups = '["staff", "chiefs"]'`],
    [
      'member',
      `update member set subject = 'mallory'; insert into member (identity_id, provider_id, subject)
      select id, 'corp', 'ada' from identity where name = 'service' limit 1`,
    ],
    ['member_of_group', `insert into member_of_group (group_id, identity_id) values ('others', 'ada')`],
    [
      'member_group',
      `update member_group set name = 'staff'; insert into member_of_group
      select id, 'ada', authority_tenant from member_group`,
    ],
    ['identity_provider', `update identity_provider set removed_at = null, organisation_id = null`],
  ]
  for (const [table, attack] of attacks) {
    const back = await keep('member_of_group', 'member_group', 'member', 'group_role', 'identity_provider')
    await run(attack)
    await expect(logIn(), attack).rejects.toMatchObject({ code: 'ROW-FORGED' })
    expect((await look()).forged.join(), attack).toContain(table)
    await back()
    expect(await stopped(), attack).toEqual([])
  }
  // Whom the server left with a role less has it no more where the row is gone that says so.
  for (const table of ['group_role', 'member', 'member_group']) {
    const back = await keep('member_of_group', table)
    await run(`delete from ${table}`)
    expect(await stopped(), table).toEqual([kms.organisation.id])
    await back()
  }
  const roles = await database
    .selectFrom('role_grant')
    .select('role')
    .where('identity_id', '=', 'ada')
    .execute()
  expect(roles).toEqual([{ role: 'auditor' }])
  // Its people are sent to no other address, and nobody provisions by a token that it was not given.
  const back = await keep('identity_provider')
  await run(`update identity_provider set settings = '{"issuer":"https://mallory.example"}',
    scim_token_hash = '\\x${hashSecret('x').toString('hex')}'`)
  const [said] = await sentencesOf(database, (await look()).rows)
  expect(said).toMatch(/with \{"issuer":"https:\/\/mallory\.example"\}, SCIM token [0-9a-f]{8}/)
  const key = async () => new Uint8Array(32)
  const configured = openProviders({ database, key }).providerOf('corp')
  await expect(configured).rejects.toMatchObject({ code: 'ROW-FORGED' })
  await expect(scimClient(database, 'x')).rejects.toMatchObject({ code: 'ROW-FORGED' })
  await back()
})

test('ROW-FORGED nobody speaks KMIP by a certificate that was not registered, and a key elsewhere is used as it was configured', async () => {
  const { database } = services()
  const by = lawfully(database)
  const of = { organisation_id: kms.organisation.id, project_id: kms.project.id }
  const [own, another] = [randomBytes(32), randomBytes(32)]
  await by.insert('kmip_client', {
    ...{ spki: own, name: 'own', identity_id: kms.caller.identity, project_id: kms.project.id },
    expires_at: new Date(Date.now() + 86_400_000),
  })
  const atAws = { provider: 'aws', settings: '{}', credentials: Buffer.of(1), key_use: 'encrypt-decrypt' }
  await by.insert('external_key', { ...of, ...atAws, id: 'far', name: 'far', created_by: 'x' })
  const clients = openKmipClients(database, () => new Date())
  given(await clients.find(own, null))
  const attacks: readonly string[] = [
    `insert into kmip_client select '\\x${another.toString('hex')}', name, identity_id, project_id, expires_at, created_at,
      revoked_at, authority_tenant, authority_mac from kmip_client`,
    `update kmip_client set spki = '\\x${another.toString('hex')}'`,
    `update kmip_client set identity_id = (select id from identity where id != identity_id limit 1)`,
    `update kmip_client set expires_at = now() + interval '9 years'`,
  ]
  for (const [at, attack] of attacks.entries()) {
    const back = await keep('kmip_client')
    await run(attack)
    const asked = openKmipClients(database, () => new Date()).find(at < 2 ? another : own, null)
    await expect(asked, attack).rejects.toMatchObject({ code: 'ROW-FORGED' })
    await back()
  }
  const back = await keep('external_key')
  await run(`update external_key set key_use = 'sign-verify', public_key = '\\x00'`)
  const reply = await kms.call('GET', '/api/v1/external-keys/far')
  expect(reply.body.code).toBe('ROW-FORGED')
  await back()
  for (const table of ['kmip_client', 'external_key']) {
    const back = await keep(table)
    await run(`delete from ${table}`)
    expect(await stopped(), table).toEqual([kms.organisation.id])
    await back()
  }
})

test('ROW-FORGED a database that answers with another row than was asked for opens no door', async () => {
  const { database } = services()
  const { hash } = await database.selectFrom('token').select('hash').executeTakeFirstOrThrow()
  const rows = await database.selectFrom('token').selectAll().where('hash', '=', hash).execute()
  await database.authority.vouch('token', rows, { hash })
  for (const asked of [{ hash: hashSecret('made up') }, { identity_id: ['nobody', 'else'] }])
    await expect(database.authority.vouch('token', rows, asked)).rejects.toMatchObject({ code: 'ROW-FORGED' })

  // An operator of the owner's own, which finds everything equal.
  await run(`create schema evil;
    grant usage on schema evil to public;
    create function evil.same(bytea, bytea) returns boolean language sql as 'select true';
    create operator evil.= (leftarg = bytea, rightarg = bytea, function = evil.same)`)
  const { rows: named } = await sql<{ name: string }>`select current_database() as name`.execute(
    owner.database,
  )
  const name = named[0]?.name ?? ''
  await run(`alter database ${name} set search_path = evil, pg_catalog, public`)
  const afresh = () =>
    run('select pg_terminate_backend(pid) from pg_stat_activity where usename <> current_user')
  await afresh()
  try {
    await expect.poll(() => use(`Bearer ${randomBytes(32).toString('base64url')}`)).toBe('ACCESS-REFUSED')
  } finally {
    await run(`alter database ${name} reset search_path; drop schema evil cascade`)
    await afresh()
    await expect.poll(() => use(kms.headers.authorization)).toBe('ok')
  }
})

test('AUTHORITY-OTHER a server that is kept from looking serves nobody, and says so', async () => {
  const bearer = await kms.bearer([service])
  const part = async () => {
    const reply = await kms.server.app.inject({ method: 'GET', url: '/readiness' })
    return [reply.statusCode, reply.json().error]
  }
  const longAgo = performance.now() - 180_000
  const now = vi.spyOn(performance, 'now').mockImplementation(() => longAgo)
  await look()
  await run('revoke select on authority_set from custody_app')
  try {
    // A look that had begun before is over too, as long ago: from here on none ends well.
    await expect(services().database.authority.look()).rejects.toThrow()
    now.mockRestore()
    expect(await use(bearer)).toBe('AUTHORITY-OTHER')
    expect(await part()).toEqual([503, 'AUTHORITY-OTHER'])
  } finally {
    await run('grant select on authority_set to custody_app')
  }
  // The next that is asked looks.
  expect(await use(bearer)).toBe('ok')
  expect(await part()).toEqual([200, undefined])
})

test('ROW-FORGED an ended token that the server never gave stays, and keeps no other from being forgotten', async () => {
  const { database } = services()
  const ended = { identity_id: kms.caller.identity, expires_at: new Date(Date.now() - 2 * 86_400_000) }
  const ids = Array.from({ length: 5 }, (_, at) => `ended ${at}`)
  for (const id of ids)
    await lawfully(database).insert('token', { ...ended, id, hash: hashSecret(id), revoked_at: null })
  await sql`insert into token (id, hash, identity_id, expires_at)
    values ('ended', ${hashSecret('ended')}, ${ended.identity_id}, ${ended.expires_at})`.execute(
    owner.database,
  )
  await forgetEndedTokens(database, 2)
  const left = await database.selectFrom('token').select('id').where('id', 'like', 'ended%').execute()
  expect(left).toEqual([{ id: 'ended' }])
  await run(`delete from token where id = 'ended'`)
})

test('ROW-FORGED a key that somebody else made due is neither rotated nor destroyed, and keeps no other from its turn', async () => {
  const { database, keys, clock } = services()
  const [early, late, gone, kept] = [
    await kms.make('due-early'),
    await kms.make('due'),
    await kms.make('ends'),
    await kms.make('ends-early'),
  ] as const
  const [past, long] = [new Date(Date.now() - 1000), `now() - interval '1 day'`]
  await lawfully(database).update('key', { id: late }, { rotate_at: past, rotate_every_days: 30 })
  await lawfully(database).update('key', { id: gone }, { is_disabled: true, destroy_at: past })
  await run(`update key set rotate_every_days = 30, rotate_at = ${long} where id = '${early}'`)
  await run(`update key set is_disabled = true, destroy_at = ${long} where id = '${kept}'`)
  expect(await keys.rotateDue()).toBe(1)
  expect(await keys.keepTime(clock)).toMatchObject({ value: 1 })
  // However many there are: they are asked for one by one here, and a thousand at once else.
  const more = await Promise.all(['ends-too', 'ends-then', 'ends-last'].map((name) => kms.make(name)))
  const all = [...more, kept].toSorted()
  const [last = ''] = all.splice(-1)
  for (const id of all)
    await run(`update key set is_disabled = true, destroy_at = ${long} where id = '${id}'`)
  await run(`update key set is_disabled = false, destroy_at = null where id = '${last}'`)
  await lawfully(database).update('key', { id: last }, { is_disabled: true, destroy_at: past })
  const done: string[] = []
  const each = async ({ id }: { id: string }) => void done.push(id)
  expect([await openKeyRepository(database).destroyDue(new Date(), each, 1), done]).toEqual([1, [last]])
  await lawfully(database).update('key', { id: last }, { is_disabled: false, destroy_at: null })
  for (const id of all) await run(`update key set is_disabled = false, destroy_at = null where id = '${id}'`)
  await run(`update key set is_disabled = true, destroy_at = ${long} where id = '${kept}'`)
  const states = await database
    .selectFrom('key_version')
    .select(['key_id', 'version', 'state'])
    .where('key_id', 'in', [early, late, gone, kept])
    .execute()
  const of = (id = '') => states.filter(({ key_id }) => key_id === id).map(({ state }) => state)
  expect([of(early), of(late).length, of(gone), of(kept)]).toEqual([
    ['enabled'],
    2,
    ['destroyed'],
    ['enabled'],
  ])
  await run(`update key set rotate_every_days = null, rotate_at = null where id = '${early}'`)
  await run(`update key set is_disabled = false, destroy_at = null where id = '${kept}'`)
})

test('AUTHORITY-OTHER the look at many rows ends by no limit that is for requests', async () => {
  const { rows } = await atOneMoment(services().database, (from) =>
    sql<{ statement_timeout: string }>`show statement_timeout`.execute(from),
  )
  expect(rows).toEqual([{ statement_timeout: '1min' }])
})

test('AUTHORITY-OTHER a row that is gone and a table that is put back stop their organisation, and no other', async () => {
  const { organisations } = services()
  const { id: second } = given(
    await organisations.createOrganisation(kms.callAs(kms.admin), { name: 'Second' }),
  )
  const other = await kms.bearer([{ role: 'organisation-admin', organisation: second, project: null }])
  const alive = async () => {
    const reply = await kms.server.app.inject({
      method: 'GET',
      url: `/api/v1/projects?organisationId=${second}`,
      headers: { authorization: other },
    })
    return reply.statusCode
  }
  const ended = await kms.bearer([{ ...service, conditions: { keyNames: ['orders'] } }])
  const [roles, tokens] = [await keep('role_grant'), await keep('token')]
  await run(`delete from role_grant where conditions is not null`)
  expect(await stopped()).toEqual([kms.organisation.id])
  expect(await use(kms.headers.authorization)).toBe('AUTHORITY-OTHER')
  expect(await services().readiness.look()).toEqual([{ part: 'authority', code: 'AUTHORITY-OTHER' }])
  expect(await alive()).toBe(200)
  // Whoever has a webhook hears of it, once a day, and of others' only what concerns all.
  const { database } = services()
  const hook = {
    name: 'hook',
    url: 'https://hook.example',
    secret_sealed: Buffer.of(1),
    created_at: new Date(),
  }
  for (const organisation_id of [kms.organisation.id, second])
    await database
      .insertInto('webhook')
      .values({ ...hook, id: organisation_id, organisation_id })
      .execute()
  for (const hours of [0, 1, 25]) {
    const seen = database.authority.seen
    await tellAuthority(database, new Date(Date.now() + hours * 3_600_000), seen)
  }
  const told = await database
    .selectFrom('webhook_delivery')
    .select(['webhook_id', 'event', 'body'])
    .where('event', '=', 'authority')
    .execute()
  expect(told.map(({ webhook_id, body }) => [webhook_id, JSON.parse(body).data])).toEqual([
    [kms.organisation.id, { code: 'AUTHORITY-OTHER', of: 'organisation' }],
    [kms.organisation.id, { code: 'AUTHORITY-OTHER', of: 'organisation' }],
  ])
  // Whoever accepts twice did two things.
  for (const _ of [1, 2]) await tellAccepted(database, new Date(), database.authority.seen)
  const accepted = await database
    .selectFrom('webhook_delivery')
    .select('id')
    .where('webhook_id', '=', second)
    .where('body', 'like', '%AUTHORITY-ACCEPTED%')
    .execute()
  expect(accepted).toHaveLength(2)
  await roles()
  expect(await stopped()).toEqual([])
  expect(await use(ended)).toBe('ok')

  // One table as it was before a token was revoked: each of its rows is the server's own.
  const revoked_at = new Date()
  await lawfully(services().database).update('token', { hash: kms.hashOf(ended) }, { revoked_at })
  const now = await keep('token')
  await tokens()
  expect(await stopped()).toEqual([kms.organisation.id])
  expect(await use(ended)).toBe('AUTHORITY-OTHER')
  expect(await alive()).toBe(200)
  await now()
})

test('ROW-FORGED a row of the server’s own that is put back grants nothing, at no server, though a look is shown another', async () => {
  const bearer = await kms.bearer([service])
  const second = await openWorker()
  const useAtSecond = async () => {
    const reply = await second.app.inject({
      method: 'POST',
      url: `/api/v1/kms/keys/${key}/encrypt`,
      payload: { plaintext: 'AAAA' },
      headers: { authorization: bearer },
    })
    return reply.json().code ?? 'ok'
  }
  expect([await use(bearer), await useAtSecond()]).toEqual(['ok', 'ok'])
  const hash = kms.hashOf(bearer)
  const back = await keep('token')
  await lawfully(services().database).update('token', { hash }, { revoked_at: new Date() })
  const now = await keep('token')
  await back()
  expect(await use(bearer)).toBe('ROW-FORGED')
  // The other server hears of the change.
  await expect.poll(useAtSecond, { timeout: 20_000 }).toBe('ROW-FORGED')
  // Nor is it made new by a change of it.
  const { database } = services()
  const renewed = lawfully(database).update('token', { hash }, { expires_at: new Date(Date.now() + 1e9) })
  await expect(renewed).rejects.toMatchObject({ code: 'ROW-FORGED' })
  await now()
  // A superuser hides from the look what he puts back.
  const gone = await kms.bearer([service])
  const hidden = kms.hashOf(gone)
  const { id } = await database
    .selectFrom('token')
    .select('id')
    .where('hash', '=', hidden)
    .executeTakeFirstOrThrow()
  const there = await keep('token')
  await lawfully(database).remove('token', { id })
  await there()
  await run(`alter table token enable row level security;
    create policy seen on token using (id <> '${id}' or current_setting('transaction_isolation') <> 'repeatable read')`)
  expect(await stopped()).toEqual([])
  expect(await use(gone)).toBe('ROW-FORGED')
  await run(
    `drop policy seen on token; alter table token disable row level security; delete from token where id = '${id}'`,
  )
  await second.app.close()
})

test('AUTHORITY-OTHER servers that change one database at once, and look at it meanwhile, raise no false alarm', async () => {
  const second = await openWorker()
  const databases = [services().database, second.services.database]
  const seen = new Set<string>()
  let busy = true
  const looking = databases.map(async ({ authority }) => {
    while (busy) for (const tenant of (await authority.look())?.stopped.keys() ?? []) seen.add(tenant)
  })
  const { credentials } = kms
  await Promise.all(
    Array.from({ length: 8 }, async (_, at) => {
      for (let round = 0; round < 3; round++) {
        const { authentication } = [services(), second.services][at % 2] ?? services()
        const made = await authentication.logIn(credentials.clientId, credentials.clientSecret, 'here')
        if (made === 'refused') throw new Error('refused')
        // What one server gives counts at the other at once, while both renew it and read it.
        const { accessToken } = made
        const both = [services(), second.services].map((its) => its.authentication)
        for (const { find, renew } of both) {
          expect(await find(accessToken)).not.toBe('unknown')
          await Promise.all(both.map((each) => each.find(accessToken)).concat(renew(accessToken) as never))
        }
      }
    }),
  )
  busy = false
  await Promise.all(looking)
  await second.app.close()
  expect([...seen]).toEqual([])
})

test('AUTHORITY-OTHER a database put back whole is found at the next start, and taken by the token’s officer alone', {
  timeout: 120_000,
}, async () => {
  const everything = ['authority_set', ...authorityNames]
  const back = await keep(...everything)
  const bearer = await kms.bearer([service])
  expect(await stopped()).toEqual([])
  const { tenant, counter } =
    services()
      .database.authority.heads()
      .find((one) => one.tenant !== '') ?? {}
  await kms.make('checkpointed')
  const named = () =>
    sql`select 1 from audit_checkpoint, jsonb_array_elements(payload::jsonb -> 'authority') as one
      where one ->> 'tenant' = ${tenant} and (one ->> 'counter')::bigint >= ${String(counter)}::bigint`.execute(
      owner.database,
    )
  await expect.poll(async () => (await named()).rows.length, { timeout: 30_000 }).toBeGreaterThan(0)
  const pinned = JSON.parse(await readFile(kms.state.authority, 'utf8'))
  expect(pinned.heads.map(([tenant]: [string]) => tenant)).toContain(kms.organisation.id)
  await back()
  expect(await use(bearer)).toBe('ACCESS-REFUSED')
  // The log's checkpoints know of the newer state, whatever becomes of the state folder.
  expect(await verifyAuditLog(kms.state, null)).toMatchObject({ rule: 'AUTHORITY-OTHER' })
  // Nobody has looked yet: no change makes the older state newer than the one that is known.
  const { clientId, clientSecret } = kms.credentials
  const loggedIn = services().authentication.logIn(clientId, clientSecret, 'here')
  await expect(loggedIn).rejects.toMatchObject({ code: 'AUTHORITY-OTHER' })
  expect(await stopped()).toEqual([kms.organisation.id])
  const worker = await openWorker()
  expect([...worker.services.database.authority.seen.stopped.keys()]).toEqual([kms.organisation.id])
  await worker.app.close()
  await owner.close()
  await kms.server.app.close()

  const reopened = await openServer(kms.state, false)
  expect([...reopened.services.database.authority.seen.stopped.keys()]).toEqual([kms.organisation.id])
  const hash = kms.hashOf(kms.headers.authorization)
  const outrun = lawfully(reopened.services.database).update('token', { hash }, { revoked_at: new Date() })
  await expect(outrun).rejects.toMatchObject({ code: 'AUTHORITY-OTHER' })
  await reopened.app.close()
  const shown: string[] = []
  const show = (other: { stopped: readonly { why: string }[] }) =>
    void shown.push(...other.stopped.map(({ why }) => why))
  const wrong = await acceptState(kms.state, show, async () => Buffer.from('0000'))
  expect(wrong).toMatchObject({ ok: false, rule: 'ACCEPT-PIN' })
  expect(shown.join()).toContain(kms.organisation.id)
  const pin = async () => Buffer.from((await readFile(await pinFileOf(kms.state), 'utf8')).trim())
  // What comes after it was shown is not taken with it.
  const acts = [
    `insert into token (id, hash, identity_id, expires_at)
      select 'later', decode(repeat('ab', 32), 'hex'), id, now() from identity limit 1`,
    "update token set expires_at = now() + interval '1 year' where id = 'later'",
    'create table taken as select * from role_grant; delete from role_grant',
    'insert into role_grant select * from taken',
  ]
  for (const act of acts) {
    const meanwhile = async () => {
      owner = await openOwnerDatabase({ folder: kms.state.database })
      await run(act)
      await owner.close()
      return pin()
    }
    const changed = acceptState(kms.state, () => undefined, meanwhile)
    await expect(changed).rejects.toMatchObject({ code: 'AUTHORITY-OTHER' })
  }
  expect(await acceptState(kms.state, () => undefined, pin)).toMatchObject({ value: { accepted: true } })
  expect(await acceptState(kms.state, () => undefined, pin)).toMatchObject({ value: { accepted: false } })

  // As a database from before authority was sealed.
  owner = await openOwnerDatabase({ folder: kms.state.database })
  await run('delete from authority_set')
  for (const table of authorityNames) await run(`update ${table} set authority_mac = null`)
  await run(`update identity set name = name || E'\\x1b[1A'`)
  await owner.close()
  await rm(kms.state.authority)
  await expect(openServer(kms.state, false)).rejects.toMatchObject({ code: 'AUTHORITY-OTHER' })
  // `npm run server` says what takes it, and that does.
  const main = fileURLToPath(new URL('../../src/server-main.ts', import.meta.url))
  const cwd = fileURLToPath(new URL('../../../../', import.meta.url))
  const ended = spawnSync(process.execPath, [main, '--state', kms.state.root], { encoding: 'utf8' })
  const [, command = ''] = /^AUTHORITY-OTHER: .*: npm run server -- (.+)$/m.exec(ended.stderr) ?? []
  expect(command).toContain('--accept')
  const accepted = spawnSync('sh', ['-c', `./custody-server ${command}`], { cwd, encoding: 'utf8' })
  expect(accepted).toMatchObject({ status: 0, stdout: expect.stringMatching(/^accepted: /) })
  // A name in a row that is shown moves no cursor.
  expect(accepted.stderr).toContain('\\u001b[1A')
  expect(accepted.stderr).not.toContain('\u001b')
  const sealed = await openServer(kms.state, false)
  expect(sealed.services.database.authority.seen).toMatchObject({ stopped: new Map(), forged: [] })
  const { rows } = await sql<{ count: number }>`
    select count(*)::integer as count from audit where operation = 'authority.accept-state'`.execute(
    sealed.services.database,
  )
  expect(rows[0]?.count).toBe(7)
  const { rows: taken } = await sql<{ entry: string }>`
    select entry from audit where operation = 'authority.accept-state' and outcome = 'ok' order by time desc limit 1`.execute(
    sealed.services.database,
  )
  expect(Object.keys(JSON.parse(taken[0]?.entry ?? '').authority)).toContain(kms.organisation.id)
  const announced = await sealed.services.database
    .selectFrom('webhook_delivery')
    .select('body')
    .where('body', 'like', '%AUTHORITY-ACCEPTED%')
    .execute()
  expect(announced.length).toBeGreaterThan(1)
  await sealed.app.close()
  const verdict = given(await verifyAuditLog(kms.state, null))
  expect(verdict.named).toBeGreaterThan(0)
})
