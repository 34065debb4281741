import * as v from 'valibot'
import { custodianStatementCodec } from '../../documents/backup/custodian-statement.ts'
import { digest, hybridSignature } from '../../documents/format/fields.ts'
import type { Submit } from '../../model/commands.ts'
import type { Decision } from '../../model/events.ts'
import { refuse } from '../../model/rules.ts'
import { standsAt, verify } from '../../model/signers.ts'
import type { State } from '../../model/state.ts'
import { namesOf } from '../../plan/queries.ts'
import type { EntryModules, StageNeeds } from '../entries.ts'
import { differs, type EffectModules } from '../step-module.ts'
import { unstatedCustodians } from './queries.ts'

/** A custodian's word that the words of the sheet are the share that an earlier ceremony dealt. */
function takeStatement(state: State, command: Submit): Decision {
  const at = standsAt(state, 'share-checks')
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
  if (!unstatedCustodians(state).includes(said.name))
    return refuse('SUBMIT-05', `${said.name} has stated the share`)
  const invalid = verify(state, 'custodian-statement', seat.keys, command)
  if (invalid !== null) return invalid
  const fact = { payload: said, signature: command.signature }
  return { ok: true, events: [{ kind: 'custodian.stated', stepId: at.step.id, fact }] }
}

export const effects = {
  'check-medium': {
    schema: v.strictObject({ medium: digest }),
    effect({ state: { recovery }, base }) {
      if (recovery === null) throw new TypeError('recovery: the run uses no backup; lint the plan first')
      const { key, medium } = recovery.backup
      return { ...base, kind: 'check-medium', root: key, medium }
    },
    verify: (_state, effect, { medium }) =>
      medium === effect.medium ? null : differs(`the medium ${effect.medium}`, `the medium ${medium}`),
    apply(state, _progress, { medium }, show) {
      if (state.recovery !== null) state.recovery.medium = medium
      show('medium-digest', medium)
    },
  },
} satisfies EffectModules<'check-medium'>

export const submissions = { 'custodian-statement': takeStatement }

export const entries = {
  'custodian.stated': {
    schema: v.strictObject({ payload: custodianStatementCodec.payload.schema, signature: hybridSignature }),
    apply(state, progress, { payload: { name } }) {
      state.recovery?.said.push(name)
      progress.summary.push({ label: 'share-checked', value: name })
      return unstatedCustodians(state).length === 0
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
} satisfies StageNeeds<'share-checks'>
