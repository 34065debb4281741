import { fromBase64, sha256Hex } from '@lux/crypto'
import * as v from 'valibot'
import { digest, hex16, line } from '../../documents/format/fields.ts'
import type { Effect, EffectOf, Results } from '../../model/effects.ts'
import { possessionChallenge } from '../../model/identifiers.ts'
import type { State, StepProgress } from '../../model/state.ts'
import { keyOf, leavesByWindow } from '../../plan/queries.ts'
import { backupFault, backupOf, madeBackup, provedByBackup, tookBackup } from '../backup/made.ts'
import {
  chainOf,
  ckaIdOf,
  madeIn,
  mechanismOf,
  placeOf,
  plannedKey,
  receiversOf,
  stepPlace,
} from '../effect-parts.ts'
import { count, evidence, objects } from '../result-fields.ts'
import type { EffectModules, Show } from '../step-module.ts'
import { differs, type Mismatch } from '../step-module.ts'
import { expectedObjects, inventoryFault } from '../token/inventory.ts'
import { attributeFault, lengthFault, type Template, templates } from './templates.ts'

export function keyFault(
  effect: Effect,
  evidence: Results['read-back']['evidence'],
  template: Template,
): Mismatch | null {
  if ('ckaId' in effect && evidence.ckaId !== effect.ckaId)
    return differs(`CKA_ID ${effect.ckaId}`, `CKA_ID ${evidence.ckaId}`)
  const algorithm = algorithmOf(effect)
  const fault = attributeFault(template, evidence) ?? lengthFault(algorithm, evidence.attributes)
  return fault === null ? null : differs('every attribute as in the template', fault)
}

/** What is known by algorithm is a key of the plan; above the data keys each is AES-256. */
function algorithmOf(effect: Effect): string {
  if ('key' in effect) return effect.key.algorithm
  return effect.kind === 'attest' && ['root', 'organisation', 'project'].includes(effect.level)
    ? 'AES-256'
    : ''
}

/** A root is closed when it is read back, so nothing can set what it lacks: what is left to do is said with the fault. */
function madeBefore(fault: Mismatch | null): Mismatch | null {
  if (fault === null) return null
  const remedy = 'a closed root cannot be mended: abort, and plan a new root by root-kek or key-hierarchy'
  return differs(fault.expected, `${fault.happened}; ${remedy}`)
}

/** A root with nowhere to go is born closed, and no window opens. */
export function isWindow({ destinations, spares, backup }: EffectOf<'generate-root'>): boolean {
  return destinations.length + spares.length > 0 || backup !== null
}

function verifyRoot(
  state: State,
  effect: EffectOf<'generate-root'>,
  result: Results['generate-root'],
): Mismatch | null {
  const window = leavesByWindow(state.plan, effect.key) && isWindow(effect)
  const fault = keyFault(effect, result.evidence, window ? templates.root : templates.bornClosed)
  if (fault !== null) return fault
  const serials = effect.destinations.map((destination) => destination.serial).join(', ')
  const wrapped = result.blobs.map((blob) => blob.serial).join(', ')
  if (serials !== wrapped)
    return differs(`wrapped to ${serials || 'nobody'}`, `wrapped to ${wrapped || 'nobody'}`)
  const spares = result.spares ?? []
  const planned = effect.spares.map(({ token, serial }) => `${token} ${serial}`).join(', ')
  const spared = spares.map(({ token, serial }) => `${token} ${serial}`).join(', ')
  if (planned !== spared)
    return differs(`wrapped to the spares ${planned || 'none'}`, `to the spares ${spared || 'none'}`)
  const otherwise = backupFault(effect.backup, result.backup)
  if (otherwise !== null) return otherwise
  const trusted = [
    ...effect.destinations.map(({ transportKey }) => sha256Hex(fromBase64(transportKey))),
    ...spares.map(({ publicKey }) => publicKey),
    ...(result.backup === undefined ? [] : [result.backup.publicKey]),
  ].sort()
  if ([...result.trusted].sort().join() !== trusted.join())
    return differs('only the destinations are trusted', `${result.trusted.length} trusted keys, or others`)
  if (result.held === undefined) return null
  const expected = [...expectedObjects(state, effect.token), effect.ckaId]
  return inventoryFault(state, { token: effect.token, when: 'planned', expected }, result.held)
}

function verifyPossession(
  state: State,
  effect: EffectOf<'prove-possession'>,
  result: Results['prove-possession'],
): Mismatch | null {
  const backup = provedByBackup(state, effect.key.id)
  if (backup !== null && (backup.mechanism !== result.mechanism || backup.digest !== result.digest))
    return differs(`proof ${backup.digest}, as of the backup`, `proof ${result.digest}`)
  const birth = effect.key.existing?.possession
  // A rehearsal has a stand-in for a key of before.
  if (
    birth !== undefined &&
    state.domain === 'production' &&
    (birth.mechanism !== result.mechanism || birth.digest !== result.digest)
  )
    return differs(`proof ${birth.digest}, as of its birth`, `proof ${result.digest}`)
  const earlier = state.proofs.find(
    (proof) => proof.key === effect.key.id && proof.mechanism === result.mechanism,
  )
  if (earlier === undefined || earlier.digest === result.digest) return null
  return differs(`proof ${earlier.digest}`, `proof ${result.digest}`)
}

