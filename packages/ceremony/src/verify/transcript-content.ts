import type { Json } from '@lux/crypto'
import type { Recorded } from '../bundle/recorded.ts'
import { required, type Verification } from '../bundle/verification.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import type { EffectKind } from '../model/effects.ts'
import type { Step } from '../plan/plan.ts'
import { stepsOf } from '../plan/queries.ts'
import { recordedFault } from '../steps/bundle.ts'
import { stepFacts } from '../steps/facts.ts'
import { hearingsOf } from './hearings.ts'
import { roomFault } from './machine.ts'
import { courseFault } from './transcript-course.ts'

/** Joins the manifest to the transcript that witnesses cosigned: what was made, proved and dealt is what stands there. */
export async function checkTranscriptContent(v: Verification): Promise<Outcome<string>> {
  const recorded: Recorded[] = []
  for (const { step } of stepsOf(required(v.plan))) {
    const effect = stepFacts[step.do].recorded
    if (effect === null) continue
    const result = resultOf(v, step, effect)
    if (result === undefined) return wrong(`${step.id}: the transcript has nothing of it`)
    recorded.push({ step, result })
  }
  const heard = hearingsOf(v)
  const found =
    courseFault(v) ??
    (v.run.illText === null ? null : `a name or a text breaks the text rule: ${v.run.illText}`) ??
    roomFault(v) ??
    (typeof heard === 'string' ? heard : null) ??
    (await recordedFault(v, recorded))
  return found === null ? accept(`${recorded.length} steps`) : wrong(found)
}

/** Undefined where nothing was done in the step. */
function resultOf({ run }: Verification, { id }: Step, effect: EffectKind): Json | undefined {
  return run.results.get(`${id} ${effect}`) ?? (run.redacted.has(id) ? null : undefined)
}

function wrong(detail: string): Outcome<never> {
  return refuse('TRANSCRIPT-CONTENT', detail)
}
