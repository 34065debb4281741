import { describe, expect, it } from 'vitest'
import { makePerson } from '../../support/people.ts'
import { type BackupAlterations, sampleBackup, sampleSpki } from '../../support/sample-backup.ts'
import { sampleBundle } from '../../support/sample-bundle.ts'
import { compare } from '../../support/second-verifier.ts'

const other = '6b'.repeat(32)
const smallSpki = sampleSpki(384)
const shorter = sampleSpki()
shorter[33] = 0x41
const share = (change: object): BackupAlterations => ({
  backups: ([one]) => [
    { ...one!, shares: one!.shares.map((each, at) => (at === 1 ? { ...each, ...change } : each)) },
  ],
})
const withoutBackup: BackupAlterations['plan'] = (plan) => {
  delete plan.keys[0]!.backup
  return plan
}
const wrong: [string, string, BackupAlterations][] = [
  ['BACKUPS', 'that the plan does not have', { plan: withoutBackup }],
  ['BACKUPS', 'that is not there', { backups: () => [] }],
  ['BACKUPS', 'twice', { backups: ([one]) => [one!, one!] }],
  ['BACKUPS', 'of another key', { backups: ([one]) => [{ ...one!, id: 'org' }] }],
  ['BACKUPS', 'of another quorum', { backups: ([one]) => [{ ...one!, t: 1 }] }],
  [
    'BACKUPS',
    'of fewer custodians',
    { backups: ([one]) => [{ ...one!, n: 2, shares: one!.shares.slice(0, 2) }] },
  ],
  ['BACKUPS', 'out of order', { backups: ([one]) => [{ ...one!, shares: one!.shares.toReversed() }] }],
  ['BACKUPS', 'with a number twice', share({ index: 1 })],
  [
    'BACKUPS',
    'with one commitment twice',
    { backups: ([one]) => [{ ...one!, shares: one!.shares.map((each) => ({ ...each, share: other })) }] },
  ],
  ['BACKUPS', 'with an envelope that the ceremony key did not sign', { envelopeSigned: other }],
  [
    'BACKUPS',
    'with another card',
    {
      backups: ([one]) => [
        { ...one!, shares: one!.shares.map((each, at, all) => ({ ...each, card: all[(at + 1) % 3]!.card })) },
      ],
    },
  ],
  ['BACKUPS', 'proved by another custodian', { signer: 'Hugo' }],
  ['BACKUPS', 'proved for another run', { said: (said) => ({ ...said, ceremonyId: '6b'.repeat(16) }) }],
  ['BACKUPS', 'proved for another set', { said: (said) => ({ ...said, set: '6b'.repeat(16) }) }],
  ['BACKUPS', 'proved for another share', { said: (said) => ({ ...said, share: other }) }],
  ['BACKUPS', 'proved for another envelope', { said: (said) => ({ ...said, envelope: other }) }],
  ['BACKUPS', 'proved under another number', { said: (said) => ({ ...said, index: 4 }) }],
  ['BACKUPS', 'proved in a rehearsal', { said: (said) => ({ ...said, domain: 'rehearsal' }) }],
  ['BACKUPS', 'to a key of 3072 bits', { spki: smallSpki }],
  ['BACKUPS', 'to a key of 4095 bits', { spki: shorter }],
  [
    'TRANSCRIPT-CONTENT',
    'with another medium than was sealed',
    { recorded: (made) => ({ ...made, medium: other }) },
  ],
  [
    'TRANSCRIPT-CONTENT',
    'with another set than was dealt',
    { recorded: (made) => ({ ...made, set: '6b'.repeat(16) }) },
  ],
  ['TRANSCRIPT-CONTENT', 'with another identifier', { recorded: (made) => ({ ...made, identifier: 1 }) }],
  ['TRANSCRIPT-CONTENT', 'with another pair', { recorded: (made) => ({ ...made, publicKey: other }) }],
  ['TRANSCRIPT-CONTENT', 'with other shares', { recorded: (made) => ({ ...made, shares: [] }) }],
  [
    'TRANSCRIPT-CONTENT',
    'that gives back another root',
    { recorded: (made) => ({ ...made, possession: { mechanism: 'KWP-RFC5649', digest: other } }) },
  ],
  [
    'TRANSCRIPT-CONTENT',
    'proved by another mechanism',
    { recorded: (made) => ({ ...made, possession: { mechanism: 'KW-RFC3394', digest: other } }) },
  ],
  ['TRANSCRIPT-CONTENT', 'to another key than was trusted', { trust: other }],
  ['TRANSCRIPT-CONTENT', 'of which the window says nothing', { recorded: () => null }],
]

describe('a bundle with a backup', () => {
  it('BACKUPS and what the window recorded get the same verdict from both verifiers', async () => {
    const cases = [await sampleBundle(sampleBackup())]
    for (const [, , change] of wrong) cases.push(await sampleBundle(sampleBackup(change)))
    const [sound, ...verdicts] = await compare(cases)
    expect(sound).toEqual({ verdict: 'accepted', failed: [] })
    expect(
      verdicts.map(({ failed }, at) => [wrong[at]?.[1], failed.includes(wrong[at]?.[0] as never)]),
    ).toEqual(wrong.map(([, what]) => [what, true]))
  }, 120_000)

  it('CARDS a custodian who also holds another seat is refused', async () => {
    const options = sampleBackup()
    const gita = makePerson('custodian', 'Gita', 'production')
    const card = { ...makePerson('holder', 'Otto', 'production').card, keys: gita.card.keys }
    const guests = [...(options.alter?.guests ?? []), { identity: gita.identity, card }]
    const made = await sampleBundle({ ...options, alter: { ...options.alter, guests } })
    const [verdict] = await compare([made])
    expect(verdict?.failed).toContain('CARDS')
  }, 60_000)
})
