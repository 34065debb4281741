import { type HybridSignature, type VerificationKeys, verifySignature } from '@lux/crypto'
import { type Signable, signatureContext } from '../documents/format/context.ts'
import type { Refusal, Submit } from '../model/commands.ts'
import type { Seat } from '../model/events.ts'
import { refuse } from '../model/rules.ts'
import type { LiveEpoch, State, StepProgress } from '../model/state.ts'
import type { Role } from '../plan/plan.ts'
import { holderBefore } from '../plan/queries.ts'
import { currentStep, stageOf } from './stages.ts'

/** Stages at which somebody who keeps a share is heard. */
type Stages =
  | 'request'
  | 'answers'
  | 'result'
  | 'epoch-approvals'
  | 'redeals'
  | 'heartbeats'
  | 'custodian-acknowledgements'
  | 'share-checks'
  | 'share-releases'

/** What an entry says of a signature that was made at the workstation itself; nothing in a run of version 1. */
export function madeHere({ plan }: State, { here }: Submit): { here?: true } {
  return here === true && plan.v !== 1 ? { here } : {}
}

/** The current step, where it is at this stage. */
export function standsAt(state: State, kind: Stages): StepProgress | null {
  const progress = currentStep(state)
  return progress !== null && stageOf(progress)?.kind === kind ? progress : null
}

/** A holder's seat; of one who stays for the next epoch the first, which has the same keys. */
export function seatOf(state: State, name: string): Seat | null {
  return holderBefore(state.seats, name) ?? null
}

/** Blocks that a holder of an epoch has left, as far as the run has heard. */
export function leftOf(state: State, epoch: LiveEpoch, name: string): { at64: number; at128: number } | null {
  return state.budgets.find((one) => one.epochId === epoch.epochId && one.name === name)?.left ?? null
}

export type Signed = { payload: Uint8Array; signature: HybridSignature }

/** SUBMIT-04 where the signature over the submitted bytes is not by these keys. */
export function verify(
  state: State,
  what: Signable,
  keys: VerificationKeys,
  { payload, signature }: Signed,
): Refusal | null {
  const verdict = verifySignature(keys, signatureContext(what, state.domain), payload, signature)
  return verdict.ok ? null : refuse('SUBMIT-04', verdict.detail)
}

/** Who signed, where they sit in this role. */
export function signerOf(state: State, role: Role, signature: HybridSignature): Seat | null {
  return state.seats.find((seat) => seat.role === role && seat.signer === signature.signer) ?? null
}

export function stepIdOf(state: State): string {
  return currentStep(state)?.step.id ?? 'run'
}
