import * as v from 'valibot'
import { digest, line } from '../../documents/format/fields.ts'
import { acknowledgementCodec, envelopesDigest } from '../../documents/threshold/acknowledgement.ts'
import type { Submit } from '../../model/commands.ts'
import type { DealtHolder, EffectOf, Results } from '../../model/effects.ts'
import type { Decision } from '../../model/events.ts'
import { refuse } from '../../model/rules.ts'
import type { State } from '../../model/state.ts'
import type { PlannedFhe } from '../../plan/plan.ts'
import { holderBefore, repeated } from '../../plan/queries.ts'
import { ceremonyKeyPlace } from '../effect-parts.ts'
import { count, file } from '../result-fields.ts'
import { madeHere, verify } from '../signers.ts'
import { currentStep, stageOf } from '../stages.ts'
import { differs, type EffectModules, type Mismatch } from '../step-module.ts'
import { missingHolders } from './queries.ts'

function plannedFhe(state: State): PlannedFhe {
  if (state.plan.fhe === undefined) throw new TypeError('fhe: the plan has none; lint it first')
  return state.plan.fhe
}

/** Who receives which share, with what it is sealed to. */
function dealtHolders(state: State): DealtHolder[] {
  return plannedFhe(state).holders.map((name, index) => {
    const seat = holderBefore(state.seats, name)
    if (seat?.recipient === undefined) throw new TypeError(`holder ${name}: no recipient; start refuses that`)
    return { index: index + 1, name, card: seat.card, recipient: seat.recipient, keys: seat.keys }
  })
}

function takeAcknowledgement(state: State, command: Submit): Decision {
  const progress = currentStep(state)
  const dealt = dealtTo(state)
  if (progress === null || stageOf(progress)?.kind !== 'acknowledgements' || dealt === null)
    return refuse('SUBMIT-01', 'no acknowledgement is awaited')
  const read = acknowledgementCodec.payload.parse(command.payload)
  if (!read.ok) return refuse('SUBMIT-06', read.detail)
  const said = read.value
  const seat = state.seats.find((candidate) => candidate.role === 'holder' && candidate.name === said.name)
  const index = dealt.holders.indexOf(said.name) + 1
  if (seat === undefined || index === 0) return refuse('SUBMIT-03', `${said.name} holds no share of this run`)
  const fits =
    said.domain === state.domain &&
    said.ceremonyId === state.ceremonyId &&
    said.keyId === dealt.keyId &&
    said.epochId === dealt.epochId &&
    said.holder === index &&
    (dealt.share(index) ?? said.shareDigest) === said.shareDigest &&
    said.envelopeDigest === dealt.envelope(index)
  if (!fits) return refuse('ACKNOWLEDGE-01', `${said.name} proved another share, key or run`)
  if (dealt.acknowledged(said.name)) return refuse('SUBMIT-05', `${said.name} has proved the share`)
  if (!missingHolders(state, progress).includes(said.name))
    return refuse('SUBMIT-01', `this step does not wait for ${said.name}`)
  const invalid = verify(state, 'acknowledgement', seat.keys, command)
  if (invalid !== null) return invalid
  const fact = {
    name: said.name,
    index,
    payload: said,
    signature: command.signature,
    ...madeHere(state, command),
  }
  return { ok: true, events: [{ kind: 'holder.acknowledged', stepId: progress.step.id, fact }] }
}

/** What was dealt last: in this run, or again by holders of the old epoch, whose envelopes only the holders can open. */
function dealtTo(state: State) {
  const { fhe, reshare } = state
  if (reshare?.next) {
    const { keyId, epochId, holders } = reshare.next
    const dealers = reshare.redealt.toSorted((a, b) => a.dealer - b.dealer)
    return {
      keyId,
      epochId,
      holders,
      share: () => null,
      envelope: (index: number) =>
        envelopesDigest(dealers.map(({ envelopes }) => envelopes[index - 1] ?? '')),
      acknowledged: (name: string) => (reshare.acknowledgements[holders.indexOf(name)] ?? null) !== null,
    }
  }
  if (fhe === null) return null
  const at = (index: number) => fhe.shares.find((share) => share.index === index)
  return {
    keyId: fhe.keyId,
    epochId: fhe.epochId,
    holders: fhe.shares.map(({ holder }) => holder),
    share: (index: number) => at(index)?.shareDigest ?? null,
    envelope: (index: number) => at(index)?.envelopeDigest ?? '',
    acknowledged: (name: string) => fhe.acknowledged.includes(name),
  }
}

function verifyDeal(effect: EffectOf<'fhe-deal'>, result: Results['fhe-deal']): Mismatch | null {
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

export const effects = {
  'fhe-deal': {
    schema: v.strictObject({
      keyId: digest,
      epochId: digest,
      public: file,
      publicKey: v.nullable(file),
      serverKey: v.nullable(file),
      crs: v.exactOptional(file),
      shares: v.array(
        v.strictObject({ holder: line, index: count, shareDigest: digest, envelopeDigest: digest }),
      ),
    }),
    effect: ({ state, progress, base }) => ({
      ...base,
      ...ceremonyKeyPlace(state),
      kind: 'fhe-deal',
      discard: progress.abandoned,
      fhe: plannedFhe(state),
      holders: dealtHolders(state),
      policyDigest: state.policyDigest,
    }),
    verify: (_state, effect, result) => verifyDeal(effect, result),
    apply(state, _progress, result, show) {
      state.fhe = { ...result, acknowledged: [] }
      if (state.plan.fhe !== undefined) {
        const { t, n, holders } = state.plan.fhe
        const { keyId, epochId } = result
        state.epoch = { keyId, epochId, epoch: 0, public: result.public.sha256, t, n, holders }
      }
      show('key', result.keyId)
      show('epoch', result.epochId)
      show('shares', result.shares.length)
    },
  },
} satisfies EffectModules<'fhe-deal'>

export const submissions = { acknowledgement: takeAcknowledgement }
