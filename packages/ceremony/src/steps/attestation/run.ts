import { identityId } from '@lux/crypto'
import * as v from 'valibot'
import { digest } from '../../documents/format/fields.ts'
import type { EffectOf, Results } from '../../model/effects.ts'
import type { State } from '../../model/state.ts'
import type { Step } from '../../plan/plan.ts'
import { ceremonyKeyId, keyOf, tokenOf, voucherOf } from '../../plan/queries.ts'
import { stepPlace } from '../effect-parts.ts'
import { keyFault } from '../key/run.ts'
import { type Template, templates } from '../key/templates.ts'
import { count, evidence } from '../result-fields.ts'
import type { EffectModules } from '../step-module.ts'

type Effect = EffectOf<'attest'>

/** What is vouched for at an attest step, by whom, and what the key is known by. */
function attestOf(
  state: State,
  step: Step,
): Pick<
  Effect,
  'id' | 'level' | 'by' | 'attestation' | 'identity' | 'recorded' | 'ckaId' | 'planHash' | 'size'
> {
  const attestation = tokenOf(state.plan, step)?.attestation
  if (attestation === undefined) throw new TypeError('token: it names no attestation; lint the plan first')
  const { planHash, size } = state
  const common = { by: voucherOf(step), attestation, planHash, size }
  const key = keyOf(state.plan, step.key)
  if (key === undefined) {
    const { ckaId = '', keys = {} } = state.ceremonyKey ?? {}
    return {
      ...common,
      id: ceremonyKeyId,
      level: 'ceremony',
      ckaId,
      identity: identityId(keys),
      recorded: null,
    }
  }
  const { id, level } = key
  const made = state.keys.find((one) => one.id === id)
  const proof = state.proofs.find((one) => one.key === id)
  const identity = (level === 'root' ? proof?.digest : made?.wrapped) ?? ''
  const recorded = level === 'root' ? null : (made?.evidence ?? null)
  return { ...common, id, level, ckaId: made?.ckaId ?? '', identity, recorded }
}

function attestedTemplate(level: Effect['level']): Template {
  if (level === 'ceremony') return templates.ceremonyKey
  if (level === 'root') return templates.root
  // A data key may be a pair.
  return level === 'data' ? templates.wrappedOnce : templates.wrappedSecret
}

/** A rehearsal has a vendor of its own, so only there root and chain may be others than the plan's. */
function attestFault(
  state: State,
  effect: Effect,
  result: Results['attest'],
): { expected: string; happened: string } | null {
  const { by, attestation, size } = effect
  const level = by === 'vendor' ? 'E3' : 'E2'
  if (result.by !== by || result.evidence.level !== level)
    return { expected: `${level} by ${by}`, happened: `${result.evidence.level} by ${result.by}` }
  if ((result.statement === null) !== (by === 'vendor') || (result.statement?.size ?? size) !== size)
    return {
      expected: `a statement over ${size} entries`,
      happened: `over ${result.statement?.size ?? 'none'}`,
    }
  if (state.domain === 'rehearsal') return null
  if (result.root !== attestation.root)
    return { expected: `the root ${attestation.root}`, happened: `the root ${result.root}` }
  if (by === 'vendor' || result.chain === attestation.companion?.chain) return null
  return { expected: `the chain ${attestation.companion?.chain}`, happened: `the chain ${result.chain}` }
}

export const effects = {
  attest: {
    schema: v.strictObject({
      by: v.picklist(['companion', 'vendor']),
      root: digest,
      chain: digest,
      statement: v.nullable(v.strictObject({ document: digest, size: count })),
      evidence,
    }),
    effect: (at) => ({
      ...at.base,
      ...stepPlace(at),
      kind: 'attest',
      ...attestOf(at.state, at.progress.step),
    }),
    verify: (state, effect, result) =>
      keyFault(effect, result.evidence, attestedTemplate(effect.level)) ?? attestFault(state, effect, result),
    apply(state, { step }, result, show) {
      const level = keyOf(state.plan, step.key)?.level ?? 'ceremony'
      const token = step.token ?? 'ceremony'
      state.attestations.push({ id: step.key ?? 'ceremony', level, token, ...result })
      show('cka-id', result.evidence.ckaId)
      show('evidence-level', result.evidence.level)
    },
  },
} satisfies EffectModules<'attest'>
