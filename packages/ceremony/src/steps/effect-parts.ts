import type { ChainLink, Destination } from '../model/effects.ts'
import type { State, StepProgress, TokenState } from '../model/state.ts'
import type { PlannedKey } from '../plan/plan.ts'
import { ancestorsOf, keyOf } from '../plan/queries.ts'

export function common(state: State, progress: StepProgress, intent: 'none' | 'needed' | 'logged') {
  const { ceremonyId, domain } = state
  const pins: [] = []
  return { step: progress.step.id, attempt: progress.attempt, ceremonyId, domain, intent, pins }
}

export function profileOf(state: State, role: string) {
  const token = state.plan.tokens.find((planned) => planned.role === role)
  if (token === undefined) throw new TypeError(`token: the plan has no role ${role}`)
  return token.profile
}

export function placeOf(state: State, role: string) {
  const serial = state.tokens.find((token) => token.role === role)?.serial ?? ''
  return { token: role, serial, profile: profileOf(state, role) }
}

export function ceremonyKeyPlace(state: State) {
  return { ...placeOf(state, state.ceremonyKey?.token ?? 'ceremony'), ckaId: state.ceremonyKey?.ckaId ?? '' }
}

/** The servers to which a window wraps the root, in the plan's order, and no more of each than is sent on. */
export function receiversOf(state: State): Destination[] {
  return state.destinations.flatMap((one) => {
    if (!('transport' in one)) return []
    const { receiptKey: _key, receiptSigner: _signer, ...shown } = one
    return [shown]
  })
}

export function mechanismOf(state: State, role: string): string {
  return state.tokens.find((token) => token.role === role)?.wrapMechanism ?? ''
}

export function plannedKey(state: State, id: string | undefined): PlannedKey {
  const key = keyOf(state.plan, id)
  if (key === undefined) throw new TypeError(`key: the plan has no ${id ?? 'key here'}; lint it first`)
  return key
}

export function ckaIdOf(state: State, id: string | undefined): string {
  return state.keys.find((key) => key.id === id)?.ckaId ?? ''
}

/** The keys from the root to the parent of `key`, or to `key` itself. */
export function chainOf(state: State, key: PlannedKey, itself = false): ChainLink[] {
  const links = itself ? [...ancestorsOf(state.plan, key), key] : ancestorsOf(state.plan, key)
  return links.map(({ id, level }) => {
    const made = state.keys.find((candidate) => candidate.id === id)
    return { id, level, ckaId: made?.ckaId ?? '', wrapped: made?.wrapped ?? null }
  })
}

/** The token that the step names, else the ceremony token. */
export function stepPlace({ state, progress }: { state: State; progress: StepProgress }) {
  return placeOf(state, progress.step.token ?? 'ceremony')
}

/** The object that the attempt makes, and what earlier ones may have left. */
export function madeIn({ intent, abandoned }: StepProgress) {
  return { ckaId: intent?.ckaId ?? '', discard: abandoned }
}

export function tokenOfStep(state: State, { step }: StepProgress): TokenState | undefined {
  return state.tokens.find(({ role }) => role === (step.token ?? 'ceremony'))
}
