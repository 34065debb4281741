import { fromBase64, utf8, verifyConsistency, verifyInclusion } from '@lux/crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Caller } from '../../src/access/authorize.ts'
import { isSigned, noteVerifier, parseNote } from '../../src/audit/note.ts'
import { openAuditOperations } from '../../src/audit/operations.ts'
import { openPins } from '../../src/audit/pins.ts'
import { leafHash } from '../../src/audit/tree.ts'
import { askWitnesses, configuredWitnesses, witnessStates } from '../../src/audit/witnesses.ts'
import { verifyAuditLog } from '../../src/commands/operator.ts'
import { type OpenDatabase, openOwnerDatabase } from '../../src/platform/database/open.ts'
import { readerOf } from '../../src/platform/database/reader.ts'
import { readCard } from '../../src/platform/state-folder/server-card.ts'
import { given, openKms } from '../support/kms-under-test.ts'
import { type Mischief, strictWitness } from '../support/strict-witness.ts'

let kms: Awaited<ReturnType<typeof openKms>>
let owner: OpenDatabase
let bearer = ''
const auditor: Caller['grants'] = [{ role: 'auditor', organisation: null, project: null }]

beforeAll(async () => {
  kms = await openKms()
  owner = await openOwnerDatabase({ folder: kms.state.database })
  bearer = await kms.bearer(auditor)
})

afterAll(async () => {
  await owner.close()
  await kms.close()
})

const patient = { timeout: 30_000, interval: 100 }
const newest = async () => {
  const { seq } = await owner.database
    .selectFrom('audit_checkpoint')
    .select(({ fn }) => fn.max('seq').as('seq'))
    .executeTakeFirstOrThrow()
  return Number(seq)
}
/** Some checkpoints more, and the note over them. */
async function advanced(more = 1) {
  const { treeLog } = kms.server.services
  for (let made = 0; made < more; made++) {
    const before = await newest()
    await kms.get('/api/v1/kms/keys?projectId=none')
    await expect.poll(newest, patient).toBeGreaterThan(before)
  }
  const note = await treeLog.advance()
  const head = parseNote(note?.note ?? '')
  if (note === null || head === null) throw new Error('no note')
  return { ...note, root: head.head.root }
}
const ask = async (query: string) =>
  (
    await kms.server.app.inject({
      ...{ method: 'GET', url: `/api/v1/audit/log${query}`, headers: { authorization: bearer } },
    })
  ).json()

test('AUDIT-LOG checkpoints are leaves of one log: its note is signed by its own key, and proofs show that it goes on', async () => {
  const first = await advanced(3)
  const second = await advanced(2)
  const { log } = await ask(`?from=${first.size}&checkpoint=2`)
  const by = noteVerifier(log.vkey)
  const note = parseNote(log.note)
  if (by === null || note === null) throw new Error('not read')
  expect(isSigned(note, by)).toBe(true)
  expect(note.head).toEqual({ origin: by.name, size: second.size, root: note.head.root })
  const proof = log.consistency.map((one: string) => fromBase64(one))
  const roots = { firstRoot: first.root, secondRoot: note.head.root }
  expect(verifyConsistency({ first: first.size, second: second.size, ...roots, proof })).toBe(true)
  const { payload } = await owner.database
    .selectFrom('audit_checkpoint')
    .select('payload')
    .where('seq', '=', '2')
    .executeTakeFirstOrThrow()
  const claim = { leaf: leafHash(utf8(payload)), size: second.size, root: note.head.root }
  expect(
    verifyInclusion({ ...claim, index: 1, proof: log.inclusion.map((one: string) => fromBase64(one)) }),
  ).toBe(true)
  expect(
    verifyInclusion({ ...claim, index: 0, proof: log.inclusion.map((one: string) => fromBase64(one)) }),
  ).toBe(false)
  expect((await ask(`?from=${second.size + 100000}`)).code).toBe('REQUEST-FIELDS')
  expect((await ask('?from=0')).statusCode).toBe(422)
})

