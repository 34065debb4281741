import { describe, expect, it } from 'vitest'
import { verifyBundle } from '../../../src/exports/bundle.ts'
import { memoryReader, sampleBundle } from '../../support/sample-bundle.ts'
import { type RecoveryAlterations, sampleDealt, sampleRecovery } from '../../support/sample-recovery.ts'
import { compare, secondWords } from '../../support/second-verifier.ts'

const other = '6b'.repeat(32)
const otherId = '6b'.repeat(16)
const backup = (change: object): RecoveryAlterations => ({
  recovery: (used) => ({ ...used, backup: { ...used.backup, ...change } }),
})
const sound: [string, RecoveryAlterations][] = [
  ['of all custodians', {}],
  ['of two', { from: ['Gita', 'Ivo'] }],
  ['of nobody', { from: [] }],
]
const wrong: [string, string, RecoveryAlterations][] = [
  ['PLAN-CONTENT', 'that the bundle does not name', { recovery: () => null }],
  [
    'PLAN-CONTENT',
    'that the plan does not use',
    {
      plan: (plan) => {
        const { recovery: _gone, ...rest } = plan
        return rest
      },
    },
  ],
  ...(
    [
      ['of another bundle', { bundle: other }],
      ['of another root', { key: 'root' }],
      ['under another CKA_ID', { ckaId: otherId }],
      ['of another root id', { rootId: otherId }],
      ['of another birth', { ceremonyId: otherId }],
      ['of another set', { set: otherId }],
      ['of another identifier', { identifier: 1 }],
      ['of another quorum', { t: 3 }],
      ['with another medium', { medium: other }],
      ['proved otherwise', { possession: other }],
      ['proved by another mechanism', { mechanism: 'KW-RFC3394' }],
      ['with another share', { shares: sampleDealt.shares.with(1, other) }],
      ['with fewer shares', { shares: sampleDealt.shares.slice(0, 2) }],
    ] as const
  ).map(([what, change]): [string, string, RecoveryAlterations] => ['PLAN-CONTENT', what, backup(change)]),
  ['RECOVERY', 'stated to another run', { said: (said) => ({ ...said, ceremonyId: otherId }) }],
  ['RECOVERY', 'stated in a rehearsal', { said: (said) => ({ ...said, domain: 'rehearsal' }) }],
  ['RECOVERY', 'stated of another root', { said: (said) => ({ ...said, key: 'root' }) }],
  ['RECOVERY', 'stated of another set', { said: (said) => ({ ...said, set: otherId }) }],
  ['RECOVERY', 'stated of another share', { said: (said) => ({ ...said, share: other }) }],
  ['RECOVERY', 'stated under another number', { said: (said) => ({ ...said, index: 3 }) }],
  ['RECOVERY', 'stated in another’s name', { said: (said) => ({ ...said, name: 'Hugo' }), from: ['Gita'] }],
  ['RECOVERY', 'signed by another custodian', { signer: 'Hugo', from: ['Gita'] }],
  [
    'RECOVERY',
    'stated twice by one',
    { recovery: (used) => ({ ...used, statements: [used.statements[0]!, ...used.statements] }) },
  ],
  [
    'RECOVERY',
    'out of order',
    { recovery: (used) => ({ ...used, statements: used.statements.toReversed() }) },
  ],
  [
    'RECOVERY',
    'by a number that nobody has',
    {
      recovery: (used) => ({
        ...used,
        statements: used.statements.map((one) => ({ ...one, index: one.index + 3 })),
      }),
    },
  ],
  ['TRANSCRIPT-CONTENT', 'of which another medium was read', { read: { medium: other } }],
  ['TRANSCRIPT-CONTENT', 'of which no medium was read', { read: null }],
  ['TRANSCRIPT-CONTENT', 'of which nothing of the medium is said', { read: {} }],
]

describe('a bundle that checks a backup', () => {
  it('RECOVERY, the plan and the medium that was read get the same verdict from both verifiers', async () => {
    const cases = []
    for (const [, change] of sound) cases.push(await sampleBundle(sampleRecovery(change)))
    for (const [, , change] of wrong) cases.push(await sampleBundle(sampleRecovery(change)))
    const verdicts = await compare(cases)
    expect(
      verdicts.slice(0, sound.length).map(({ verdict, failed }) => `${verdict} ${failed.join()}`),
    ).toEqual(sound.map(() => 'accepted '))
    expect(
      verdicts
        .slice(sound.length)
        .map(({ failed }, at) => [wrong[at]?.[1], failed.includes(wrong[at]?.[0] as never)]),
    ).toEqual(wrong.map(([, what]) => [what, true]))
  }, 120_000)

  it('RECOVERY names, in both verifiers, who was asked and stated nothing', async () => {
    const made = await sampleBundle(sampleRecovery({ from: ['Hugo'] }))
    const { checks } = await verifyBundle(memoryReader(made.bytes), { policy: made.policy })
    const detail = checks.find(({ id }) => id === 'RECOVERY')?.detail
    expect(detail).toBe('1 of 3 custodians; asked in vain: Gita, Ivo')
    expect(secondWords([made], 'told').map(({ said }) => said.RECOVERY)).toEqual([detail])
  }, 60_000)
})
