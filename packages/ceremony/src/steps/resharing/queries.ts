import type { EffectOf } from '../../model/effects.ts'
import type { LiveEpoch, ReshareState, State } from '../../model/state.ts'
import type { PlannedReshare } from '../../plan/plan.ts'
import { holderNext } from '../../plan/queries.ts'

export function plannedReshare(state: State): PlannedReshare {
  const { reshare } = state.plan
  if (reshare === undefined) throw new TypeError('reshare: the plan has none; lint it first')
  return reshare
}

/** New holders with their cards, as the roster of the next public.bin names them. */
export function nextRoster(state: State): { index: number; name: string; card: string }[] {
  return plannedReshare(state).holders.map((name, at) => ({
    index: at + 1,
    name,
    card: holderNext(state.seats, name)?.card ?? '',
  }))
}

/** What a holder approves: fixed by plan and roster, but for the holder's own fields. */
export function dealersOf(state: State): { dealer: number; name: string }[] {
  const old = state.reshare?.old ?? state.epoch
  return plannedReshare(state).dealers.map((name) => ({
    dealer: (old?.holders ?? []).indexOf(name) + 1,
    name,
  }))
}

export function dealerMask(state: State): number {
  return dealersOf(state).reduce((mask, { dealer }) => mask | (1 << (dealer - 1)), 0)
}

type Assembly = Pick<EffectOf<'assemble-epoch'>, 'planHash' | 'old' | 't' | 'n' | 'dealers' | 'holders'>

export function assembly(state: State): Assembly {
  const { old, redealt } = reshareOf(state)
  const { t, n } = plannedReshare(state)
  const dealers = redealt
    .map(({ dealer, correction }) => ({ dealer, correction }))
    .toSorted((a, b) => a.dealer - b.dealer)
  return { planHash: state.planHash, old: boundOf(old), t, n, dealers, holders: nextRoster(state) }
}

type Live = Pick<
  EffectOf<'sign-epoch-live'>,
  'planHash' | 'old' | 'epochId' | 'epoch' | 't' | 'n' | 'acknowledgements'
>

export function liveStatement(state: State): Live {
  const { old, next, acknowledgements } = reshareOf(state)
  if (next === null) throw new TypeError('epoch-live: the epoch is not assembled')
  return {
    planHash: state.planHash,
    old: boundOf(old),
    epochId: next.epochId,
    epoch: next.epoch,
    t: next.t,
    n: next.n,
    acknowledgements: acknowledgements.filter((digest) => digest !== null),
  }
}

function boundOf({ keyId, epochId, epoch, public: file }: LiveEpoch) {
  return { keyId, epochId, epoch, public: file }
}

function reshareOf(state: State): ReshareState {
  if (state.reshare === null) throw new TypeError('reshare: nobody approved it yet')
  return state.reshare
}
