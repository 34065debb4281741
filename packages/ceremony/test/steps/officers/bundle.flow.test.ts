import { describe, expect, it } from 'vitest'
import type { Policy } from '../../../src/exports/policy.ts'
import { sampleBundle } from '../../support/sample-bundle.ts'
import { type OfficerAlterations, sampleOfficers } from '../../support/sample-officers.ts'
import { compare } from '../../support/second-verifier.ts'

const other = '6b'.repeat(32)
const next = (change: (policy: Policy) => Partial<Policy>): OfficerAlterations => ({
  next: (policy) => ({ ...policy, ...change(policy) }),
})
const sound: [string, OfficerAlterations][] = [
  ['signed by everybody', {}],
  ['signed by those who stay and the newcomer', { signers: (all) => all.filter((_, at) => at !== 2) }],
  ['of a rehearsal', { domain: 'rehearsal' }],
  [
    'of a rehearsal whose plan names another',
    { domain: 'rehearsal', plan: (plan) => ({ ...plan, nextPolicy: other }) },
  ],
]
const wrong: [string, string, OfficerAlterations][] = [
  ['NEXT-POLICY', 'signed by nobody', { signers: () => [] }],
  ['NEXT-POLICY', 'signed by the newcomer alone', { signers: (all) => all.slice(-1) }],
  ['NEXT-POLICY', 'signed twice', { signers: ([one, ...rest]) => [one!, one!, ...rest] }],
  ['NEXT-POLICY', 'whose version leaps', next(({ version }) => ({ version: version + 1 }))],
  ['NEXT-POLICY', 'that follows another policy', next(() => ({ previous: other }))],
  ['NEXT-POLICY', 'of another domain', next(() => ({ domain: 'rehearsal' }))],
  ['NEXT-POLICY', 'of another organisation', next(() => ({ organisation: { id: 'other', name: 'Other' } }))],
  ['NEXT-POLICY', 'that hides who came', next(({ changes }) => ({ changes: changes!.slice(1) }))],
  ['NEXT-POLICY', 'that hides who left', next(({ changes }) => ({ changes: changes!.slice(0, 1) }))],
  [
    'NEXT-POLICY',
    'whose changes name somebody twice',
    next(({ changes }) => ({ changes: [...changes!, changes![1]!] })),
  ],
  ['NEXT-POLICY', 'whose quorum nobody can meet', next(() => ({ officerQuorum: 9 }))],
  [
    'NEXT-POLICY',
    'with an officer twice',
    next(({ officers }) => ({ officers: [...officers, officers[0]!] })),
  ],
  ['NEXT-POLICY', 'that no plan names', { plan: (plan) => ({ ...plan, nextPolicy: other }) }],
  [
    'NEXT-POLICY',
    'with a signature of another policy',
    { file: (file) => ({ ...file, policy: { ...file.policy, softTokens: !file.policy.softTokens } }) },
  ],
  ['TRANSCRIPT-CONTENT', 'other than was read', { read: { policy: other, version: 2, quorum: 2 } }],
  [
    'TRANSCRIPT-CONTENT',
    'in a plan without the step',
    {
      plan: (plan) => ({
        ...plan,
        parts: plan.parts.map((part) => ({
          ...part,
          steps: part.steps.filter((one) => one.do !== 'sign-policy'),
        })),
      }),
    },
  ],
  [
    'PLAN-CONTENT',
    'of a plan that changes no policy',
    {
      plan: (plan) => {
        const { nextPolicy: _gone, ...rest } = plan
        return rest
      },
    },
  ],
]

describe('a bundle with a next policy', () => {
  it('NEXT-POLICY gets the same verdict from both verifiers: quorums of both versions, exact changes, the plan’s policy', async () => {
    const cases = []
    for (const [, change] of sound) cases.push(await sampleBundle(sampleOfficers(change)))
    for (const [, , change] of wrong) cases.push(await sampleBundle(sampleOfficers(change)))
    const verdicts = await compare(cases, undefined, 'told')
    expect(
      verdicts
        .slice(0, sound.length)
        .map(({ verdict, failed }, at) => `${sound[at]?.[0]} ${verdict} ${failed.join()}`),
    ).toEqual(sound.map(([what]) => `${what} accepted `))
    expect(
      verdicts
        .slice(sound.length)
        .map(({ failed }, at) => [wrong[at]?.[1], failed.includes(wrong[at]?.[0] as never)]),
    ).toEqual(wrong.map(([, what]) => [what, true]))
  }, 120_000)
})
