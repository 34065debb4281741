import { describe, expect, it } from 'vitest'
import { verifyBundle } from '../../../src/exports/bundle.ts'
import { memoryReader, sampleBundle } from '../../support/sample-bundle.ts'
import { type HeartbeatAlterations, sampleHeartbeats } from '../../support/sample-heartbeat.ts'
import { sampleTime } from '../../support/sample-options.ts'
import { compare } from '../../support/second-verifier.ts'

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

  it('HEARTBEATS names who is overdue: who stated nothing, and whose statement is older than the plan has it', async () => {
    const detailOf = async (change: HeartbeatAlterations) => {
      const { bytes, policy } = await sampleBundle(sampleHeartbeats(change))
      const { checks } = await verifyBundle(memoryReader(bytes), { policy })
      return checks.find(({ id }) => id === 'HEARTBEATS')?.detail
    }
    expect(await detailOf({})).toBe('3 of 3 holders')
    expect(await detailOf({ from: ['Hana', 'Jun'] })).toBe('2 of 3 holders; overdue: Ito')
    const stated = (time: string) =>
      detailOf({ said: (said) => (said.name === 'Jun' ? { ...said, time } : said) })
    expect(await stated(sampleTime(31).replace('2026-01-15', '2025-10-17'))).toBe(
      '3 of 3 holders; overdue: Jun',
    )
    expect(await stated(sampleTime(40).replace('2026-01-15', '2025-10-17'))).toBe('3 of 3 holders')
  })
})
