import * as v from 'valibot'
import { digest, line } from '../../documents/format/fields.ts'
import type { EffectOf, Results } from '../../model/effects.ts'
import { possessionChallenge } from '../../model/identifiers.ts'
import type { State } from '../../model/state.ts'
import type { PlannedKey } from '../../plan/plan.ts'
import { wayInto } from '../../plan/queries.ts'
import { placeOf, plannedKey, stepPlace } from '../effect-parts.ts'
import { keyFault } from '../key/run.ts'
import { templates } from '../key/templates.ts'
import { count, evidence, objects } from '../result-fields.ts'
import type { EffectModules } from '../step-module.ts'
import { expectedObjects, inventoryFault, pairsOf } from '../token/inventory.ts'

type Effect = EffectOf<'prove-replica'>

/** What is looked for in the other token: the root by its CKA_ID, and how it is proved. */
function replicaOf(
  state: State,
  key: PlannedKey,
  token: string,
): Pick<Effect, 'key' | 'way' | 'transport' | 'from' | 'ckaId' | 'challenge' | 'mechanism' | 'expected'> {
  const way = wayInto(key, token)
  if (way === null) throw new TypeError(`key: ${key.id} has no way into ${token}; lint the plan first`)
  const root = state.keys.find(({ id }) => id === key.id)
  const ckaId = root?.ckaId ?? ''
  const pairs = pairsOf(state, token)
  return {
    key,
    way,
    transport: root?.spares.find((spare) => spare.token === token) ?? null,
    from: placeOf(state, root?.token ?? 'ceremony'),
    ckaId,
    expected: [...expectedObjects(state, token).filter((id) => !pairs.includes(id)), ckaId],
    challenge: possessionChallenge(root?.bornIn ?? '', root?.rootId ?? ''),
    mechanism: state.proofs.find((proof) => proof.key === key.id)?.mechanism ?? '',
  }
}

/** Equal digests by the same mechanism over the root's own challenge: the same key is in both tokens. */
function replicaFault(
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

export const effects = {
  'prove-replica': {
    schema: v.strictObject({
      serial: line,
      way: v.picklist(['vendor-clone', 'vendor-wrap', 'trusted-window']),
      procedure: v.pipe(v.array(line), v.maxLength(40)),
      evidence,
      mechanism: line,
      digest,
      objects,
      unreadable: count,
    }),
    effect(at) {
      const place = stepPlace(at)
      const key = plannedKey(at.state, at.progress.step.key)
      return { ...at.base, ...place, kind: 'prove-replica', ...replicaOf(at.state, key, place.token) }
    },
    verify: (state, effect, result) =>
      keyFault(effect, result.evidence, templates.replica) ??
      replicaFault(state, effect, result) ??
      inventoryFault(state, { ...effect, when: 'planned' }, result),
    apply(state, { step }, { serial, way, evidence: read, mechanism, digest: proof }, show) {
      const [id, token] = [step.key ?? '', step.token ?? 'ceremony']
      state.replicas.push({ id, token, serial, way, evidence: read, mechanism, digest: proof })
      show('serial', serial)
      show('way', way)
      show('possession', proof)
    },
  },
} satisfies EffectModules<'prove-replica'>
