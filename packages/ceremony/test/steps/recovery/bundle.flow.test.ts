import { generateIdentity, type Json } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import { verifyBundle } from '../../../src/exports/bundle.ts'
import { entropyOf } from '../../support/people.ts'
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
  ['opened in a drill', { use: 'drill' }],
  ['opened in a drill by all', { use: 'drill', from: ['Gita', 'Hugo', 'Ivo'] }],
  ['restored', { use: 'restore', from: ['Gita', 'Ivo'] }],
]
const drill = (change: RecoveryAlterations): RecoveryAlterations => ({ use: 'drill', ...change })
const restored = (change: object): RecoveryAlterations =>
  drill({ recovery: (used) => ({ ...used, restored: { ...used.restored!, ...change } }) })
const said = (kind: 'ask-shares' | 'restore-root' | 'zeroise-root', change: object): RecoveryAlterations =>
  drill({ result: { [kind]: change as Json } })
const asker = generateIdentity(entropyOf('another ceremony'), ['p256', 'mlDsa65'])
const opened: [string, string, RecoveryAlterations][] = [
  [
    'PLAN-CONTENT',
    'for a drill, and used to restore',
    drill({ recovery: (used) => ({ ...used, use: 'restore' }) }),
  ],
  [
    'RECOVERY',
    'in a run that makes another backup',
    drill({
      plan: (plan) => ({
        ...plan,
        keys: plan.keys.map((key) =>
          key.level === 'root'
            ? { ...key, backup: { t: 2, n: 3, custodians: ['Gita', 'Hugo', 'Ivo'] } }
            : key,
        ),
      }),
    }),
  ],
  ['RECOVERY', 'by fewer than its quorum', drill({ from: ['Gita'] })],
  ['RECOVERY', 'by a statement that gives nothing', drill({ said: (one) => ({ ...one, envelope: null }) })],
  ['RECOVERY', 'by two who gave the same', drill({ said: (one) => ({ ...one, envelope: other }) })],
  ['RECOVERY', 'by words for a check', drill({ said: (one) => ({ ...one, use: 'check' }) })],
  ['RECOVERY', 'checked, and a share given', { said: (one) => ({ ...one, envelope: other }) }],
  ['RECOVERY', 'that nothing asked for', drill({ recovery: ({ request: _gone, ...used }) => used })],
  ['RECOVERY', 'of which no root came', drill({ recovery: ({ restored: _gone, ...used }) => used })],
  [
    'RECOVERY',
    'that is not zeroised after a drill',
    drill({ recovery: ({ zeroised: _gone, ...used }) => used }),
  ],
  [
    'RECOVERY',
    'that is zeroised after a restore',
    {
      use: 'restore',
      recovery: (used) => ({ ...used, zeroised: { token: 'ceremony', serial: 'a1b2c3d4' } }),
    },
  ],
  [
    'RECOVERY',
    'zeroised in another token',
    drill({ recovery: (used) => ({ ...used, zeroised: { token: 'ceremony', serial: 'b2c3d4e5' } }) }),
  ],
  [
    'RECOVERY',
    'checked, and zeroised',
    { recovery: (used) => ({ ...used, zeroised: { token: 'ceremony', serial: 'a1b2c3d4' } }) },
  ],
  ['RECOVERY', 'asked for by another key', drill({ asker })],
  ['RECOVERY', 'asked for by another run', drill({ asked: (one) => ({ ...one, ceremonyId: otherId }) })],
  ['RECOVERY', 'asked for to restore', drill({ asked: (one) => ({ ...one, use: 'restore' }) })],
  ['RECOVERY', 'asked for of another root', drill({ asked: (one) => ({ ...one, key: 'root' }) })],
  ['RECOVERY', 'asked for of another set', drill({ asked: (one) => ({ ...one, set: otherId }) })],
  ['RECOVERY', 'asked for of another identifier', drill({ asked: (one) => ({ ...one, identifier: 1 }) })],
  ['RECOVERY', 'asked for of another quorum', drill({ asked: (one) => ({ ...one, t: 3 }) })],
  [
    'RECOVERY',
    'asked for of others',
    drill({ asked: (one) => ({ ...one, custodians: one.custodians.toReversed() }) }),
  ],
  [
    'RECOVERY',
    'asked for by other commitments',
    drill({ asked: (one) => ({ ...one, shares: one.shares.toReversed() }) }),
  ],
  ['RECOVERY', 'that is another key', restored({ digest: other })],
  ['RECOVERY', 'proved by another mechanism', restored({ mechanism: 'KW-RFC3394' })],
  ['RECOVERY', 'proved over another challenge', restored({ challenge: other })],
  ['RECOVERY', 'under another CKA_ID', restored({ ckaId: otherId })],
  ['RECOVERY', 'out of other shares', restored({ shares: [1, 3] })],
  ['RECOVERY', 'in another token', restored({ token: 'spare' })],
  ['RECOVERY', 'that may leave its token', restored({ attributes: { EXTRACTABLE: true, SENSITIVE: true } })],
  ['TRANSCRIPT-CONTENT', 'in a token that the officers did not open', restored({ serial: 'b2c3d4e5' })],
  ['EVIDENCE', 'with less evidence than the policy asks for', restored({ evidence: 'E0' })],
  ['EVIDENCE', 'with more evidence than a bundle can prove', restored({ evidence: 'E2' })],
  ['EVIDENCE', 'that reads otherwise', restored({ attributes: { EXTRACTABLE: false, SENSITIVE: true } })],
  [
    'TRANSCRIPT-CONTENT',
    'of which the transcript asked for something else',
    said('ask-shares', { digest: other }),
  ],
  [
    'TRANSCRIPT-CONTENT',
    'of which the transcript has another root',
    said('restore-root', { serial: 'a1b2c3d4', digest: other }),
  ],
  [
    'TRANSCRIPT-CONTENT',
    'that stays by the transcript',
    said('zeroise-root', { serial: 'a1b2c3d4', absent: false }),
  ],
  [
    'TRANSCRIPT-CONTENT',
    'of which the transcript restored nothing',
    drill({ result: { 'restore-root': null } }),
  ],
  [
    'TRANSCRIPT-CONTENT',
    'of which the transcript zeroised nothing',
    drill({ result: { 'zeroise-root': null } }),
  ],
  [
    'TRANSCRIPT-CONTENT',
    'in a token that was not probed',
    drill({
      plan: (plan) => ({
        ...plan,
        parts: plan.parts.map((part) => ({
          ...part,
          steps: part.steps.filter(({ do: kind }) => kind !== 'probe-token'),
        })),
      }),
    }),
  ],
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
  [
    'TRANSCRIPT-CONTENT',
    'of which another medium was read',
    { result: { 'check-medium': { medium: other } } },
  ],
  ['TRANSCRIPT-CONTENT', 'of which no medium was read', { result: { 'check-medium': null } }],
  ['TRANSCRIPT-CONTENT', 'of which nothing of the medium is said', { result: { 'check-medium': {} } }],
]

