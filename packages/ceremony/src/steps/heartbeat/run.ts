import * as v from 'valibot'
import { digest, hybridSignature } from '../../documents/format/fields.ts'
import { heartbeatCodec } from '../../documents/threshold/heartbeat.ts'
import type { Submit } from '../../model/commands.ts'
import type { Decision } from '../../model/events.ts'
import { refuse } from '../../model/rules.ts'
import type { State } from '../../model/state.ts'
import { namesOf } from '../../plan/queries.ts'
import type { EntryModules, StageNeeds } from '../entries.ts'
import { seatOf, standsAt, verify } from '../signers.ts'
import { differs, type EffectModules } from '../step-module.ts'

/** Holders of the epoch who have not stated that they hold the share. */
function unheard({ epoch, heartbeat }: State): string[] {
  const heard = heartbeat?.said ?? []
  return (epoch?.holders ?? []).filter((name) => !heard.includes(name))
}

/** A holder's statement over the challenge of this run. What it says of the share nobody here can see. */
function takeHeartbeat(state: State, command: Submit): Decision {
  const at = standsAt(state, 'heartbeats')
  const { epoch, heartbeat } = state
  if (at === null || epoch === null || heartbeat === null)
    return refuse('SUBMIT-01', 'no holder is asked whether the share is held')
  const read = heartbeatCodec.payload.parse(command.payload)
  if (!read.ok) return refuse('SUBMIT-06', read.detail)
  const said = read.value
  const seat = seatOf(state, said.name)
  if (seat === null || epoch.holders[said.holder - 1] !== said.name)
    return refuse('SUBMIT-03', `${said.name} is not holder ${said.holder} of this epoch`)
  const fits =
    said.domain === state.domain &&
    said.ceremonyId === state.ceremonyId &&
    said.keyId === epoch.keyId &&
    said.epochId === epoch.epochId &&
    said.challenge === heartbeat.challenge
  if (!fits) return refuse('HEARTBEAT-01', `${said.name} states it of another run, challenge, key or epoch`)
  if (!unheard(state).includes(said.name)) return refuse('SUBMIT-05', `${said.name} has stated it`)
  const invalid = verify(state, 'heartbeat', seat.keys, command)
  if (invalid !== null) return invalid
  const fact = { payload: said, signature: command.signature }
  return { ok: true, events: [{ kind: 'heartbeat.taken', stepId: at.step.id, fact }] }
}

export const effects = {
  'ask-heartbeats': {
    draws: true,
    schema: v.strictObject({ challenge: digest }),
    effect({ state, progress, base }) {
      const { epoch } = state
      if (epoch === null) throw new TypeError('heartbeat: there is no key; lint the plan first')
      const { nonce = '', rootId = '' } = progress.intent ?? {}
      const { keyId, epochId } = epoch
      return { ...base, kind: 'ask-heartbeats', keyId, epochId, challenge: `${nonce}${rootId}` }
    },
    verify: (_state, effect, { challenge }) =>
      challenge === effect.challenge
        ? null
        : differs(`the challenge ${effect.challenge}`, `the challenge ${challenge}`),
    apply(state, _progress, { challenge }, show) {
      state.heartbeat = { challenge, said: [] }
      show('challenge', challenge)
    },
  },
} satisfies EffectModules<'ask-heartbeats'>

export const submissions = { heartbeat: takeHeartbeat }

export const entries = {
  'heartbeat.taken': {
    schema: v.strictObject({ payload: heartbeatCodec.payload.schema, signature: hybridSignature }),
    apply(state, progress, { payload: { name } }) {
      state.heartbeat?.said.push(name)
      progress.summary.push({ label: 'heartbeat', value: name })
      return unheard(state).length === 0
    },
  },
} satisfies EntryModules<'heartbeat.taken'>

export const needs = {
  heartbeats: (state, { step }) => ({
    kind: 'heartbeats',
    names: namesOf(state.plan, step.actor),
    subject: state.heartbeat?.challenge ?? '',
    present: [...(state.heartbeat?.said ?? [])],
    missing: unheard(state),
  }),
} satisfies StageNeeds<'heartbeats'>
