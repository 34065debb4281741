import * as v from 'valibot'
import { custodianStatementCodec } from '../../documents/backup/custodian-statement.ts'
import { digest, hex16, hybridSignature, line, recipient } from '../../documents/format/fields.ts'
import type { Submit } from '../../model/commands.ts'
import type { EffectOf } from '../../model/effects.ts'
import type { Decision } from '../../model/events.ts'
import { possessionChallenge } from '../../model/identifiers.ts'
import { refuse } from '../../model/rules.ts'
import type { State } from '../../model/state.ts'
import { namesOf } from '../../plan/queries.ts'
import { ceremonyKeyPlace, ckaIdOf, madeIn, stepPlace } from '../effect-parts.ts'
import type { EntryModules, StageNeeds } from '../entries.ts'
import { attributeFault, lengthFault, templates } from '../key/templates.ts'
import { count, evidence, objects } from '../result-fields.ts'
import { standsAt, verify } from '../signers.ts'
import { asOwed, differs, type EffectModules } from '../step-module.ts'
import { expectedObjects, inventoryFault } from '../token/inventory.ts'
import { opens, unstatedCustodians } from './queries.ts'

/** A custodian's word that the words of the sheet are the share that an earlier ceremony dealt, which is given where the backup is opened. */
function takeStatement(state: State, command: Submit): Decision {
  const at = standsAt(state, 'share-checks') ?? standsAt(state, 'share-releases')
  const { recovery, plan } = state
  if (at === null || recovery === null) return refuse('SUBMIT-01', 'no custodian is asked for a share')
  const read = custodianStatementCodec.payload.parse(command.payload)
  if (!read.ok) return refuse('SUBMIT-06', read.detail)
  const said = read.value
  const seat = state.seats.find(({ role, name }) => role === 'custodian' && name === said.name)
  const { backup } = recovery
  if (seat === undefined || plan.recovery?.custodians[said.index - 1] !== said.name)
    return refuse('SUBMIT-03', `${said.name} is not custodian ${said.index} of this backup`)
  if (said.domain !== state.domain || said.ceremonyId !== state.ceremonyId || said.use !== plan.recovery.use)
    return refuse('CUSTODIAN-02', `${said.name} states it to another run, or for another use`)
  if (said.key !== backup.key || said.set !== backup.set || said.share !== backup.shares[said.index - 1])
    return refuse('CUSTODIAN-02', `${said.name} has a share of another backup: set ${said.set}`)
  if ((said.envelope !== null) !== opens(said.use))
    return refuse('CUSTODIAN-02', said.envelope === null ? 'no share is given' : 'a check takes no share')
  if (recovery.releases.some(({ envelope }) => envelope === said.envelope))
    return refuse('CUSTODIAN-02', `${said.name} gives what another has given`)
  if (!unstatedCustodians(state).includes(said.name))
    return refuse('SUBMIT-05', `${said.name} has stated the share`)
  const invalid = verify(state, 'custodian-statement', seat.keys, command)
  if (invalid !== null) return invalid
  const fact = { payload: said, signature: command.signature }
  return { ok: true, events: [{ kind: 'custodian.stated', stepId: at.step.id, fact }] }
}

function used({ recovery }: State): NonNullable<State['recovery']> {
  if (recovery === null) throw new TypeError('recovery: the run uses no backup; lint the plan first')
  return recovery
}

/** What shows that a root of before is the one that is destroyed; a drill has just proved what it zeroises. */
function proofOf(state: State, id: string | undefined): EffectOf<'zeroise-root'>['proof'] {
  if (id === undefined) return null
  const root = state.keys.find((key) => key.id === id)
  const proof = state.proofs.find(({ key }) => key === id)
  if (root === undefined || proof === undefined)
    throw new TypeError(`key: ${id} was not proved; lint the plan first`)
  const { mechanism, digest: given } = proof
  return { challenge: possessionChallenge(root.bornIn, root.rootId), mechanism, digest: given }
}

