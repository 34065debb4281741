import { describe, expect, it } from 'vitest'
import { verifyBundle } from '../../../src/exports/bundle.ts'
import { memoryReader, sampleBundle } from '../../support/sample-bundle.ts'
import { type HeartbeatAlterations, sampleHeartbeats } from '../../support/sample-heartbeat.ts'
import { sampleTime } from '../../support/sample-options.ts'
import { compare, secondWords } from '../../support/second-verifier.ts'

const other = '6b'.repeat(32)
const sound: [string, HeartbeatAlterations][] = [
  ['of all holders', {}],
  ['of two', { from: ['Hana', 'Jun'] }],
  ['of nobody', { from: [] }],
]
const wrong: [string, string, HeartbeatAlterations][] = [
  [
    'HEARTBEATS',
    'a plan that asks no holder',
    {
      plan: (plan) => {
        const { heartbeat: _gone, ...rest } = plan
        return rest
      },
    },
  ],
  ['HEARTBEATS', 'of another key', { said: (said) => ({ ...said, keyId: other }) }],
  ['HEARTBEATS', 'of another epoch', { said: (said) => ({ ...said, epochId: other }) }],
  ['HEARTBEATS', 'of another run', { said: (said) => ({ ...said, ceremonyId: '6b'.repeat(16) }) }],
  ['HEARTBEATS', 'of a rehearsal', { said: (said) => ({ ...said, domain: 'rehearsal' }) }],
  ['HEARTBEATS', 'of another holder’s number', { said: (said) => ({ ...said, holder: 3 }) }],
  ['HEARTBEATS', 'in another’s name', { said: (said) => ({ ...said, name: 'Ito' }) }],
  ['HEARTBEATS', 'signed by another holder', { signer: 'Ito' }],
  ['HEARTBEATS', 'twice by one holder', { heartbeats: ([one, ...rest]) => [one!, one!, ...rest] }],
  ['HEARTBEATS', 'out of order', { heartbeats: (all) => all.toReversed() }],
  [
    'TRANSCRIPT-CONTENT',
    'over another challenge than was drawn',
    { said: (said) => ({ ...said, challenge: other }) },
  ],
  ['TRANSCRIPT-CONTENT', 'over what was not drawn', { drawn: {} }],
  [
    'TRANSCRIPT-CONTENT',
    'in a plan without the step that asks',
    {
      plan: (plan) => ({
        ...plan,
        parts: plan.parts.map((part) => ({
          ...part,
          steps: part.steps.filter((step) => step.do !== 'ask-heartbeats'),
        })),
      }),
    },
  ],
]

describe('a bundle with heartbeats', () => {
  it('HEARTBEATS and the challenge get the same verdict from both verifiers', async () => {
    const cases = []
    for (const [, change] of sound) cases.push(await sampleBundle(sampleHeartbeats(change)))
    for (const [, , change] of wrong) cases.push(await sampleBundle(sampleHeartbeats(change)))
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

  it('HEARTBEATS names, in both verifiers, who stated nothing, whose statement is older than the plan has it, and whose time is outside the run', async () => {
    const jun = (time: string): HeartbeatAlterations => ({
      said: (said) => (said.name === 'Jun' ? { ...said, time } : said),
    })
    const odd = '3 of 3 holders; a time outside the run: Jun'
    const named: [string, HeartbeatAlterations][] = [
      ['3 of 3 holders', {}],
      ['2 of 3 holders; overdue: Ito', { from: ['Hana', 'Jun'] }],
      ['3 of 3 holders', jun(sampleTime(32))],
      [
        '3 of 3 holders; overdue: Jun; a time outside the run: Jun',
        jun(sampleTime(31).replace('2026-01-15', '2025-10-17')),
      ],
      [odd, jun(sampleTime(40).replace('2026-01-15', '2025-10-17'))],
      [odd, jun(sampleTime(1))],
      [odd, jun(sampleTime(33))],
      [odd, jun('2099-01-01T00:00:00.000Z')],
      [odd, { ...jun('2026-02-31T00:00:00.000Z'), drawn: {} }],
    ]
    const cases = []
    for (const [, change] of named) cases.push(await sampleBundle(sampleHeartbeats(change)))
    const first = []
    for (const { bytes, policy } of cases) {
      const { checks } = await verifyBundle(memoryReader(bytes), { policy })
      first.push(checks.find(({ id }) => id === 'HEARTBEATS')?.detail)
    }
    expect(first).toEqual(named.map(([detail]) => detail))
    expect(secondWords(cases, 'told').map(({ said }) => said.HEARTBEATS)).toEqual(first)
  }, 120_000)
})