export function made(
  state: State,
  progress: StepProgress,
  result: Results['generate-root'] | Results['generate-key'],
): void {
  const key = keyOf(state.plan, progress.step.key)
  if (key === undefined) return
  const root = key.level === 'root'
  state.keys.push({
    id: key.id,
    level: key.level,
    token: progress.step.token ?? 'ceremony',
    step: progress.step.id,
    attempt: progress.attempt,
    ckaId: progress.intent?.ckaId ?? '',
    rootId: root ? (progress.intent?.rootId ?? '') : '',
    bornIn: root ? state.ceremonyId : '',
    mechanism: result.mechanism,
    wrapped: 'wrapped' in result ? result.wrapped : null,
    evidence: result.evidence,
    blobs: 'blobs' in result ? result.blobs : [],
    spares: 'spares' in result ? (result.spares ?? []) : [],
  })
}

function applyMade(
  state: State,
  progress: StepProgress,
  result: Results['generate-root'] | Results['generate-key'],
  show: Show,
): void {
  made(state, progress, result)
  show('cka-id', result.evidence.ckaId)
  show('evidence-level', result.evidence.level)
  show('mechanism', result.mechanism)
}

export const effects = {
  'generate-root': {
    draws: true,
    schema: v.strictObject({
      evidence,
      mechanism: line,
      blobs: v.array(v.strictObject({ serial: line, wrapped: digest, sealed: digest })),
      trusted: v.array(digest),
      spares: v.exactOptional(
        v.array(
          v.strictObject({ token: line, serial: line, transport: hex16, publicKey: digest, wrapped: digest }),
        ),
      ),
      held: v.exactOptional(v.strictObject({ objects, unreadable: count })),
      backup: v.exactOptional(madeBackup),
    }),
    effect(at) {
      const { state, progress } = at
      const place = stepPlace(at)
      return {
        ...at.base,
        ...place,
        ...madeIn(progress),
        kind: 'generate-root',
        key: plannedKey(state, progress.step.key),
        rootId: progress.intent?.rootId ?? '',
        destinations: receiversOf(state),
        spares: (plannedKey(state, progress.step.key).spares ?? []).map((role) => placeOf(state, role)),
        backup: backupOf(state, plannedKey(state, progress.step.key)),
        mechanism: mechanismOf(state, place.token),
      }
    },
    verify: verifyRoot,
    apply(state, progress, result, show) {
      applyMade(state, progress, result, show)
      tookBackup(state, progress.step.key ?? '', result.backup)
      if (result.backup !== undefined) show('sealed-medium', result.backup.medium)
    },
  },
  'read-back': {
    schema: v.strictObject({ evidence }),
    effect: (at) => ({
      ...at.base,
      ...stepPlace(at),
      kind: 'read-back',
      key: plannedKey(at.state, at.progress.step.key),
      ckaId: ckaIdOf(at.state, at.progress.step.key),
    }),
    verify: (_state, effect, result) => madeBefore(keyFault(effect, result.evidence, templates.root)),
    apply(_state, _progress, result, show) {
      show('attributes', Object.keys(result.evidence.attributes).length)
      show('evidence-level', result.evidence.level)
    },
  },
  'generate-key': {
    schema: v.strictObject({
      evidence,
      mechanism: line,
      wrapped: digest,
      publicKey: v.exactOptional(digest),
    }),
    effect(at) {
      const { state, progress } = at
      const place = stepPlace(at)
      const key = plannedKey(state, progress.step.key)
      return {
        ...at.base,
        ...place,
        ...madeIn(progress),
        kind: 'generate-key',
        key,
        version: key.version ?? 1,
        chain: chainOf(state, key),
        mechanism: mechanismOf(state, place.token),
      }
    },
    verify(_state, effect, result) {
      const pair = !effect.key.algorithm.startsWith('AES-')
      if (pair !== (result.publicKey !== undefined))
        return differs(pair ? 'a public key' : 'no public key', pair ? 'none' : 'one')
      return keyFault(effect, result.evidence, pair ? templates.wrappedOnce : templates.wrappedSecret)
    },
    apply: applyMade,
  },
  'prove-possession': {
    schema: v.strictObject({ mechanism: line, digest }),
    effect(at) {
      const { state, progress } = at
      const place = stepPlace(at)
      const key = plannedKey(state, progress.step.key)
      const root = state.keys.find(({ level }) => level === 'root')
      return {
        ...at.base,
        ...place,
        kind: 'prove-possession',
        key,
        ckaId: ckaIdOf(state, progress.step.key),
        rootId: root?.rootId ?? '',
        challenge: possessionChallenge(root?.bornIn ?? '', root?.rootId ?? ''),
        chain: chainOf(state, key, true),
        mechanism: mechanismOf(state, place.token),
      }
    },
    verify: verifyPossession,
    apply(state, progress, result, show) {
      state.proofs.push({ key: progress.step.key ?? '', ...result })
      show('possession', result.digest)
    },
  },
} satisfies EffectModules<'generate-root' | 'read-back' | 'generate-key' | 'prove-possession'>
