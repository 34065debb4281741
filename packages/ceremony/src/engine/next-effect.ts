import { unreachable } from '../documents/format/outcome.ts'
import { attestOf } from '../kinds/attest.ts'
import { dealtHolders, plannedFhe } from '../kinds/dealt.ts'
import { assembly, liveStatement } from '../kinds/epochs.ts'
import { expectedObjects } from '../kinds/expected-objects.ts'
import { replicaOf } from '../kinds/replica.ts'
import type { ChainLink, Effect, EffectKind, OwnEffect } from '../model/effects.ts'
import { possessionChallenge } from '../model/identifiers.ts'
import { currentStep, isLive, pinsOf, stageOf } from '../model/stages.ts'
import type { State, StepProgress, TokenState } from '../model/state.ts'
import type { PlannedKey } from '../plan/plan.ts'
import { ancestorsOf, isAtPad, keyOf, tokenOf } from '../plan/queries.ts'

/** Whether anything may still happen. A rehearsal without a destination is over once it is sealed. */
export function isOver(state: State): boolean {
  return state.base === 'Closed' || state.base === 'Aborted' || (state.started && currentStep(state) === null)
}

export function openException(state: State) {
  return state.exceptions.find((exception) => exception.decision === null) ?? null
}

/**
 * The effect that has to happen next, or null when people have to act first. Core does what it says and asks
 * again; asking twice gives the same answer, so a restart finds it again.
 */
export function owed(state: State): Effect | null {
  if (state.paused === 'restart') return null
  if (state.paused === 'person' && state.due !== 'pause') return null
  return effectAt(state)
}

/** As `owed`, whether the run is paused or not. */
export function effectAt(state: State): Effect | null {
  const progress = currentStep(state)
  if (!state.started || isOver(state) || progress === null || openException(state) !== null) return null
  const lost = state.tokens.find((token) => token.wanted && !token.loggedIn)
  if (lost !== undefined) return logInAgain(state, progress, lost)
  const stage = stageOf(progress)
  if (progress.state === 'Unknown' && stage?.kind === 'effect') {
    const { step, attempt, ceremonyId, domain } = common(state, progress, 'logged')
    const of = build(state, progress, stage.effect, 'logged')
    return { kind: 'reconcile', step, attempt, ceremonyId, domain, intent: 'none', pins: [], of }
  }
  if (state.due !== null) return checkpointEffect(state, progress, state.due, false)
  if (stage?.kind === 'checkpoint' && progress.checkpoint === null)
    return checkpointEffect(state, progress, stage.reason, isLive(state, progress, stage.reason))
  if (stage?.kind !== 'effect') return null
  if (!stage.intent) return build(state, progress, stage.effect, 'none')
  return build(state, progress, stage.effect, progress.intent === null ? 'needed' : 'logged')
}

function common(state: State, progress: StepProgress, intent: 'none' | 'needed' | 'logged') {
  const { ceremonyId, domain } = state
  const pins: [] = []
  return { step: progress.step.id, attempt: progress.attempt, ceremonyId, domain, intent, pins }
}

function logInAgain(state: State, progress: StepProgress, token: TokenState): OwnEffect {
  const { role, serial } = token
  const pins = [{ token: role, serial, user: 'user' as const, pad: isAtPad(state.plan, role) }]
  const place = { token: role, serial, profile: profileOf(state, role) }
  return { ...common(state, progress, 'none'), kind: 'log-in', user: 'user', again: true, pins, ...place }
}

