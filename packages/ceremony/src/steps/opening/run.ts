import * as v from 'valibot'
import { ceremonyKeys, digest, hybridSignature } from '../../documents/format/fields.ts'
import type { EffectOf } from '../../model/effects.ts'
import type { State, StepProgress } from '../../model/state.ts'
import { ceremonyKeyPlace, common, madeIn, stepPlace } from '../effect-parts.ts'
import { keyFault } from '../key/run.ts'
import { templates } from '../key/templates.ts'
import { checkpointFields, evidence } from '../result-fields.ts'
import { asOwed, differs, type EffectModules } from '../step-module.ts'

export function checkpointEffect(
  state: State,
  progress: StepProgress,
  reason: EffectOf<'make-checkpoint'>['reason'],
  live: boolean,
): EffectOf<'make-checkpoint'> {
  return {
    ...common(state, progress, 'none'),
    ...ceremonyKeyPlace(state),
    kind: 'make-checkpoint',
    reason,
    live,
    size: state.size,
    opening: state.opening?.digest ?? '',
    previous: state.checkpoints.at(-1)?.digest ?? null,
    planHash: state.planHash,
  }
}

export const effects = {
  'make-ceremony-key': {
    schema: v.strictObject({ keys: ceremonyKeys, evidence, mlDsaSealed: digest }),
    effect: (at) => ({
      ...at.base,
      ...stepPlace(at),
      ...madeIn(at.progress),
      kind: 'make-ceremony-key',
      sealCkaId: at.progress.intent?.sealCkaId ?? '',
    }),
    verify: (_state, effect, result) => keyFault(effect, result.evidence, templates.ceremonyKey),
    apply(state, { step, intent }, result, show) {
      state.ceremonyKey = {
        token: step.token ?? 'ceremony',
        ckaId: intent?.ckaId ?? '',
        sealCkaId: intent?.sealCkaId ?? '',
        keys: result.keys,
        evidence: result.evidence.level,
        destroyed: false,
      }
      show('cka-id', result.evidence.ckaId)
    },
  },
  'sign-opening': {
    schema: v.strictObject({ digest, signature: hybridSignature }),
    effect: ({ state, base }) => ({
      ...base,
      ...ceremonyKeyPlace(state),
      kind: 'sign-opening',
      planHash: state.planHash,
      policyDigest: state.policyDigest,
      tokenSerials: state.tokens.map((token) => token.serial),
      keys: state.ceremonyKey?.keys ?? {},
    }),
    verify: asOwed,
    apply(state, _progress, result, show) {
      state.opening = { digest: result.digest, signers: [] }
      show('opening', result.digest)
    },
  },
  'make-checkpoint': {
    schema: v.strictObject({ ...checkpointFields, signature: hybridSignature }),
    effect: ({ state, progress }) => checkpointEffect(state, progress, 'planned', true),
    verify: (_state, effect, { size }) =>
      size === effect.size ? null : differs(`a checkpoint over ${effect.size} entries`, `over ${size}`),
    apply() {},
  },
} satisfies EffectModules<'make-ceremony-key' | 'sign-opening' | 'make-checkpoint'>
