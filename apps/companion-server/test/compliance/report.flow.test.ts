import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalString, encodeCanonical } from '@lux/crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Caller } from '../../src/access/authorize.ts'
import { checkReport, writeReport } from '../../src/commands/report.ts'
import { frameworkIds } from '../../src/compliance/frameworks.ts'
import type { Report } from '../../src/compliance/report.ts'
import { openOwnerDatabase } from '../../src/platform/database/open.ts'
import { enter } from '../../src/sign-on/members.ts'
import { lawfully } from '../support/authority.ts'
import { createIdentity } from '../support/create-identity.ts'
import { given, openKms } from '../support/kms-under-test.ts'
import { makeServerState } from '../support/server-under-test.ts'
import { makeFolder } from '../support/temporary-folder.ts'

let folder: string
let kms: Awaited<ReturnType<typeof openKms>>
const auditor: Caller = {
  identity: 'auditor',
  grants: [{ role: 'auditor', organisation: null, project: null }],
}
const ask = (framework: 'pci-dss' | 'soc2' | 'hipaa', period: { from?: Date; to?: Date } = {}) =>
  kms.server.services.compliance.report(kms.callAs(auditor), { framework, ...period })
const gapsOf = (report: Report, check: string) =>
  report.evidence.find((one) => one.check === check)?.gaps.map(({ of, gap }) => `${of}: ${gap}`)

beforeAll(async () => {
  folder = await makeFolder()
  kms = await openKms()
  await kms.make('by-hand')
  const rotated = await kms.make('by-the-clock')
  await kms.call('PATCH', rotated, { rotateEveryDays: 90 })
  await kms.make('leaves', { isExportable: true })
  await kms.post(`${rotated}/encrypt`, { plaintext: 'AAAA' })
  const { database } = kms.server.services
  // As KMIP makes one where the project lets it.
  await lawfully(database).update('key', { name: 'leaves' }, { is_sensitive: false })
  await vi.waitFor(
    async () => {
      const { count } = await database
        .selectFrom('audit')
        .innerJoin('audit_writer', 'audit_writer.writer', 'audit.writer')
        .whereRef('audit.seq', '>', 'audit_writer.checkpointed_seq')
        .select(({ fn }) => fn.countAll<string>().as('count'))
        .executeTakeFirstOrThrow()
      if (count !== '0') throw new Error(`${count} entries are not covered yet`)
    },
    { timeout: 15_000, interval: 100 },
  )
})
afterAll(async () => {
  await kms.close()
  await rm(folder, { recursive: true, force: true })
})

test('COMPLIANCE-01 the same rows and period give the same bytes, though the log went on', async () => {
  for (const framework of frameworkIds) {
    const first = given(await ask(framework)).payload
    const to = new Date(first.to)
    const again = given(await ask(framework, { from: new Date(first.from), to })).payload
    // Asking is itself an entry; it comes after the end.
    expect(canonicalString(again)).toBe(canonicalString(first))
  }
})

test('COMPLIANCE-02 a control shows rows and names its gaps, and what no server can see is no evidence', async () => {
  const report = given(await ask('pci-dss')).payload
  expect(gapsOf(report, 'rotation')).toEqual(
    expect.arrayContaining([
      'by-hand: It has no period of rotation.',
      'leaves: It has no period of rotation.',
    ]),
  )
  expect(gapsOf(report, 'rotation')?.join()).not.toContain('by-the-clock')
  expect(gapsOf(report, 'exports')).toEqual(['leaves: It may leave in the clear.'])
  expect(gapsOf(report, 'hierarchy')?.[0]).toMatch(/rehearsal/)
  expect(gapsOf(report, 'access-reviews')).toEqual([
    'Training: No access review of it is recorded in this period.',
  ])
  expect(gapsOf(report, 'audit-integrity')).toEqual([])
  expect(
    report.evidence
      .find(({ check }) => check === 'inventory')
      ?.rows.map(([name]) => name)
      ?.toSorted(),
  ).toEqual([...['by-hand', 'by-the-clock', 'leaves']])
  const stateOf = (id: string) => report.controls.find((one) => one.id === id)?.state
  expect([stateOf('3.7.4'), stateOf('10.3.4'), stateOf('10.6.1')]).toEqual([
    'gaps',
    'evidence',
    'not-visible',
  ])
  expect(canonicalString(report)).not.toMatch(/compliant|complies|passed|certified/i)
  const used = report.evidence.find(({ check }) => check === 'use')?.rows
  expect(used).toContainEqual(expect.arrayContaining(['key.encrypt', 'ok', '1']))
})

