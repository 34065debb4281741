import { fromBase64, sha256Hex } from '@lux/crypto'
import type { Effect, OwnEffect, Results } from '../model/effects.ts'
import type { State } from '../model/state.ts'
import { repeated } from '../plan/lint-parts.ts'
import { leavesByWindow } from '../plan/queries.ts'
import { attributeFault, lengthFault, type Template, templates } from '../steps/key/templates.ts'
import type { TaggedResult } from '../steps/run.ts'
import { inventoryFault } from '../steps/token/inventory.ts'
import { attestedTemplate, attestFault } from './attest.ts'
import { expectedObjects } from './expected-objects.ts'
import { replicaFault } from './replica.ts'

/** What a result contradicts: the plan's expectation and what happened instead. */
export type Mismatch = { expected: string; happened: string }

const differs = (expected: string, happened: string): Mismatch => ({ expected, happened })

/** Compares a result with the effect that was owed; null when all is as planned. Both are of the same kind. */
export function verifyResult(state: State, effect: Effect, tagged: TaggedResult): Mismatch | null {
  if ('serial' in effect && effect.kind !== 'initialise-token' && 'serial' in tagged.result) {
    if (tagged.result.serial !== effect.serial)
      return differs(`the token ${effect.serial}`, `the token ${tagged.result.serial}`)
  }
  switch (tagged.effect) {
    case 'initialise-token':
      return verifyToken(state, effect, tagged.result)
    case 'log-in':
      return effect.kind === 'log-in' ? verifyLogIn(state, effect, tagged.result) : null
    case 'probe-token':
      if (tagged.result.passed) return null
      return differs('the hardened template holds', brokenBy(tagged.result))
    case 'inventory':
      return effect.kind === 'inventory' ? inventoryFault(state, effect, tagged.result) : null
    case 'make-ceremony-key':
      return keyFault(effect, tagged.result.evidence, templates.ceremonyKey)
    case 'make-checkpoint':
      if (effect.kind !== 'make-checkpoint' || tagged.result.size === effect.size) return null
      return differs(`a checkpoint over ${effect.size} entries`, `over ${tagged.result.size}`)
    case 'generate-root':
      return effect.kind === 'generate-root' ? verifyRoot(state, effect, tagged.result) : null
    case 'read-back':
      if (effect.kind !== 'read-back') return null
      return madeBefore(keyFault(effect, tagged.result.evidence, templates.root))
    case 'generate-key': {
      const pair = effect.kind === 'generate-key' && !effect.key.algorithm.startsWith('AES-')
      if (pair !== (tagged.result.publicKey !== undefined))
        return differs(pair ? 'a public key' : 'no public key', pair ? 'none' : 'one')
      return keyFault(effect, tagged.result.evidence, pair ? templates.wrappedOnce : templates.wrappedSecret)
    }
    case 'prove-possession':
      return verifyPossession(state, effect, tagged.result)
    case 'prove-replica':
      if (effect.kind !== 'prove-replica') return null
      return (
        keyFault(effect, tagged.result.evidence, templates.replica) ??
        replicaFault(state, effect, tagged.result) ??
        inventoryFault(state, { ...effect, when: 'planned' }, tagged.result)
      )
    case 'attest':
      if (effect.kind !== 'attest') return null
      return (
        keyFault(effect, tagged.result.evidence, attestedTemplate(effect.level)) ??
        attestFault(state, effect, tagged.result)
      )
    case 'fhe-deal':
      return effect.kind === 'fhe-deal' ? verifyDeal(effect, tagged.result) : null
    case 'sign-bundle':
    case 'write-bundle':
      if (tagged.result.digest === state.bundle?.digest) return null
      return differs(`bundle ${state.bundle?.digest ?? ''}`, `bundle ${tagged.result.digest}`)
    case 'write-medium': {
      const { sha256, readBack } = tagged.result
      if (sha256 === state.bundle?.sha256 && readBack === sha256) return null
      return differs(`the medium reads ${state.bundle?.sha256 ?? ''}`, `it reads ${readBack}`)
    }
    case 'destroy-ceremony-key':
      if (tagged.result.absent && tagged.result.ckaId === state.ceremonyKey?.ckaId) return null
      return differs('the ceremony key is absent', 'it was found, or another one was looked for')
    case 'assemble-epoch': {
      if (effect.kind !== 'assemble-epoch') return null
      const dealt = effect.dealers.map(({ correction }) => correction).join()
      if (tagged.result.epoch !== effect.old.epoch + 1)
        return differs(`epoch ${effect.old.epoch + 1}`, `epoch ${tagged.result.epoch}`)
      if (tagged.result.corrections.join() === dealt) return null
      return differs('the corrections that the dealers signed', 'others')
    }
    case 'sign-epoch-live':
    case 'measure-machine':
    case 'sign-opening':
    case 'build-bundle':
    case 'close-out':
      return null
  }
}

