import { type Note, noteIds } from '../bundle/note.ts'
import { member } from '../bundle/recorded.ts'
import type { Verification } from '../bundle/verification.ts'
import { stepsOf } from '../plan/queries.ts'
import { hearingsOf } from './hearings.ts'
import { machineOf, otherDevices } from './machine.ts'

type Said = Pick<Note, 'state' | 'values'>

const notRecorded: Said = { state: 'not-recorded', values: [] }
const claimed = (values: readonly string[]): Said => ({
  state: values.length > 0 ? 'claimed' : 'none',
  values,
})

/** Empty where plan and transcript are not those of the bundle: then nothing of them is believed. */
export function notesOf(of: Verification): Note[] {
  if (!of.ledger.passed('PLAN-CONTENT') || !of.ledger.passed('CARDS')) return []
  return noteIds.map((id) => ({ id, ...(of.predicate.v === 3 ? sayings[id](of) : notRecorded) }))
}

const sayings: { readonly [K in Note['id']]: (of: Verification) => Said } = {
  text: () => ({ state: 'checked', values: [] }),
  heard(of) {
    const heard = hearingsOf(of)
    return typeof heard === 'string' ? claimed([]) : heard
  },
  capabilities: ({ run, plan }) =>
    claimed(
      (plan === null ? [] : stepsOf(plan)).flatMap(({ step }) => {
        if (step.do !== 'probe-token') return []
        const result = run.results.get(`${step.id} probe-token`) ?? null
        return member(result, 'capabilities') === null ? [] : [step.token ?? 'ceremony']
      }),
    ),
  shim: ({ run }) =>
    claimed(run.header.tokens.flatMap(({ role, shim }) => (shim === undefined ? [] : [role]))),
  device({ run, plan }) {
    const others = plan === null ? [] : otherDevices(plan, run.header)
    const shown = run.header.tokens.flatMap(({ role, device }) =>
      device === undefined ? [] : [`${role}: ${device.maker} ${device.model} ${device.firmware}`],
    )
    return claimed([
      ...shown,
      ...others.map(({ role, planned }) => `${role}: planned ${planned.maker} ${planned.model}`),
    ])
  },
  machine(of) {
    const shown = machineOf(of)
    const image = shown?.image ?? of.run.header.machine.image
    const level = shown === null ? [] : [shown.level]
    return claimed([...level, ...(image === undefined ? [] : [image])])
  },
}
