import type { EffectOf, Results } from '../model/effects.ts'
import { possessionChallenge } from '../model/identifiers.ts'
import type { State } from '../model/state.ts'
import type { PlannedKey } from '../plan/plan.ts'
import { vendorWayOf } from '../plan/queries.ts'
import { expectedObjects } from './expected-objects.ts'

type Effect = EffectOf<'prove-replica'>

/** What is looked for in the other token: the root by its CKA_ID, and how it is proved. */
export function replicaOf(
  state: State,
  key: PlannedKey,
  token: string,
  placeOf: (state: State, role: string) => Effect['from'],
): Pick<Effect, 'key' | 'way' | 'from' | 'ckaId' | 'challenge' | 'mechanism' | 'expected'> {
  const way = vendorWayOf(key)
  if (way === null) throw new TypeError(`key: ${key.id} has no vendor’s way; lint the plan first`)
  const root = state.keys.find(({ id }) => id === key.id)
  const ckaId = root?.ckaId ?? ''
  return {
    key,
    way,
    from: placeOf(state, root?.token ?? 'ceremony'),
    ckaId,
    expected: [...expectedObjects(state, token), ckaId],
    challenge: possessionChallenge(root?.bornIn ?? '', root?.rootId ?? ''),
    mechanism: state.proofs.find((proof) => proof.key === key.id)?.mechanism ?? '',
  }
}

/** Equal digests by the same mechanism over the root's own challenge: the same key is in both tokens. */
export function replicaFault(
  state: State,
  effect: Effect,
  result: Results['prove-replica'],
): { expected: string; happened: string } | null {
  const home = state.proofs.find((proof) => proof.key === effect.key.id)
  if (result.way !== effect.way) return { expected: effect.way, happened: result.way }
  if (home === undefined) return { expected: 'a possession proof on its own token', happened: 'none' }
  if (home.mechanism !== result.mechanism)
    return { expected: `a proof by ${home.mechanism}`, happened: `a proof by ${result.mechanism}` }
  if (home.digest === result.digest) return null
  return {
    expected: `the root with proof ${home.digest}`,
    happened: `another key, with proof ${result.digest}`,
  }
}
