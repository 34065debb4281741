import type { DealtHolder } from '../model/effects.ts'
import type { State } from '../model/state.ts'
import type { PlannedFhe } from '../plan/plan.ts'
import { holderBefore } from '../plan/queries.ts'

export function plannedFhe(state: State): PlannedFhe {
  if (state.plan.fhe === undefined) throw new TypeError('fhe: the plan has none; lint it first')
  return state.plan.fhe
}

/** Who receives which share, with what it is sealed to. */
export function dealtHolders(state: State): DealtHolder[] {
  return plannedFhe(state).holders.map((name, index) => {
    const seat = holderBefore(state.seats, name)
    if (seat?.recipient === undefined) throw new TypeError(`holder ${name}: no recipient; start refuses that`)
    return { index: index + 1, name, card: seat.card, recipient: seat.recipient, keys: seat.keys }
  })
}
