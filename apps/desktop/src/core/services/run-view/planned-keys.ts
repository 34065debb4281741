import type { RunView as EngineView } from '@lux/ceremony'
import { stepFacts } from '@lux/ceremony/plan'
import type * as contract from '../../../contract/index.ts'
import type { Run } from '../../runs/run/run.ts'

/** The keys of the plan with the step that makes each; a key that was there before the run has none. */
export function plannedKeys(run: Run, view: EngineView): contract.KeyView[] {
  const { plan } = run.folder
  const shown = view.parts.flatMap(({ steps }) => steps)
  const planned = plan.parts.flatMap(({ steps }) => steps)
  const places = planned.map((step, at) => ({ step, at, progress: shown[at] }))

  function standing(id: string): Pick<contract.KeyView, 'step' | 'state' | 'madeAt'> {
    const made = places.find(({ step }) => {
      const { key } = stepFacts[step.do]
      return key?.makes === 'the key that it names' ? step.key === id : key?.makes === 'the threshold key'
    })
    if (made?.progress === undefined) return { step: null, state: 'before', madeAt: null }
    const { state, finished, id: stepId } = made.progress
    const now = view.current === stepId
    return {
      step: made.at + 1,
      state: state === 'Done' ? 'made' : now ? 'now' : 'todo',
      madeAt: finished,
    }
  }

  const keys = plan.keys.map(
    ({ id, name, level, parent, existing }): contract.KeyView => ({
      id,
      name,
      level,
      parent: parent ?? null,
      ...(existing === undefined ? standing(id) : { step: null, state: 'before', madeAt: null }),
    }),
  )
  const { fhe } = plan
  if (fhe === undefined) return keys
  const threshold: contract.KeyView = {
    id: fhe.id,
    name: fhe.id,
    level: 'threshold',
    parent: null,
    ...(fhe.existing === undefined ? standing(fhe.id) : { step: null, state: 'before', madeAt: null }),
  }
  return [...keys, threshold]
}
