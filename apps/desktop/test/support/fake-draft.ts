import type { DraftStepView, DraftView } from '../../src/contract/index.ts'
import { hex, words } from './fake-views.ts'

const step = (id: string, kind: string, role: string, name: string): DraftStepView => ({
  id,
  do: kind,
  title: id,
  text: `Do ${kind}.`,
  textKey: `script.step.${kind}`,
  actor: { role, name },
  values: [],
  cosigned: false,
  fields: [
    { entry: 'id', type: 'text', value: id, optional: false },
    {
      entry: 'actor',
      type: 'choice',
      value: role,
      choices: ['administrator', 'operator', 'witness'],
      optional: false,
    },
    { entry: 'text', type: 'long', value: `Do ${kind}.`, optional: false },
  ],
  checkpoint: false,
  faults: [],
})

/** A script that is being made: one step of it is refused by the linter. */
export const draft: DraftView = {
  id: 'd1',
  title: 'Root of the eastern site',
  canUndo: true,
  canRedo: false,
  people: [
    { role: 'administrator', name: 'Administrator' },
    { role: 'operator', name: 'Operator' },
    { role: 'witness', name: 'Witness One' },
  ],
  keys: [
    {
      id: 'root-kek',
      name: 'Root KEK',
      level: 'root',
      fields: [{ entry: 'name', type: 'text', value: 'Root KEK', optional: false }],
    },
  ],
  parts: [
    {
      kind: 'token-initialisation',
      title: 'token-initialisation',
      steps: [
        step('roll-call', 'roll-call', 'administrator', 'Administrator'),
        {
          ...step('clock-check', 'clock-check', 'witness', 'Witness One'),
          values: ['Time on the wall clock'],
        },
        {
          ...step('generate-root', 'generate-root', 'operator', 'Operator'),
          checkpoint: true,
          faults: [
            { code: 'PLAN-53', step: 'generate-root', detail: 'generate-root comes before the opening' },
          ],
        },
      ],
    },
  ],
  faults: [],
  hash: hex,
  words,
  frozen: null,
  script: '',
  kinds: {
    steps: ['roll-call', 'clock-check', 'generate-root', 'seal'],
    parts: ['root-kek', 'bundle-export'],
  },
}