function checkpointEffect(
  state: State,
  progress: StepProgress,
  reason: (OwnEffect & { kind: 'make-checkpoint' })['reason'],
  live: boolean,
): OwnEffect {
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

function build(
  state: State,
  progress: StepProgress,
  effect: EffectKind,
  intent: 'none' | 'needed' | 'logged',
): OwnEffect {
  const { step } = progress
  const base = { ...common(state, progress, intent), pins: pinsOf(state, progress) }
  const place = placeOf(state, step.token ?? 'ceremony')
  const made = {
    ckaId: progress.intent?.ckaId ?? '',
    discard: progress.abandoned,
  }
  switch (effect) {
    case 'measure-machine':
      return { ...base, kind: effect }
    case 'initialise-token':
      return { ...base, ...place, kind: effect, label: tokenOf(state.plan, step)?.label ?? '' }
    case 'log-in':
      return { ...base, ...place, kind: effect, user: 'user', again: false }
    case 'probe-token':
      return { ...base, ...place, kind: effect }
    case 'inventory': {
      const when = step.do === 'seal' ? 'closing' : (step.when ?? 'planned')
      return { ...base, ...place, kind: effect, when, expected: expectedObjects(state, place.token) }
    }
    case 'make-ceremony-key':
      return { ...base, ...place, ...made, kind: effect, sealCkaId: progress.intent?.sealCkaId ?? '' }
    case 'sign-opening':
      return {
        ...base,
        ...ceremonyKeyPlace(state),
        kind: effect,
        planHash: state.planHash,
        policyDigest: state.policyDigest,
        tokenSerials: state.tokens.map((token) => token.serial),
        keys: state.ceremonyKey?.keys ?? {},
      }
    case 'make-checkpoint':
      return checkpointEffect(state, progress, 'planned', true)
    case 'generate-root':
      return {
        ...base,
        ...place,
        ...made,
        kind: effect,
        key: plannedKey(state, step.key),
        rootId: progress.intent?.rootId ?? '',
        destinations: state.destinations.map(
          ({ receiptKey: _key, receiptSigner: _signer, ...shown }) => shown,
        ),
        mechanism: mechanismOf(state, place.token),
      }
    case 'read-back':
      return {
        ...base,
        ...place,
        kind: effect,
        key: plannedKey(state, step.key),
        ckaId: ckaIdOf(state, step.key),
      }
    case 'generate-key':
      return {
        ...base,
        ...place,
        ...made,
        kind: effect,
        key: plannedKey(state, step.key),
        version: 1,
        chain: chainOf(state, plannedKey(state, step.key)),
        mechanism: mechanismOf(state, place.token),
      }
    case 'prove-possession': {
      const root = state.keys.find((key) => key.level === 'root')
      return {
        ...base,
        ...place,
        kind: effect,
        key: plannedKey(state, step.key),
        ckaId: ckaIdOf(state, step.key),
        rootId: root?.rootId ?? '',
        challenge: possessionChallenge(root?.bornIn ?? '', root?.rootId ?? ''),
        chain: chainOf(state, plannedKey(state, step.key), true),
        mechanism: mechanismOf(state, place.token),
      }
    }
    case 'prove-replica':
      return {
        ...base,
        ...place,
        kind: effect,
        ...replicaOf(state, plannedKey(state, step.key), place.token, placeOf),
      }
    case 'attest':
      return { ...base, ...place, kind: effect, ...attestOf(state, step) }
    case 'fhe-deal':
      return {
        ...base,
        ...ceremonyKeyPlace(state),
        kind: effect,
        discard: made.discard,
        fhe: plannedFhe(state),
        holders: dealtHolders(state),
        policyDigest: state.policyDigest,
      }
    case 'assemble-epoch':
      return { ...base, kind: effect, ...assembly(state) }
    case 'sign-epoch-live':
      return { ...base, ...ceremonyKeyPlace(state), kind: effect, ...liveStatement(state) }
    case 'build-bundle': {
      const checkpoints = state.checkpoints.map(({ size, node, root, digest }) => ({
        size,
        node,
        root,
        digest,
      }))
      const last = checkpoints.at(-1)
      if (last === undefined) throw new TypeError('build-bundle: the sealing checkpoint comes first')
      return {
        ...base,
        kind: effect,
        planHash: state.planHash,
        policyDigest: state.policyDigest,
        opening: state.opening?.digest ?? '',
        checkpoint: last,
        checkpoints,
        destinations: state.destinations.map(
          ({ receiptKey: _key, receiptSigner: _signer, ...shown }) => shown,
        ),
        keys: state.keys.map(({ id, level, ckaId, step, attempt, wrapped }) => ({
          id,
          level,
          ckaId,
          step,
          attempt,
          wrapped,
        })),
      }
    }
    case 'sign-bundle':
      return { ...base, ...ceremonyKeyPlace(state), kind: effect, digest: state.bundle?.digest ?? '' }
    case 'write-bundle':
      return { ...base, kind: effect, digest: state.bundle?.digest ?? '' }
    case 'write-medium':
      return { ...base, kind: effect, digest: state.bundle?.digest ?? '', sha256: state.bundle?.sha256 ?? '' }
    case 'close-out': {
      const sealing = state.checkpoints.findLast((checkpoint) => checkpoint.reason === 'sealing')
      if (sealing === undefined) throw new TypeError('close-out: the sealing checkpoint comes first')
      const { size, node, root, digest } = sealing
      return {
        ...base,
        ...ceremonyKeyPlace(state),
        kind: effect,
        checkpoint: { size, node, root, digest },
        receipts: state.receipts,
      }
    }
    case 'destroy-ceremony-key':
      return {
        ...base,
        ...ceremonyKeyPlace(state),
        kind: effect,
        sealCkaId: state.ceremonyKey?.sealCkaId ?? '',
      }
    default:
      return unreachable(effect)
  }
}

function profileOf(state: State, role: string) {
  const token = state.plan.tokens.find((planned) => planned.role === role)
  if (token === undefined) throw new TypeError(`token: the plan has no role ${role}`)
  return token.profile
}

function placeOf(state: State, role: string) {
  const serial = state.tokens.find((token) => token.role === role)?.serial ?? ''
  return { token: role, serial, profile: profileOf(state, role) }
}

function ceremonyKeyPlace(state: State) {
  return { ...placeOf(state, state.ceremonyKey?.token ?? 'ceremony'), ckaId: state.ceremonyKey?.ckaId ?? '' }
}

function mechanismOf(state: State, role: string): string {
  return state.tokens.find((token) => token.role === role)?.wrapMechanism ?? ''
}

function plannedKey(state: State, id: string | undefined): PlannedKey {
  const key = keyOf(state.plan, id)
  if (key === undefined) throw new TypeError(`key: the plan has no ${id ?? 'key here'}; lint it first`)
  return key
}

function ckaIdOf(state: State, id: string | undefined): string {
  return state.keys.find((key) => key.id === id)?.ckaId ?? ''
}

/** The keys from the root to the parent of `key`, or to `key` itself. */
function chainOf(state: State, key: PlannedKey, itself = false): ChainLink[] {
  const links = itself ? [...ancestorsOf(state.plan, key), key] : ancestorsOf(state.plan, key)
  return links.map(({ id, level }) => {
    const made = state.keys.find((candidate) => candidate.id === id)
    return { id, level, ckaId: made?.ckaId ?? '', wrapped: made?.wrapped ?? null }
  })
}
