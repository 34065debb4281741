import { rm } from 'node:fs/promises'
import { type BundleContents, verifyBundle } from '@lux/ceremony/bundle'
import { policyDigest } from '@lux/ceremony/policy'
import { epochApprovalCodec } from '@lux/ceremony/wire'
import { type Budgets, carriedBudgets } from '@lux/crypto/fhe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { memoryReader, sampleBundle } from '../../../../packages/ceremony/test/support/sample-bundle.ts'
import type { Judged } from '../../src/imports/check-bundle.ts'
import { recordFhe } from '../../src/imports/record-threshold.ts'
import type { SealedDatabase } from '../../src/platform/database/authority/authority.ts'
import { type OpenDatabase, openDatabase } from '../../src/platform/database/open.ts'
import type { Outcome } from '../../src/refusal.ts'
import { lawfully, withRoot } from '../support/authority.ts'
import { makeFolder } from '../support/temporary-folder.ts'

// A bundle whose key is dealt, asked, moved to other people and tried: as one run, and as the two runs it could have been.
let opened: OpenDatabase
let database: SealedDatabase
let judged: Judged
let folder = ''

beforeAll(async () => {
  folder = await makeFolder()
  opened = await openDatabase({ folder: `${folder}/postgres` })
  database = withRoot(opened.database)
  const bundle = await sampleBundle({ fhe: true, life: true })
  const { contents } = await verifyBundle(memoryReader(bundle.bytes), { policy: bundle.policy })
  if (contents === null) throw new Error('the sample does not open')
  judged = { contents, policy: bundle.policy.policy, policyDigest: policyDigest(bundle.policy.policy) }
  // Its organisation is recorded with the wrapped keys, before.
  await lawfully(database).insert('organisation', { id: 'org', name: 'Org' })
})
afterAll(async () => {
  await opened.close()
  await rm(folder, { recursive: true, force: true })
})

type Predicate = BundleContents['predicate']
type Change = (predicate: Predicate) => Partial<Predicate>

/** Records bundles one after another in a transaction that is then taken back; `rows` is what it held. */
async function record(changes: readonly Change[], read = judged.contents.read) {
  const outcomes: Outcome<null>[] = []
  const contents = { ...judged.contents, read }
  await database
    .change(async (work) => {
      for (const change of changes) {
        const predicate = { ...contents.predicate, ...change(contents.predicate) }
        outcomes.push(await recordFhe(work, { ...judged, contents: { ...contents, predicate } }))
      }
      rows = {
        key: await work.selectFrom('fhe_key').select(['t', 'n', 'epoch', 'organisation_id']).execute(),
        epochs: await work
          .selectFrom('fhe_epoch')
          .select(['epoch', 'epoch_id', 'carried'])
          .orderBy('epoch')
          .execute(),
        holders: await work
          .selectFrom('fhe_share_commitment')
          .select(['epoch', 'holder', 'card'])
          .orderBy('epoch')
          .orderBy('holder_index')
          .execute(),
        fulfilled: await work.selectFrom('key').select(['id', 'fhe_key_id']).execute(),
        taken: await work.selectFrom('fhe_taken_request').select('request_id').execute(),
        spent: await work.selectFrom('fhe_spent').select(['blocks', 'width']).orderBy('blocks').execute(),
      }
      throw new TakenBack()
    })
    .catch((error: unknown) => {
      if (!(error instanceof TakenBack)) throw error
    })
  return outcomes.map((outcome) => (outcome.ok ? 'recorded' : outcome.rule))
}
class TakenBack extends Error {}
let rows: Record<
  'fulfilled' | 'key' | 'epochs' | 'holders' | 'taken' | 'spent',
  readonly Record<string, unknown>[]
>

const dealtAlone: Change = () => ({ next: null, decryptions: [] })
const movedLater: Change = ({ fhe }) => ({ fhe: null, existing: existingOf(fhe), decryptions: [] })
const existingOf = (fhe: Predicate['fhe']): Predicate['existing'] => {
  const { keyId, epochId, epoch, public: file } = fhe!
  return { keyId, epochId, epoch, public: file }
}

test('IMPORT-07 one bundle with the whole life of a key: both epochs, their holders’ cards, and what was asked in it', async () => {
  expect(await record([() => ({})])).toEqual(['recorded'])
  expect(rows.key).toEqual([{ t: 2, n: 3, epoch: '1', organisation_id: 'org' }])
  expect(rows.epochs.map(({ epoch }) => epoch)).toEqual([0, 1])
  expect(rows.epochs[1]?.epoch_id).toBe(judged.contents.predicate.next?.epochId)
  expect(rows.holders.map(({ holder }) => holder)).toEqual(['Hana', 'Ito', 'Jun', 'Ito', 'Kim', 'Lou'])
  expect(rows.holders.every(({ card }) => typeof card === 'string')).toBe(true)
  expect(rows.taken).toHaveLength(2)
  expect(rows.spent).toEqual([
    { blocks: 2, width: 128 },
    { blocks: 64, width: 128 },
  ])
})