const all = [...wrong, ...opened]

describe('a bundle that checks or opens a backup', () => {
  it('RECOVERY, the plan and the medium that was read get the same verdict from both verifiers', async () => {
    const cases = []
    for (const [, change] of sound) cases.push(await sampleBundle(sampleRecovery(change)))
    for (const [, , change] of all) cases.push(await sampleBundle(sampleRecovery(change)))
    const verdicts = await compare(cases, undefined, 'told')
    expect(
      verdicts.slice(0, sound.length).map(({ verdict, failed }) => `${verdict} ${failed.join()}`),
    ).toEqual(sound.map(() => 'accepted '))
    expect(
      verdicts
        .slice(sound.length)
        .map(({ failed }, at) => [all[at]?.[1], failed.includes(all[at]?.[0] as never)]),
    ).toEqual(all.map(([, what]) => [what, true]))
  }, 120_000)

  it('RECOVERY names, in both verifiers, who was asked and stated nothing, and what is burnt', async () => {
    const made = await sampleBundle(sampleRecovery({ from: ['Hugo'] }))
    const { checks } = await verifyBundle(memoryReader(made.bytes), { policy: made.policy })
    const detail = checks.find(({ id }) => id === 'RECOVERY')?.detail
    expect(detail).toBe('1 of 3 custodians; asked in vain: Gita, Ivo')
    const drilled = await sampleBundle(sampleRecovery({ use: 'drill' }))
    expect(secondWords([made, drilled], 'told').map(({ said }) => said.RECOVERY)).toEqual([
      detail,
      `2 of 3 custodians; burnt: the set ${sampleDealt.set}`,
    ])
  }, 60_000)
})
