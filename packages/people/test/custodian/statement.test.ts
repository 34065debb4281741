import { custodianStatementCodec } from '@lux/ceremony/wire'
import { deterministicEntropy, encodeCanonical, type Json, toHex } from '@lux/crypto'
import { commitShare, custodianWords, dealBackup } from '@lux/crypto/backup'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  enrol,
  type PersonKey,
  readStatementRequest,
  type StatementRequest,
  stateShare,
} from '../../src/index.ts'
import { accepted, ruleOf } from '../support/outcome.ts'
import { openingOf, shareWorld, type World } from '../support/share-world.ts'

const ceremonyId = '7c'.repeat(16)
const now = '2026-11-28T12:00:00.000Z'
const entropy = (seed: number) => deterministicEntropy(new Uint8Array(32).fill(seed))
const set = new Uint8Array(16).fill(5)
let world: World
let gita: PersonKey
let request: StatementRequest
let words: string
let otherWords: string

beforeAll(async () => {
  world = await shareWorld()
  gita = accepted(await enrol({ kind: 'custodian', domain: 'production', name: 'Gita' }, entropy(9))).key
  const made = dealBackup({ t: 2, n: 3 }, { entropy: entropy(1), used: new Set() })
  if (!made.ok) throw new Error(made.rule)
  const [one, two] = made.value.shares
  words = custodianWords(one!)
  otherWords = custodianWords(two!)
  request = {
    domain: 'production',
    ceremonyId,
    use: 'check',
    key: 'root-kek',
    set: toHex(set),
    identifier: one!.identifier,
    t: 2,
    index: 1,
    name: 'Gita',
    share: toHex(commitShare(set, one!)),
  }
})

const state = (change: Partial<StatementRequest> = {}, typed = words, key = gita, opened = ceremonyId) =>
  stateShare(
    { ...request, ...change },
    { policy: world.policy, opening: openingOf(world, opened), words: typed, now },
    key,
  )

describe('a custodian’s statement', () => {
  test('says that the words of the sheet are the share, and is signed by the custodian', () => {
    const { said, statement } = accepted(state())
    expect(said).toMatchObject({
      kind: 'custodian-statement',
      use: 'check',
      index: 1,
      name: 'Gita',
      time: now,
    })
    const read = accepted(custodianStatementCodec.file.parse(statement))
    const group = { role: 'custodian', members: [{ name: 'Gita', keys: gita.card.keys }], quorum: 1 }
    expect(custodianStatementCodec.verify(read, 'production', [group]).ok).toBe(true)
    expect(Buffer.from(statement).toString()).not.toContain(words.split(' ').slice(0, 3).join(' '))
  })

  test('CUSTODIAN-KEY, CUSTODIAN-OTHER, REQUEST-DOMAIN refuse another key, custodian, ceremony or domain', async () => {
    const hana = accepted(await enrol({ kind: 'holder', domain: 'production', name: 'Gita' }, entropy(3))).key
    expect(ruleOf(state({}, words, hana))).toBe('CUSTODIAN-KEY')
    expect(ruleOf(state({ name: 'Hugo' }))).toBe('CUSTODIAN-OTHER')
    expect(ruleOf(state({}, words, gita, '6b'.repeat(16)))).toBe('CUSTODIAN-OTHER')
    expect(ruleOf(state({ domain: 'rehearsal' }))).toBe('REQUEST-DOMAIN')
  })

  test('BACKUP-SHARE-OTHER, BACKUP-SET-OTHER, BACKUP-COMMITMENT, BACKUP-CHECKSUM refuse words that are not the share', () => {
    expect(ruleOf(state({}, otherWords))).toBe('BACKUP-SHARE-OTHER')
    expect(ruleOf(state({ identifier: (request.identifier + 1) % 32768 }))).toBe('BACKUP-SET-OTHER')
    expect(ruleOf(state({ share: '6b'.repeat(32) }))).toBe('BACKUP-COMMITMENT')
    const swapped = words.split(' ')[6] === 'academic' ? 'acid' : 'academic'
    expect(ruleOf(state({}, words.split(' ').with(6, swapped).join(' ')))).toBe('BACKUP-CHECKSUM')
  })

  test('CUSTODIAN-REQUEST refuses a file that asks for no share', () => {
    const { name, ...of } = request
    const file = {
      v: 1,
      kind: 'custodian-statement-request',
      custodian: name,
      opening: 'opening.json',
      ...of,
    }
    const read = (change: object) => readStatementRequest(encodeCanonical({ ...file, ...change } as Json))
    expect(accepted(read({}))).toEqual(request)
    for (const change of [
      { kind: 'heartbeat-request' },
      { domain: 'other' },
      { use: 'give' },
      { set: '00' },
      { t: 1 },
      { index: 17 },
      { identifier: -1 },
      { custodian: '' },
      { share: 5 },
    ])
      expect(ruleOf(read(change)), JSON.stringify(change)).toBe('CUSTODIAN-REQUEST')
  })
})