test('IMPORT-07 a later bundle moves a key that is here, and nothing moves it twice', async () => {
  expect(await record([dealtAlone, movedLater, movedLater])).toEqual([
    'recorded',
    'recorded',
    'FHE-EPOCH-OTHER',
  ])
  expect(rows.key).toMatchObject([{ epoch: '1', organisation_id: 'org' }])
  expect(rows.epochs).toHaveLength(2)
})

test('IMPORT-07 the next epoch has the budget of its shares: by what the old holders who approved said was left', async () => {
  const { next } = judged.contents.predicate
  /** Both approvals with so much left, under the names that the manifest has for them. */
  const saying =
    (...left: readonly [Budgets, Budgets]): BundleContents['read'] =>
    async (digest, max) => {
      const given = await judged.contents.read(digest, max)
      const at = next!.approvals.indexOf(digest)
      const said = given.ok && at >= 0 ? epochApprovalCodec.file.parse(given.value) : null
      if (!said?.ok) return given
      const payload = { ...said.value.payload, left: left[at]! }
      return { ok: true, value: epochApprovalCodec.file.encode({ ...said.value, payload }) }
    }
  const inModeF: Change = ({ fhe }) => ({ fhe: { ...fhe!, mode: 'F' } })
  const [hana, ito] = [
    { at64: 300_000, at128: 7 },
    { at64: 200_000, at128: 7 },
  ]
  expect(await record([inModeF], saying(hana, ito))).toEqual(['recorded'])
  const quorum = { t: 2, n: 3 }
  const expected = carriedBudgets({ from: quorum, to: quorum, left: [hana, ito, null], squash: false })
  expect(expected.at64).toBeGreaterThan(0)
  expect(rows.epochs.map(({ carried }) => carried)).toEqual([null, String(expected.at64)])
  // At the width of the key: this one has no squash key, so that a mode S of it answers nothing.
  expect(await record([() => ({})], saying(hana, ito))).toEqual(['recorded'])
  expect(rows.epochs.map(({ carried }) => carried)).toEqual([null, '0'])
})

test('FHE-OTHER-THAN-ASKED a dealt key fulfils the record that asked for it, once, and none that asked for another', async () => {
  const { id, type, mode, t, n, keyId } = judged.contents.predicate.fhe!
  const asked = { t, n, mode }
  const write = lawfully(database)
  await write.insert('project', { id: 'p', organisation_id: 'org', name: 'P' })
  await write.insert('key', {
    id,
    envelope_id: Buffer.alloc(16, 7),
    organisation_id: 'org',
    project_id: 'p',
    name: 'votes',
    description: null,
    key_usage: 'fhe-computation',
    algorithm: type,
    current_version: 0,
    threshold: JSON.stringify(asked),
  })
  const asks = (fields: object) =>
    write.update('key', {}, { threshold: JSON.stringify({ ...asked, ...fields }) })
  try {
    for (const other of [{ t: t + 1 }, { n: n + 1 }, { mode: mode === 'S' ? 'F' : 'S' }]) {
      await asks(other)
      expect(await record([dealtAlone])).toEqual(['FHE-OTHER-THAN-ASKED'])
    }
    await asks({})
    // A record that is switched off, or on its way out, takes no key in.
    const ending = { destroy_at: new Date(Date.now() + 86_400_000) }
    for (const [fields, code] of [
      [{ is_disabled: true }, 'KEY-DISABLED'],
      [{ is_disabled: true, ...ending }, 'KEY-DELETED'],
    ] as const) {
      await write.update('key', {}, fields)
      expect(await record([dealtAlone])).toEqual([code])
    }
    await write.update('key', {}, { is_disabled: false, destroy_at: null })
    expect(await record([dealtAlone])).toEqual(['recorded'])
    expect(rows.fulfilled).toEqual([{ id, fhe_key_id: keyId }])
  } finally {
    await write.remove('key', {})
  }
})

test('FHE-KEY-ABSENT the next epoch of a key that was never imported is refused', async () => {
  expect(await record([movedLater])).toEqual(['FHE-KEY-ABSENT'])
})

test('FHE-EPOCH-OTHER a run that began in another epoch is refused', async () => {
  const elsewhere: Change = (predicate) => ({
    ...movedLater(predicate),
    existing: { ...existingOf(predicate.fhe)!, epochId: 'e'.repeat(64) },
  })
  expect(await record([dealtAlone, elsewhere])).toEqual(['recorded', 'FHE-EPOCH-OTHER'])
})

test('KEY-CONFLICT a key is dealt once', async () => {
  expect(await record([dealtAlone, dealtAlone])).toEqual(['recorded', 'KEY-CONFLICT'])
})