test('COMPLIANCE-10 what ends, is rotated, logs in or is changed in the log after the period changes nothing of a report of it', async () => {
  const { database } = kms.server.services
  const provider = { id: 'corp-id', name: 'corp', kind: 'oidc' as const, settings: '{}' }
  const there = { organisation_id: kms.organisation.id, project_id: null }
  await lawfully(database).insert('identity_provider', provider)
  for (const row of [
    { id: 'g1', provider_id: provider.id, group_name: 'staff', role: 'auditor', ...there },
    { id: 'g2', provider_id: provider.id, group_name: 'more', role: 'operator', ...there },
  ] as const)
    await lawfully(database).insert('group_role', row)
  const logIn = (groups: readonly string[]) =>
    database.change((work) =>
      enter(work, provider.id, 'member-id', { subject: 'ada', name: 'Ada', groups, provedAt: null }),
    )
  given(await logIn(['staff']))
  const leaver = await createIdentity(database, {
    name: 'leaver',
    grants: [{ role: 'service', organisation: kms.organisation.id, project: kms.project.id }],
  })
  const scope = { organisation: kms.organisation.id, project: null }
  const governor = await createIdentity(database, {
    name: 'governor',
    grants: [
      { role: 'crypto-officer', ...scope },
      { role: 'service', ...scope },
    ],
  })
  const rotated = await kms.make('rotated-later')
  await kms.post(`${rotated}/encrypt`, { plaintext: 'AAAA' })
  const { now } = await database.selectNoFrom(sql<Date>`now()`.as('now')).executeTakeFirstOrThrow()
  const newest = () =>
    database.selectFrom('audit_checkpoint').select('time').orderBy('seq', 'desc').executeTakeFirstOrThrow()
  await expect.poll(async () => (await newest()).time > now, { timeout: 15_000, interval: 100 }).toBe(true)
  const to = (await newest()).time
  const period = { from: new Date(to.getTime() - 86_400_000), to }
  let before = given(await ask('pci-dss', period)).payload
  expect(before.evidence.find(({ check }) => check === 'people')?.rows).toContainEqual(
    expect.arrayContaining(['Ada', 'provider corp', 'not seen here']),
  )

  expect(gapsOf(before, 'grants')).toContain('governor: It governs keys and uses keys.')

  // What would be a gap is taken the day before an auditor asks.
  const { roles } = kms.server.services
  const taken = { identity: governor.identity, role: 'service', ...scope } as const
  given(await roles.take(kms.callAs(kms.chief), taken))
  given(await logIn(['staff', 'more']))
  const grants = await database
    .selectFrom('role_grant')
    .select(['role', 'created_at'])
    .where('identity_id', '=', 'member-id')
    .orderBy('role')
    .execute()
  expect(grants.map(({ role, created_at }) => [role, created_at <= to])).toEqual([
    ['auditor', true],
    ['operator', false],
  ])
  given(await logIn(['more']))
  const ends = { revoked_at: new Date() }
  await lawfully(database).update('identity', { id: leaver.identity }, ends)
  await lawfully(database).update('client_secret', { identity_id: kms.caller.identity }, ends)
  expect((await kms.post(`${rotated}/rotate`)).status).toBe(200)
  await kms.post(`${rotated}/encrypt`, { plaintext: 'AAAA' })
  expect(canonicalString(given(await ask('pci-dss', period)).payload)).toBe(canonicalString(before))

  const { rotation } = kms.server.services
  given(await rotation.rotateRoot(kms.callAs(kms.admin), {}))
  given(await rotation.rotateOrganisation(kms.callAs(kms.chief), { organisation: kms.organisation.id }))
  given(await rotation.rotateProject(kms.callAs(kms.chief), { project: kms.project.id }))
  const rotatedSince = given(await ask('pci-dss', period)).payload
  const rowsOf = (report: Report, check: string) =>
    report.evidence.find((one) => one.check === check)?.rows ?? []
  // What each is wrapped by has no time.
  const above = (report: Report) => rowsOf(report, 'hierarchy').map((row) => row.slice(0, -1))
  expect(above(before).map(([level, , , version, , , , state]) => [level, version, state])).toEqual([
    ['root', '1', 'current'],
    ['organisation', '1', 'enabled'],
    ['project', '1', 'enabled'],
  ])
  expect(above(rotatedSince)).toEqual(above(before))
  const others = (report: Report) => report.evidence.filter(({ check }) => check !== 'hierarchy')
  expect(others(rotatedSince)).toEqual(others(before))
  expect(rotatedSince.controls).toEqual(before.controls)
  before = rotatedSince

  // What is changed in the log behind the checkpoint is the next period's gap.
  const owner = await openOwnerDatabase({ folder: kms.state.database })
  const swap = (from: string, into: string) =>
    sql`update audit set entry = replace(entry, ${from}::text, ${into}::text) where operation = 'key.rotate'`.execute(
      owner.database,
    )
  try {
    expect((await swap('key.rotate', 'key.decrypt')).numAffectedRows).toBeGreaterThan(0n)
    expect(canonicalString(given(await ask('pci-dss', period)).payload)).toBe(canonicalString(before))
  } finally {
    await swap('key.decrypt', 'key.rotate')
    await owner.close()
  }
})

