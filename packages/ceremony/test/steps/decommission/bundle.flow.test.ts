import { sha256Hex } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import type { Plan } from '../../../src/exports/plan.ts'
import { sampleBundle } from '../../support/sample-bundle.ts'
import {
  type DecommissionAlterations,
  goneStep,
  sampleDecommission,
} from '../../support/sample-decommission.ts'
import { beforeSeal } from '../../support/sample-kinds.ts'
import { compare } from '../../support/second-verifier.ts'

const without = (plan: Plan, id: string): Plan => ({
  ...plan,
  parts: plan.parts.map((part) => ({ ...part, steps: part.steps.filter((one) => one.id !== id) })),
})
const bornAs = (possession?: { mechanism: string; digest: string }) => (plan: Plan) => {
  const copy = structuredClone(plan)
  for (const { existing } of copy.keys) {
    if (existing === undefined) continue
    delete existing.possession
    if (possession !== undefined) existing.possession = possession
  }
  return copy
}
const wrong: [string, string, DecommissionAlterations][] = [
  ['DECOMMISSION', 'that says nothing of it', { gone: () => [] }],
  ['DECOMMISSION', 'of another key', { gone: ([one]) => [{ ...one!, id: 'org' }] }],
  ['DECOMMISSION', 'in another token', { gone: ([one]) => [{ ...one!, token: 'spare' }] }],
  ['DECOMMISSION', 'by another serial', { gone: ([one]) => [{ ...one!, serial: 'ffffffff' }] }],
  ['DECOMMISSION', 'under another CKA_ID', { gone: ([one]) => [{ ...one!, ckaId: '6b'.repeat(16) }] }],
  ['DECOMMISSION', 'twice', { gone: ([one]) => [one!, one!] }],
  ['DECOMMISSION', 'that no step of the plan destroys', { plan: (plan) => without(plan, 'gone') }],
  [
    'DECOMMISSION',
    'that the plan destroys once more',
    { plan: (plan) => beforeSeal(plan, goneStep('again')) },
  ],
  ['DECOMMISSION', 'whose birth the plan does not prove', { plan: bornAs() }],
  [
    'PLAN-CONTENT',
    'that proved another key than was born',
    { plan: bornAs({ mechanism: 'KWP-RFC5649', digest: '6b'.repeat(32) }) },
  ],
  [
    'PLAN-CONTENT',
    'that proved it by another mechanism',
    { plan: bornAs({ mechanism: 'KW-RFC3394', digest: sha256Hex() }) },
  ],
  ['TRANSCRIPT-CONTENT', 'of another key under its CKA_ID', { result: { digest: '6b'.repeat(32) } }],
  ['TRANSCRIPT-CONTENT', 'that nothing proved in that token', { result: { digest: null } }],
  ['TRANSCRIPT-CONTENT', 'proved by another mechanism there', { result: { mechanism: 'KW-RFC3394' } }],
  ['TRANSCRIPT-CONTENT', 'that is there still', { result: { absent: false } }],
  ['TRANSCRIPT-CONTENT', 'other than the transcript says', { result: { ckaId: '6b'.repeat(16) } }],
  ['TRANSCRIPT-CONTENT', 'in another token than the transcript says', { result: { serial: 'ffffffff' } }],
]

describe('a bundle of a decommission', () => {
  it('DECOMMISSION gets the same verdict from both verifiers: every token of the plan, its serial, the root’s own identifier', async () => {
    const cases = [await sampleBundle(sampleDecommission())]
    for (const [, , change] of wrong) cases.push(await sampleBundle(sampleDecommission(change)))
    const [sound, ...verdicts] = await compare(cases, undefined, 'told')
    expect(sound).toEqual({ verdict: 'accepted', failed: [] })
    expect(
      verdicts.map(({ failed }, at) => [wrong[at]?.[1], failed.includes(wrong[at]?.[0] as never)]),
    ).toEqual(wrong.map(([, what]) => [what, true]))
  }, 120_000)
})
