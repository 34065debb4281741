import type { StepState as EngineStep, RunView as EngineView } from '@lux/ceremony'
import { isByHand, stepFacts } from '@lux/ceremony/plan'
import type * as contract from '../../../contract/index.ts'
import { resultsOf } from './step-facts.ts'

const stepStates: Record<EngineStep, contract.StepState> = {
  Pending: 'pending',
  Ready: 'ready',
  IntentLogged: 'working',
  Executing: 'working',
  OutcomeLogged: 'working',
  Verified: 'working',
  Witnessed: 'working',
  Done: 'done',
  Skipped: 'skipped',
  Unknown: 'unknown',
}

/** The parts and steps of a run, numbered through; a step with an open exception shows as failed. */
export function partsOf(view: EngineView, kept: string | null): contract.PartView[] {
  let number = 0
  const failed = view.exceptions.find(({ decision }) => decision === null)?.step
  return view.parts.map(({ kind, steps }, index) => ({
    id: String(index + 1),
    kind,
    title: kind,
    steps: steps.map((step) => {
      number += 1
      const { says } = stepFacts[step.do]
      return {
        id: step.id,
        number,
        do: step.do,
        title: step.id,
        text: step.text,
        textKey: step.textKey,
        actor: { role: step.actor, name: step.names.join(', ') },
        ...(isByHand(step) ? { byHand: true } : {}),
        ...(says === undefined ? {} : { says }),
        state: step.id === failed ? 'failed' : stepStates[step.state],
        startedAt: step.started,
        doneAt: step.finished,
        results: resultsOf(step.summary, kept),
      }
    }),
  }))
}
