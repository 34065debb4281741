import * as v from 'valibot'
import { custodianAcknowledgementCodec } from '../../documents/backup/custodian-acknowledgement.ts'
import { hybridSignature } from '../../documents/format/fields.ts'
import type { Submit } from '../../model/commands.ts'
import type { Decision } from '../../model/events.ts'
import { refuse } from '../../model/rules.ts'
import type { State } from '../../model/state.ts'
import type { EntryModules, StageNeeds } from '../entries.ts'
import { madeHere, standsAt, verify } from '../signers.ts'
import { custodiansOf, missingCustodians } from './queries.ts'

/** A custodian's word that the share is the one that was dealt, and that its words were read back. */
function takeAcknowledgement(state: State, command: Submit): Decision {
  const at = standsAt(state, 'custodian-acknowledgements')
  if (at === null) return refuse('SUBMIT-01', 'no custodian is awaited')
  const read = custodianAcknowledgementCodec.payload.parse(command.payload)
  if (!read.ok) return refuse('SUBMIT-06', read.detail)
  const said = read.value
  const seat = state.seats.find(({ role, name }) => role === 'custodian' && name === said.name)
  const backup = state.backups.find(({ key }) => key === said.key)
  const dealt = backup?.shares.find(({ name }) => name === said.name)
  if (seat === undefined || backup === undefined || dealt === undefined)
    return refuse('SUBMIT-03', `${said.name} holds no share of a backup of this run`)
  if (said.domain !== state.domain || said.ceremonyId !== state.ceremonyId || said.set !== backup.set)
    return refuse('CUSTODIAN-01', `${said.name} has a share of another backup: set ${said.set}`)
  if (said.index !== dealt.index || said.share !== dealt.share || said.envelope !== dealt.envelope)
    return refuse('CUSTODIAN-01', `${said.name} proves share ${said.index}, and was dealt ${dealt.index}`)
  if (!missingCustodians(state, at).includes(said.name))
    return refuse('SUBMIT-05', `${said.name} has proved the share, or is asked at another step`)
  const invalid = verify(state, 'custodian-acknowledgement', seat.keys, command)
  if (invalid !== null) return invalid
  const fact = { payload: said, signature: command.signature, ...madeHere(state, command) }
  return { ok: true, events: [{ kind: 'custodian.acknowledged', stepId: at.step.id, fact }] }
}

export const submissions = { 'custodian-acknowledgement': takeAcknowledgement }

export const entries = {
  'custodian.acknowledged': {
    schema: v.strictObject({
      payload: custodianAcknowledgementCodec.payload.schema,
      signature: hybridSignature,
      here: v.exactOptional(v.literal(true)),
    }),
    apply(state, progress, { payload: { key, name } }) {
      state.backups.find((one) => one.key === key)?.acknowledged.push(name)
      progress.summary.push({ label: 'proved', value: name })
      return missingCustodians(state, progress).length === 0
    },
  },
} satisfies EntryModules<'custodian.acknowledged'>

export const needs = {
  'custodian-acknowledgements'(state, progress) {
    const missing = missingCustodians(state, progress)
    const present = custodiansOf(state.plan, progress.step).filter((name) => !missing.includes(name))
    return { kind: 'custodian-acknowledgements', present, missing }
  },
} satisfies StageNeeds<'custodian-acknowledgements'>
