import { custodianAcknowledgementCodec, custodianShareCodec, envelopeSignedBytes } from '@lux/ceremony/wire'
import {
  deterministicEntropy,
  encodeCanonical,
  type Json,
  sealTo,
  sha256Hex,
  signatureContext,
  signWith,
  toHex,
} from '@lux/crypto'
import { type CustodianShare, commitShare, custodianWords, dealBackup } from '@lux/crypto/backup'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  type CustodianFiles,
  checkWords,
  enrol,
  openCustodianShare,
  type PersonKey,
  proveCustodianShare,
} from '../../src/index.ts'
import { accepted, ruleOf } from '../support/outcome.ts'
import { openingOf, shareWorld, type World } from '../support/share-world.ts'

const ceremonyId = '7c'.repeat(16)
const entropy = (seed: number) => deterministicEntropy(new Uint8Array(32).fill(seed))
const set = new Uint8Array(16).fill(5)
let world: World
let gita: PersonKey
let shares: readonly CustodianShare[]

beforeAll(async () => {
  world = await shareWorld()
  gita = accepted(await enrol({ kind: 'custodian', domain: 'production', name: 'Gita' }, entropy(9))).key
  shares = dealt(1)
})

function dealt(seed: number): readonly CustodianShare[] {
  const made = dealBackup({ t: 2, n: 3 }, { entropy: entropy(seed), used: new Set() })
  if (!made.ok) throw new Error(made.rule)
  return made.value.shares
}

const contentOf = (share = shares[0]!, change: object = {}) => ({
  v: 1,
  kind: 'custodian-share',
  domain: 'production',
  ceremonyId,
  key: 'root-kek',
  set: toHex(set),
  identifier: share.identifier,
  t: 2,
  n: 3,
  index: share.index,
  name: 'Gita',
  share: toHex(commitShare(set, share)),
  words: custodianWords(share),
  ...change,
})

async function filesOf(content: object = contentOf(), to = gita.card.recipient!): Promise<CustodianFiles> {
  const envelope = await sealTo([to], encodeCanonical(content as Json))
  const context = signatureContext('share-envelope', 'production')
  const signature = signWith(world.ceremony, context, envelopeSignedBytes(sha256Hex(envelope)))
  return {
    policy: world.policy,
    opening: openingOf(world, ceremonyId),
    envelope,
    signature: encodeCanonical(signature as unknown as Json),
  }
}

const spoilt = (words: string, at: number, by: string) => words.split(' ').with(at, by).join(' ')

describe('a custodian’s envelope', () => {
  test('is opened, its share checked alone, and proved once the words were read back', async () => {
    const files = await filesOf()
    const opened = accepted(await openCustodianShare(files, gita))
    expect(opened).toMatchObject({ index: 1, t: 2, n: 3, envelope: sha256Hex(files.envelope) })
    const { said, acknowledgement } = accepted(
      proveCustodianShare(opened, `  ${opened.words.toUpperCase()}\n`, gita),
    )
    const document = accepted(custodianAcknowledgementCodec.file.parse(acknowledgement))
    const custodian = { role: 'custodian', members: [{ name: 'Gita', keys: gita.card.keys }], quorum: 1 }
    expect(custodianAcknowledgementCodec.verify(document, 'production', [custodian]).ok).toBe(true)
    expect(said).toMatchObject({ set: toHex(set), share: opened.share, envelope: opened.envelope })
    expect(JSON.stringify(document)).not.toContain(opened.words)
  })

  test('CUSTODIAN-KEY, REQUEST-DOMAIN and SEAL-RECIPIENT: another’s key opens nothing', async () => {
    const files = await filesOf()
    expect(ruleOf(await openCustodianShare(files, world.holders[0]!))).toBe('CUSTODIAN-KEY')
    const rehearsed = accepted(
      await enrol({ kind: 'custodian', domain: 'rehearsal', name: 'Gita' }, entropy(8)),
    )
    expect(ruleOf(await openCustodianShare(files, rehearsed.key))).toBe('REQUEST-DOMAIN')
    const hugo = accepted(await enrol({ kind: 'custodian', domain: 'production', name: 'Hugo' }, entropy(7)))
    expect(ruleOf(await openCustodianShare(files, hugo.key))).toMatch(/^SEAL-/)
  })

  test('CUSTODIAN-OTHER of another custodian or ceremony, whoever sealed it', async () => {
    for (const change of [{ name: 'Hugo' }, { ceremonyId: '6b'.repeat(16) }, { domain: 'rehearsal' }])
      expect(ruleOf(await openCustodianShare(await filesOf(contentOf(shares[0]!, change)), gita))).toBe(
        'CUSTODIAN-OTHER',
      )
  })

  test('CUSTODIAN-SHARE-MALFORMED, BACKUP-…: what was sealed must be the share that it says', async () => {
    const [first, second] = [shares[0]!, shares[1]!]
    const ruled = async (change: object) =>
      ruleOf(await openCustodianShare(await filesOf(contentOf(first, change)), gita))
    expect(await ruled({ more: 1 })).toBe('CUSTODIAN-SHARE-MALFORMED')
    expect(await ruled({ index: 2 })).toBe('BACKUP-SHARE-OTHER')
    expect(await ruled({ words: custodianWords(second) })).toBe('BACKUP-SHARE-OTHER')
    expect(await ruled({ share: '6b'.repeat(32) })).toBe('BACKUP-COMMITMENT')
    expect(await ruled({ set: '6b'.repeat(16) })).toBe('BACKUP-COMMITMENT')
  })

  test('ENVELOPE-SIGNATURE-INVALID of one that the ceremony key did not sign', async () => {
    const [files, others] = [await filesOf(), await filesOf()]
    expect(ruleOf(await openCustodianShare({ ...files, signature: others.signature }, gita))).toBe(
      'ENVELOPE-SIGNATURE-INVALID',
    )
  })
})

describe('words that are typed back', () => {
  const ruled = (words: string) => {
    const checked = checkWords(accepted(custodianShareCodec.check(contentOf())), words)
    return checked.ok ? 'accepted' : `${checked.rule} ${checked.detail}`
  }

  test('BACKUP-WORD and BACKUP-CHECKSUM name the word that is wrong', () => {
    const words = custodianWords(shares[0]!)
    expect(ruled(words)).toBe('accepted')
    expect(ruled(spoilt(words, 11, 'zzzz'))).toMatch(/^BACKUP-WORD .*12/)
    const at = words.split(' ')[20] === 'academic' ? 'acid' : 'academic'
    expect(ruled(spoilt(words, 20, at))).toMatch(/^BACKUP-CHECKSUM .*21/)
    expect(ruled(words.split(' ').slice(1).join(' '))).toMatch(/^BACKUP-WORDS-COUNT /)
  })

  test('BACKUP-SHARE-OTHER, BACKUP-SET-OTHER: of another custodian, and of another or a burnt set', () => {
    expect(ruled(custodianWords(shares[1]!))).toMatch(/^BACKUP-SHARE-OTHER /)
    expect(ruled(custodianWords(dealt(2)[0]!))).toMatch(/^BACKUP-SET-OTHER /)
  })
})