export const effects = {
  'check-medium': {
    schema: v.strictObject({ medium: digest }),
    effect({ state, base }) {
      const { key, medium } = used(state).backup
      return { ...base, kind: 'check-medium', root: key, medium }
    },
    verify: (_state, effect, { medium }) =>
      medium === effect.medium ? null : differs(`the medium ${effect.medium}`, `the medium ${medium}`),
    apply(state, _progress, { medium }, show) {
      if (state.recovery !== null) state.recovery.medium = medium
      show('medium-digest', medium)
    },
  },
  'ask-shares': {
    schema: v.strictObject({ digest, recipient, signature: hybridSignature }),
    effect({ state, base }) {
      const { use, custodians = [] } = state.plan.recovery ?? {}
      if (use === undefined || !opens(use)) throw new TypeError('recovery: a check asks for no share')
      const { backup } = used(state)
      return { ...base, ...ceremonyKeyPlace(state), kind: 'ask-shares', use, backup, custodians }
    },
    verify: asOwed,
    apply(state, _progress, result, show) {
      if (state.recovery !== null) state.recovery.request = result.digest
      show('request', result.digest)
    },
  },
  'restore-root': {
    schema: v.strictObject({
      serial: line,
      shares: v.pipe(v.array(v.pipe(count, v.minValue(1), v.maxValue(16))), v.maxLength(16)),
      evidence,
      mechanism: line,
      digest,
      objects,
      unreadable: count,
    }),
    effect(at) {
      const { state, progress, base } = at
      const { backup, releases } = used(state)
      const place = stepPlace(at)
      const { ckaId: pair, discard } = madeIn(progress)
      const challenge = possessionChallenge(backup.ceremonyId, backup.rootId)
      const expected = [...expectedObjects(state, place.token), backup.ckaId]
      const { ckaId } = backup
      return {
        ...base,
        ...place,
        kind: 'restore-root',
        backup,
        releases,
        pair,
        discard,
        challenge,
        expected,
        ckaId,
      }
    },
    verify(state, effect, result) {
      const { backup, releases } = effect
      const given = releases.map(({ index }) => index).join(', ')
      if (result.shares.join(', ') !== given)
        return differs(`shares ${given}`, `shares ${result.shares.join(', ')}`)
      if (result.evidence.ckaId !== effect.ckaId)
        return differs(`CKA_ID ${effect.ckaId}`, `CKA_ID ${result.evidence.ckaId}`)
      if (result.mechanism !== backup.mechanism || result.digest !== backup.possession)
        return differs(`the root with proof ${backup.possession}`, `another key, with proof ${result.digest}`)
      const fault =
        attributeFault(templates.replica, result.evidence) ??
        lengthFault('AES-256', result.evidence.attributes)
      if (fault !== null) return differs('every attribute as in the template', fault)
      return inventoryFault(state, { ...effect, when: 'planned' }, result)
    },
    apply(state, { step }, { objects: _objects, unreadable: _unreadable, ...restored }, show) {
      if (state.recovery !== null) state.recovery.restored = { ...restored, token: step.token ?? 'ceremony' }
      show('serial', restored.serial)
      show('possession', restored.digest)
    },
  },
  'zeroise-root': {
    schema: v.strictObject({
      serial: line,
      ckaId: hex16,
      absent: v.boolean(),
      mechanism: v.exactOptional(line),
      digest: v.exactOptional(digest),
      objects,
      unreadable: count,
    }),
    effect(at) {
      const place = stepPlace(at)
      const { key } = at.progress.step
      const ckaId = key === undefined ? used(at.state).backup.ckaId : ckaIdOf(at.state, key)
      const expected = expectedObjects(at.state, place.token).filter((id) => id !== ckaId)
      return { ...at.base, ...place, kind: 'zeroise-root', ckaId, expected, proof: proofOf(at.state, key) }
    },
    verify(state, effect, result) {
      const { proof } = effect
      if (result.mechanism !== proof?.mechanism || result.digest !== proof?.digest)
        return differs(
          proof === null ? 'no proof' : `the root with proof ${proof.digest}`,
          result.digest === undefined ? 'no proof' : `another key, with proof ${result.digest}`,
        )
      if (result.ckaId !== effect.ckaId) return differs(`CKA_ID ${effect.ckaId}`, `CKA_ID ${result.ckaId}`)
      if (!result.absent) return differs('no such key', 'the key is still there')
      return inventoryFault(state, { ...effect, when: 'planned' }, result)
    },
    apply(state, { step: { key, token = 'ceremony' } }, { serial, ckaId }, show) {
      if (key !== undefined) state.decommissioned.push({ id: key, token, serial, ckaId })
      else if (state.recovery !== null) state.recovery.zeroised = true
      show('serial', serial)
    },
  },
} satisfies EffectModules<'check-medium' | 'ask-shares' | 'restore-root' | 'zeroise-root'>

export const submissions = { 'custodian-statement': takeStatement }

export const entries = {
  'custodian.stated': {
    schema: v.strictObject({ payload: custodianStatementCodec.payload.schema, signature: hybridSignature }),
    apply(state, progress, { payload: { index, name, envelope } }) {
      const { recovery } = state
      if (recovery === null) return false
      recovery.said.push(name)
      progress.summary.push({ label: envelope === null ? 'share-checked' : 'share-given', value: name })
      if (envelope === null) return unstatedCustodians(state).length === 0
      recovery.releases = [...recovery.releases, { index, name, envelope }].toSorted(
        (a, b) => a.index - b.index,
      )
      return recovery.releases.length >= recovery.backup.t
    },
  },
} satisfies EntryModules<'custodian.stated'>

export const needs = {
  'share-checks': (state, { step }) => ({
    kind: 'share-checks',
    names: namesOf(state.plan, step.actor),
    subject: state.recovery?.backup.medium ?? '',
    present: [...(state.recovery?.said ?? [])],
    missing: unstatedCustodians(state),
  }),
  'share-releases': (state) => ({
    kind: 'share-releases',
    subject: state.recovery?.request ?? '',
    present: [...(state.recovery?.said ?? [])],
    missing: unstatedCustodians(state),
    stillNeeded: Math.max(0, (state.recovery?.backup.t ?? 0) - (state.recovery?.said.length ?? 0)),
  }),
} satisfies StageNeeds<'share-checks' | 'share-releases'>