test('AUDIT-NOTE what stands in the database of the tree is believed only where it gives the root that this server signed', async () => {
  const before = await advanced()
  await sql`update audit_tree set hash = sha256(hash)`.execute(owner.database)
  const after = await advanced()
  const { log } = await ask(`?from=${before.size}`)
  const roots = { firstRoot: before.root, secondRoot: after.root }
  const proof = log.consistency.map((one: string) => fromBase64(one))
  expect(verifyConsistency({ first: before.size, second: after.size, ...roots, proof })).toBe(true)
  // A note that somebody else put there is not given out.
  await sql`insert into audit_note (size, note, time) values (900000, 'other', now())`.execute(owner.database)
  expect((await ask('')).log.note).toBe(after.note)
  await sql`delete from audit_note where size = 900000`.execute(owner.database)
  expect((await verifyAuditLog(kms.state, null)).ok).toBe(true)
})

test('AUDIT-WITNESSES a witness cosigns what goes on; one that lies, is away or knows more is named, and stops nobody', async () => {
  const { database, now } = kms.server.services
  const { size, note } = await advanced()
  const { vkey } = (await ask('')).log
  const [good, bad] = ['one', 'two'].map((name) => strictWitness(`witness.example/${name}`, vkey))
  if (good === undefined || bad === undefined) throw new Error('none')
  const setting = `https://one.example ${good.vkey},https://two.example ${bad.vkey}`
  const witnesses = configuredWitnesses(setting)
  const egress = {
    send: (asked: Parameters<typeof good.egress.send>[0]) =>
      (asked.url.startsWith('https://one') ? good : bad).egress.send(asked),
  }
  const answersTo = async (made: { size: number; note: string }) =>
    (await askWitnesses({ database, egress, now }, witnesses, made)).map(({ answer }) => answer)
  expect((await witnessStates(database, witnesses)).map(({ answer }) => answer)).toEqual([
    'unasked',
    'unasked',
  ])
  expect(await answersTo({ size, note })).toEqual(['cosigned', 'cosigned'])
  expect(await answersTo({ size, note })).toEqual(['cosigned', 'cosigned'])
  const mischiefs: readonly (readonly [Mischief, string])[] = [
    ['away', 'away'],
    ['other-text', 'wrong'],
    ['other-key', 'wrong'],
    ['old-time', 'wrong'],
    ['long', 'wrong'],
    ['rubbish', 'wrong'],
    ['none', 'cosigned'],
  ]
  for (const [mischief, answer] of mischiefs) {
    bad.mischief = mischief
    expect([mischief, ...(await answersTo(await advanced()))]).toEqual([mischief, 'cosigned', answer])
  }
  // What it saw last is its own word, whatever stands in the database.
  await sql`update audit_witness set size = 1`.execute(owner.database)
  const last = await advanced()
  expect(await answersTo(last)).toEqual(['cosigned', 'cosigned'])
  expect(good.asked.slice(-2)).toEqual([409, 200])
  const { receiptKey } = (await readCard(kms.state)).card
  const operations = openAuditOperations({
    ...{ database, witnesses, reader: readerOf(database), record: kms.server.services.record },
    signedBy: { receiptKey, audience: kms.server.services.audience },
    ...{ macs: { checker: async () => null }, pins: openPins(kms.state), unchanging: [] },
  })
  const shown = given(await operations.log(kms.callAs({ identity: 'auditor', grants: auditor }), {}))
  expect(parseNote(shown?.note ?? '')?.lines.map(({ name }) => name)).toEqual([
    kms.server.services.treeLog.origin,
    'witness.example/one',
    'witness.example/two',
  ])

  process.env.AUDIT_WITNESSES = setting
  try {
    expect(given(await verifyAuditLog(kms.state, null, 2)).witnesses).toBe(2)
    // A cosignature of an hour ago says nothing of today, and another's nothing at all.
    await sql`update audit_witness set line = replace(line, 'one', 'two') where name like '%/one'`.execute(
      owner.database,
    )
    expect(await verifyAuditLog(kms.state, null, 2)).toMatchObject({ rule: 'AUDIT-WITNESSES' })
    expect((await verifyAuditLog(kms.state, null, 1)).ok).toBe(true)
  } finally {
    delete process.env.AUDIT_WITNESSES
  }
  bad.sees(last.size + 100)
  expect(await answersTo(await advanced())).toEqual(['cosigned', 'ahead'])
  // It has seen other checkpoints under this name.
  bad.sees(2)
  expect(await answersTo(await advanced())).toEqual(['cosigned', 'refused'])
})