test('COMPLIANCE-12 the custodians of a threshold key are those of the epoch that held at the end of the period', async () => {
  const { database } = kms.server.services
  const hex = (pair: string) => pair.repeat(32)
  const [id, bundle] = [hex('fe'), hex('b0')]
  const [dealtAt, resharedAt] = [new Date('2025-02-01T00:00:00Z'), new Date('2025-08-01T00:00:00Z')]
  await database
    .insertInto('fhe_key')
    .values({
      id,
      type: 'FHE',
      mode: 'S',
      t: 3,
      n: 3,
      epoch: 1,
      commitments: hex('c1'),
      evidence: '{}',
      bundle_digest: bundle,
      created_at: dealtAt,
    })
    .execute()
  for (const { epoch, t, n, at, holders } of [
    { epoch: 0, t: 2, n: 2, at: dealtAt, holders: ['Hana', 'Ito'] },
    { epoch: 1, t: 3, n: 3, at: resharedAt, holders: ['Jun', 'Kim', 'Lou'] },
  ]) {
    const digests = { public: hex(`a${epoch}`), commitments: hex(`c${epoch}`), policy_digest: hex('d0') }
    await database
      .insertInto('fhe_epoch')
      .values({
        fhe_key_id: id,
        epoch,
        epoch_id: hex(`e${epoch}`),
        t,
        n,
        created_at: at,
        carried: null,
        ...digests,
        bundle_digest: bundle,
      })
      .execute()
    for (const [index, holder] of holders.entries())
      await database
        .insertInto('fhe_share_commitment')
        .values({
          fhe_key_id: id,
          epoch,
          holder_index: index + 1,
          holder,
          envelope: hex('0e'),
          card: null,
        })
        .execute()
  }
  const custodians = async (to: string) => {
    const report = given(await ask('pci-dss', { from: new Date('2024-12-01T00:00:00Z'), to: new Date(to) }))
    const rows = report.payload.evidence.find(({ check }) => check === 'custodians')?.rows ?? []
    return rows.map(([, needed, , name]) => `${name}, ${needed}`)
  }
  expect(await custodians('2025-01-15T00:00:00Z')).toEqual([])
  expect(await custodians('2025-06-01T00:00:00Z')).toEqual(['Hana, 2 of 2', 'Ito, 2 of 2'])
  expect(await custodians('2025-09-01T00:00:00Z')).toEqual(['Jun, 3 of 3', 'Kim, 3 of 3', 'Lou, 3 of 3'])
})

