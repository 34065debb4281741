import * as v from 'valibot'
import { capabilities } from '../../documents/ceremony/machine.ts'
import { digest, line } from '../../documents/format/fields.ts'
import type { EffectOf, OwnEffect, Results } from '../../model/effects.ts'
import type { State, StepProgress, TokenState } from '../../model/state.ts'
import { type Plan, tokenNeeds } from '../../plan/plan.ts'
import { isAtPad, keyOf, leavesByWindow, rehearsalLabel, stepsOf, tokenOf } from '../../plan/queries.ts'
import { common, profileOf, stepPlace, tokenOfStep } from '../effect-parts.ts'
import { count, objects, short, verdict } from '../result-fields.ts'
import { differs, type EffectModules, type Mismatch } from '../step-module.ts'
import { expectedObjects, inventoryFault } from './inventory.ts'

function verifyToken(
  state: State,
  effect: EffectOf<'initialise-token'>,
  result: Results['initialise-token'],
): Mismatch | null {
  const planned = state.plan.tokens.find(({ role }) => role === effect.token)
  // Rehearsals of earlier builds gave the planned label itself.
  const earlier = state.domain === 'rehearsal' && result.label === planned?.label
  if (result.label !== effect.label && !earlier)
    return differs(`the label ${effect.label}`, `the label ${result.label}`)
  const measured = planned?.needs?.includes('trusted-window') === true
  // Found before there is a root, and not by whoever verifies the bundle: a window is as good as its marks.
  const failed = result.marksTrusted === false && hasWindowIn(state.plan, effect.token)
  if (failed || (measured && result.marksTrusted !== true))
    return differs(
      'a token whose security officer can mark a key as trusted',
      'it refused, or did not keep the mark: it has no trusted window',
    )
  const other = state.tokens.find((token) => token.role !== effect.token && token.serial === result.serial)
  if (other === undefined) return null
  return differs('a token of its own', `the serial ${result.serial} of the token ${other.role}`)
}

/** A rehearsal puts a token without a pad in the place of every other. */
function verifyLogIn(state: State, effect: EffectOf<'log-in'>, result: Results['log-in']): Mismatch | null {
  const planned = effect.pins.some(({ pad }) => pad)
  if (planned === (result.by === 'pin-pad') || (planned && state.domain === 'rehearsal')) return null
  const [pad, typed] = ['a PIN entered at the token’s own pad', 'a PIN typed at the workstation']
  return planned ? differs(pad, typed) : differs(typed, pad)
}

function brokenBy(result: Results['probe-token']): string {
  const broke = result.attacks.filter((attack) => attack.hardened !== 'held').map((attack) => attack.name)
  return `not held: ${broke.join(', ') || 'the probe did not end'}`
}

export function logInAgain(state: State, progress: StepProgress, token: TokenState): OwnEffect {
  const { role, serial } = token
  const pins = [{ token: role, serial, user: 'user' as const, pad: isAtPad(state.plan, role) }]
  const place = { token: role, serial, profile: profileOf(state, role) }
  return { ...common(state, progress, 'none'), kind: 'log-in', user: 'user', again: true, pins, ...place }
}

export const effects = {
  'initialise-token': {
    schema: v.strictObject({
      serial: line,
      label: line,
      model: short,
      firmware: short,
      marksTrusted: v.exactOptional(v.boolean()),
    }),
    effect: (at) => {
      const label = tokenOf(at.state.plan, at.progress.step)?.label ?? ''
      return {
        ...at.base,
        ...stepPlace(at),
        kind: 'initialise-token',
        label: at.state.domain === 'rehearsal' ? rehearsalLabel(label) : label,
      }
    },
    verify: verifyToken,
    apply(state, progress, { serial, label }, show) {
      const token = tokenOfStep(state, progress)
      if (token !== undefined) {
        token.serial = serial
        token.initialised = true
      }
      show('serial', serial)
      show('label', label)
    },
  },
  'log-in': {
    schema: v.strictObject({
      serial: line,
      pinState: v.picklist(['ok', 'low', 'final', 'unknown']),
      by: v.exactOptional(v.literal('pin-pad')),
    }),
    effect: (at) => ({ ...at.base, ...stepPlace(at), kind: 'log-in', user: 'user', again: false }),
    verify: verifyLogIn,
    apply(state, progress, { serial, pinState }, show) {
      const token = tokenOfStep(state, progress)
      if (token !== undefined) {
        token.loggedIn = true
        token.wanted = true
      }
      show('serial', serial)
      show('pin-state', pinState)
    },
  },
  'probe-token': {
    schema: v.strictObject({
      serial: line,
      passed: v.boolean(),
      attacks: v.array(v.strictObject({ name: line, hardened: verdict, default: verdict })),
      wrapMechanism: line,
      level: v.picklist(['E0', 'E1']),
      token: v.exactOptional(
        v.strictObject({ maker: short, model: short, firmware: short, library: digest }),
      ),
      measured: v.exactOptional(v.pipe(v.array(v.picklist(tokenNeeds)), v.maxLength(tokenNeeds.length))),
      capabilities: v.exactOptional(capabilities),
    }),
    effect: (at) => ({
      ...at.base,
      ...stepPlace(at),
      kind: 'probe-token',
      needs: tokenOf(at.state.plan, at.progress.step)?.needs ?? [],
    }),
    verify(_state, effect, result) {
      if (!result.passed) return differs('the hardened template holds', brokenBy(result))
      const lacking = effect.needs.filter((need) => result.measured?.includes(need) !== true)
      return lacking.length === 0
        ? null
        : differs(`the token shows ${effect.needs.join(', ')}`, `it does not show ${lacking.join(', ')}`)
    },
    apply(state, progress, { wrapMechanism, level, attacks }, show) {
      const token = tokenOfStep(state, progress)
      if (token !== undefined) {
        token.probed = true
        token.wrapMechanism = wrapMechanism
      }
      show('wrap-mechanism', wrapMechanism)
      show('evidence-level', level)
      show('attacks-held', attacks.filter((attack) => attack.hardened === 'held').length)
    },
  },
  inventory: {
    schema: v.strictObject({ serial: line, objects, unreadable: count, digest }),
    effect(at) {
      const { step } = at.progress
      const place = stepPlace(at)
      const when = step.do === 'seal' ? 'closing' : (step.when ?? 'planned')
      return {
        ...at.base,
        ...place,
        kind: 'inventory',
        when,
        expected: expectedObjects(at.state, place.token),
      }
    },
    verify: inventoryFault,
    apply(state, progress, result, show) {
      const token = tokenOfStep(state, progress)
      if (token !== undefined && progress.step.when === 'opening') token.baseline = result.objects
      show('objects', result.objects.length)
      show('inventory', result.digest)
    },
  },
} satisfies EffectModules<'initialise-token' | 'log-in' | 'probe-token' | 'inventory'>

/** Whether a root leaves the token of this role by a window. */
function hasWindowIn(plan: Plan, role: string): boolean {
  return stepsOf(plan).some(({ step }) => {
    const key = step.do === 'generate-root' ? keyOf(plan, step.key) : undefined
    return key !== undefined && (step.token ?? 'ceremony') === role && leavesByWindow(plan, key)
  })
}
