import type { Json } from '@lux/crypto'
import { namedBlobs, type Predicate } from '../../src/exports/bundle.ts'
import type { Plan, Step } from '../../src/exports/plan.ts'
import type { SampleOptions } from './sample-options.ts'

type Gone = NonNullable<Predicate['decommissioned']>
/** What differs from a run that destroys the root of an earlier ceremony in its only token. */
export type DecommissionAlterations = {
  plan?: (plan: Plan) => Plan
  gone?: (gone: Gone) => Gone
  /** What the transcript says of the step. */
  result?: { [key: string]: Json }
}

const ckaId = '77'.repeat(16)
export const goneStep = (id: string): Step => ({
  id,
  do: 'decommission-root',
  actor: 'officer',
  textKey: 'steps.gone',
  text: 'Destroy the root.',
  key: 'root',
})

/** A bundle whose run destroys the root of an earlier ceremony in its only token. */
export function sampleDecommission(change: DecommissionAlterations = {}): SampleOptions {
  let named = new Set<string>()
  return {
    version: 2,
    rootBorn: 'ab'.repeat(16),
    alter: {
      plan(plan) {
        const copy = structuredClone(plan)
        for (const part of copy.parts)
          part.steps = part.steps.flatMap((one) =>
            one.do === 'generate-root' ? [] : one.do === 'seal' ? [goneStep('gone'), one] : [one],
          )
        copy.checkpoints.live = copy.checkpoints.live.filter((id) => id !== 'make-root')
        return change.plan?.(copy) ?? copy
      },
      entries(entries) {
        const at = entries.findIndex(({ stepId }) => stepId === 'seal')
        const seal = entries[at]!
        const proved = entries.find(({ fact }) => fact.effect === 'prove-possession')?.fact.result
        const result = {
          ...(proved as { [key: string]: Json }),
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
        const made = {
          ...rest,
          transports: predicate.transports.map((one) => ({ ...one, roots: [] })),
          keyEvidence: predicate.keyEvidence.filter(({ id }) => id !== 'root'),
          ...(decommissioned.length === 0 ? {} : { decommissioned }),
        }
        named = namedBlobs(made)
        return made
      },
      blobs: (all) => all.filter(({ sha256 }) => named.has(sha256)),
    },
  }
}