test('COMPLIANCE-03 an audit log that was changed is a gap, and the report says which rule it breaks', async () => {
  const owner = await openOwnerDatabase({ folder: kms.state.database })
  try {
    const at = sql`where operation = 'key.encrypt'`
    await sql`update audit set entry = replace(entry, 'key.encrypt', 'key.decrypt') ${at}`.execute(
      owner.database,
    )
    const report = given(await ask('soc2')).payload
    expect(gapsOf(report, 'audit-integrity')).toEqual(['audit log: It breaks the rule AUDIT-CHANGED.'])
    await sql`update audit set entry = replace(entry, 'key.decrypt', 'key.encrypt') ${at}`.execute(
      owner.database,
    )
    expect(gapsOf(given(await ask('soc2')).payload, 'audit-integrity')).toEqual([])
  } finally {
    await owner.close()
  }
})

test('COMPLIANCE-04 by HTTP an auditor gets signed JSON and the PDF of it', async () => {
  const { app, services } = kms.server
  const made = await createIdentity(services.database, { name: 'auditor', grants: auditor.grants })
  const login = await app.inject({
    method: 'POST',
    url: '/api/v1/auth/universal-auth/login',
    payload: { clientId: made.clientId, clientSecret: made.clientSecret },
  })
  const headers = { authorization: `Bearer ${login.json().accessToken}` }
  const get = (rest: string) => app.inject({ url: `/api/v1/compliance/reports/${rest}`, headers })
  const json = await get('hipaa')
  expect(json.statusCode).toBe(200)
  const { payload } = json.json()
  const checked = await checkReport(kms.state, json.rawPayload, null)
  expect(checked).toMatchObject({ ok: true, value: { report: { framework: 'hipaa' } } })
  const pdf = await get(`hipaa?format=pdf&from=${payload.from}&to=${payload.to}`)
  expect(pdf.headers['content-type']).toBe('application/pdf')
  expect(pdf.rawPayload.subarray(0, 5).toString()).toBe('%PDF-')
  expect((await get('iso')).statusCode).toBe(422)
  expect((await get('soc2?to=yesterday')).statusCode).toBe(422)
  // A period that has not ended would be another one tomorrow.
  const ahead = await get(`soc2?to=${new Date(Date.now() + 86_400_000).toISOString()}`)
  expect([ahead.statusCode, ahead.json()]).toEqual([
    422,
    expect.objectContaining({ code: 'REQUEST-FIELDS', message: expect.stringContaining('is after now') }),
  ])
})

test('COMPLIANCE-05 the command writes both as new files, and its verifier takes nothing that was changed', async () => {
  const at = (name: string) => join(kms.state.root, name)
  const wanted = { framework: 'soc2', period: {}, out: at('r.json'), pdf: at('r.pdf') } as const
  given(await writeReport(kms.state, wanted))
  await expect(writeReport(kms.state, wanted)).rejects.toMatchObject({ code: 'FILE-EXISTS' })
  expect((await stat(wanted.pdf)).mode & 0o777).toBe(0o600)
  const [json, pdf] = await Promise.all([readFile(wanted.out), readFile(wanted.pdf)])
  const card = await readFile(kms.state.card)
  expect(await checkReport(card, json, pdf)).toMatchObject({ ok: true })

  const signed = JSON.parse(json.toString())
  const changed = encodeCanonical({ ...signed, payload: { ...signed.payload, domain: 'production' } })
  const cut = Buffer.from(pdf)
  cut[cut.length >> 1] = (cut[cut.length >> 1] ?? 0) ^ 1
  const other = await makeServerState(folder, 'rehearsal')
  for (const [rule, of, bytes, paper] of [
    ['REPORT-SIGNATURE', card, changed, null],
    ['REPORT-SIGNATURE', card, encodeCanonical({ ...signed, signatures: [] }), null],
    ['REPORT-FORM', card, json.subarray(0, -1), null],
    ['REPORT-FORM', card, Buffer.from('{"payload":{}}'), null],
    ['REPORT-FORM', card, Buffer.from('null'), null],
    ['REPORT-PDF', card, json, cut],
    ['REPORT-OTHER-SERVER', await readFile(other.card), json, null],
    ['REPORT-CARD', Buffer.from('{}'), json, null],
  ] as const)
    expect(await checkReport(of, bytes, paper)).toMatchObject({ ok: false, rule })
})