function keyFault(
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

function verifyToken(state: State, effect: Effect, result: Results['initialise-token']): Mismatch | null {
  if (effect.kind !== 'initialise-token') return null
  if (result.label !== effect.label) return differs(`the label ${effect.label}`, `the label ${result.label}`)
  const other = state.tokens.find((token) => token.role !== effect.token && token.serial === result.serial)
  if (other === undefined) return null
  return differs('a token of its own', `the serial ${result.serial} of the token ${other.role}`)
}

/** A rehearsal puts a token without a pad in the place of every other. */
function verifyLogIn(
  state: State,
  effect: OwnEffect & { kind: 'log-in' },
  result: Results['log-in'],
): Mismatch | null {
  const planned = effect.pins.some(({ pad }) => pad)
  if (planned === (result.by === 'pin-pad') || (planned && state.domain === 'rehearsal')) return null
  const [pad, typed] = ['a PIN entered at the token’s own pad', 'a PIN typed at the workstation']
  return planned ? differs(pad, typed) : differs(typed, pad)
}

function brokenBy(result: Results['probe-token']): string {
  const broke = result.attacks.filter((attack) => attack.hardened !== 'held').map((attack) => attack.name)
  return `not held: ${broke.join(', ') || 'the probe did not end'}`
}

function verifyRoot(
  state: State,
  effect: OwnEffect & { kind: 'generate-root' },
  result: Results['generate-root'],
): Mismatch | null {
  const window = leavesByWindow(state.plan, effect.key) && effect.destinations.length > 0
  const fault = keyFault(effect, result.evidence, window ? templates.root : templates.bornClosed)
  if (fault !== null) return fault
  const serials = effect.destinations.map((destination) => destination.serial).join(', ')
  const wrapped = result.blobs.map((blob) => blob.serial).join(', ')
  if (serials !== wrapped)
    return differs(`wrapped to ${serials || 'nobody'}`, `wrapped to ${wrapped || 'nobody'}`)
  const trusted = effect.destinations.map(({ transportKey }) => sha256Hex(fromBase64(transportKey))).sort()
  if ([...result.trusted].sort().join() !== trusted.join())
    return differs('only the destinations are trusted', `${result.trusted.length} trusted keys, or others`)
  if (result.held === undefined) return null
  const expected = [...expectedObjects(state, effect.token), effect.ckaId]
  return inventoryFault(state, { token: effect.token, when: 'planned', expected }, result.held)
}

function verifyPossession(
  state: State,
  effect: Effect,
  result: Results['prove-possession'],
): Mismatch | null {
  if (effect.kind !== 'prove-possession') return null
  const earlier = state.proofs.find(
    (proof) => proof.key === effect.key.id && proof.mechanism === result.mechanism,
  )
  if (earlier === undefined || earlier.digest === result.digest) return null
  return differs(`proof ${earlier.digest}`, `proof ${result.digest}`)
}

function verifyDeal(effect: OwnEffect & { kind: 'fhe-deal' }, result: Results['fhe-deal']): Mismatch | null {
  const planned = effect.holders.map(({ index, name }) => `${index} ${name}`).join(', ')
  const dealt = result.shares.map(({ index, holder }) => `${index} ${holder}`).join(', ')
  if (planned !== dealt) return differs(`shares for ${planned}`, `shares for ${dealt}`)
  const string = effect.fhe.proofBits !== undefined
  if (string !== (result.crs !== undefined))
    return differs(string ? 'a reference string' : 'no reference string', string ? 'none' : 'one')
  const digests = result.shares.flatMap((share) => [share.shareDigest, share.envelopeDigest])
  return repeated(digests).length === 0
    ? null
    : differs('a share of its own for each', 'two shares are alike')
}
