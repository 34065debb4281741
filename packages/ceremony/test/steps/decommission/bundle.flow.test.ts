import type { Json } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import type { Predicate } from '../../../src/exports/bundle.ts'
import type { Plan, Step } from '../../../src/exports/plan.ts'
import { type SampleOptions, sampleBundle } from '../../support/sample-bundle.ts'
import { compare } from '../../support/second-verifier.ts'

type Gone = NonNullable<Predicate['decommissioned']>
type Change = {
  plan?: (plan: Plan) => Plan
  gone?: (gone: Gone) => Gone
  /** What the transcript says of the step. */
  result?: { [key: string]: Json }
}

const ckaId = '77'.repeat(16)
const step = (id: string): Step => ({
  id,
  do: 'decommission-root',
  actor: 'officer',
  textKey: 'steps.gone',
  text: 'Destroy the root.',
  key: 'root',
})

/** A bundle whose run destroys the root of an earlier ceremony in its only token. */
function sample(change: Change = {}): SampleOptions {
  return {
    version: 2,
    rootBorn: 'ab'.repeat(16),
    alter: {
      plan(plan) {
        const copy = structuredClone(plan)
        for (const part of copy.parts)
          part.steps = part.steps.flatMap((one) =>
            one.do === 'generate-root' ? [] : one.do === 'seal' ? [step('gone'), one] : [one],
          )
        copy.checkpoints.live = copy.checkpoints.live.filter((id) => id !== 'make-root')
        return change.plan?.(copy) ?? copy
      },
      entries(entries) {
        const at = entries.findIndex(({ stepId }) => stepId === 'seal')
        const seal = entries[at]!
        const result = {
          serial: 'a1b2c3d4',
          ckaId,
          absent: true,
          objects: [],
          unreadable: 0,
          ...change.result,
        }
        const fact = { attempt: 1, effect: 'zeroise-root', again: false, result }
        return [...entries.slice(0, at), { ...seal, stepId: 'gone', fact }, ...entries.slice(at)]
          .filter(({ stepId, fact: of }) => stepId !== 'make-root' || of.effect !== 'generate-root')
          .map((entry, seq) => ({ ...entry, seq: String(seq) }))
      },
      predicate(predicate) {
        const gone = [{ id: 'root', token: 'ceremony', serial: 'a1b2c3d4', ckaId }]
        const decommissioned = change.gone?.(gone) ?? gone
        const { decommissioned: _none, ...rest } = predicate
        return {
          ...rest,
          transports: predicate.transports.map((one) => ({ ...one, roots: [] })),
          keyEvidence: predicate.keyEvidence.filter(({ id }) => id !== 'root'),
          ...(decommissioned.length === 0 ? {} : { decommissioned }),
        }
      },
      blobs: (all) => all,
    },
  }
}

const without = (plan: Plan, id: string): Plan => ({
  ...plan,
  parts: plan.parts.map((part) => ({ ...part, steps: part.steps.filter((one) => one.id !== id) })),
})
const more = (plan: Plan, add: Step): Plan => ({
  ...plan,
  parts: plan.parts.map((part) => ({
    ...part,
    steps: part.steps.flatMap((one) => (one.do === 'seal' ? [add, one] : [one])),
  })),
})
const wrong: [string, string, Change][] = [
  ['DECOMMISSION', 'that says nothing of it', { gone: () => [] }],
  ['DECOMMISSION', 'of another key', { gone: ([one]) => [{ ...one!, id: 'org' }] }],
  ['DECOMMISSION', 'in another token', { gone: ([one]) => [{ ...one!, token: 'spare' }] }],
  ['DECOMMISSION', 'by another serial', { gone: ([one]) => [{ ...one!, serial: 'ffffffff' }] }],
  ['DECOMMISSION', 'under another CKA_ID', { gone: ([one]) => [{ ...one!, ckaId: '6b'.repeat(16) }] }],
  ['DECOMMISSION', 'twice', { gone: ([one]) => [one!, one!] }],
  ['DECOMMISSION', 'that no step of the plan destroys', { plan: (plan) => without(plan, 'gone') }],
  ['DECOMMISSION', 'that the plan destroys once more', { plan: (plan) => more(plan, step('again')) }],
  ['TRANSCRIPT-CONTENT', 'that is there still', { result: { absent: false } }],
  ['TRANSCRIPT-CONTENT', 'other than the transcript says', { result: { ckaId: '6b'.repeat(16) } }],
  ['TRANSCRIPT-CONTENT', 'in another token than the transcript says', { result: { serial: 'ffffffff' } }],
]

describe('a bundle of a decommission', () => {
  it('DECOMMISSION gets the same verdict from both verifiers: every token of the plan, its serial, the root’s own identifier', async () => {
    const cases = [await sampleBundle(sample())]
    for (const [, , change] of wrong) cases.push(await sampleBundle(sample(change)))
    const [sound, ...verdicts] = await compare(cases, undefined, 'told')
    expect(sound?.failed.filter((id) => ['DECOMMISSION', 'PLAN-CONTENT'].includes(id))).toEqual([])
    expect(sound?.failed).not.toContain('TRANSCRIPT-CONTENT')
    expect(
      verdicts.map(({ failed }, at) => [wrong[at]?.[1], failed.includes(wrong[at]?.[0] as never)]),
    ).toEqual(wrong.map(([, what]) => [what, true]))
  }, 120_000)
})
