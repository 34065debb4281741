import type { StepKind } from '../plan/plan.ts'
import { isAtPad, isSpareStep, keyOf } from '../plan/queries.ts'
import type { CheckpointReason, EffectKind, PinNeed } from './effects.ts'
import type { State, StepProgress } from './state.ts'

/** One piece of a step. A step is done when its last stage is. */
export type Stage =
  /** A person presses Proceed. */
  | { kind: 'confirm'; shows: 'nothing' | 'bundle' }
  /** Work on token, disk or machine; `intent`: logged before it, because it must not happen twice. */
  | { kind: 'effect'; effect: EffectKind; intent: boolean }
  /** The ceremony key signs the transcript; when live, witnesses cosign before the run goes on. */
  | { kind: 'checkpoint'; reason: CheckpointReason }
  | { kind: 'signatures'; what: 'opening' | 'bundle' | 'decryption-approval' | 'policy' }
  | { kind: 'acknowledgements' }
  | { kind: 'receipts' }
  /** A requester brings a package; holders answer it; the requester says what came of it. */
  | { kind: 'request' }
  | { kind: 'answers' }
  | { kind: 'result' }
  /** t holders of the old epoch approve the new one; the dealers among them deal their parts again. */
  | { kind: 'epoch-approvals' }
  | { kind: 'redeals' }
  /** Holders state that they hold their shares; a person ends it without those who do not. */
  | { kind: 'heartbeats' }
  /** Every custodian proves the share of a backup. */
  | { kind: 'custodian-acknowledgements' }
  /** Custodians check their shares alone; a person ends it without those who do not. */
  | { kind: 'share-checks' }
  /** As many custodians as the backup needs give their shares. */
  | { kind: 'share-releases' }

const go: Stage = { kind: 'confirm', shows: 'nothing' }

const looks = (effect: EffectKind): Stage => ({ kind: 'effect', effect, intent: false })

const acts = (effect: EffectKind): Stage => ({ kind: 'effect', effect, intent: true })

const checkpoint = (reason: CheckpointReason): Stage => ({ kind: 'checkpoint', reason })

/** What each kind of step consists of; the order of `seal` to `close` is CEREMONY.md "Order". */
const stages: Record<StepKind, readonly Stage[]> = {
  confirm: [go],
  'roll-call': [go],
  'read-aloud': [go],
  'clock-check': [go],
  pause: [go],
  'measure-machine': [go, looks('measure-machine')],
  'initialise-token': [go, acts('initialise-token')],
  'log-in': [go, acts('log-in')],
  'probe-token': [go, acts('probe-token')],
  inventory: [go, looks('inventory')],
  'make-ceremony-key': [go, acts('make-ceremony-key')],
  'open-run': [go, looks('sign-opening'), { kind: 'signatures', what: 'opening' }, checkpoint('opening')],
  checkpoint: [go, checkpoint('planned')],
  'generate-root': [go, acts('generate-root'), checkpoint('key')],
  'read-back': [go, looks('read-back')],
  'generate-key': [go, acts('generate-key'), checkpoint('key')],
  'prove-possession': [go, looks('prove-possession')],
  // What the vendor's tool did is looked at as often as needed: a proof leaves nothing behind.
  'replicate-root': [go, looks('prove-replica'), checkpoint('key')],
  // The companion signs as often as it is asked; the last statement that fits counts.
  attest: [go, looks('attest')],
  'fhe-deal': [go, acts('fhe-deal'), checkpoint('key')],
  'acknowledge-holder': [{ kind: 'acknowledgements' }],
  'take-request': [{ kind: 'request' }],
  'approve-request': [{ kind: 'signatures', what: 'decryption-approval' }],
  'answer-request': [{ kind: 'answers' }],
  'take-result': [{ kind: 'result' }],
  'approve-epoch': [{ kind: 'epoch-approvals' }],
  redeal: [{ kind: 'redeals' }],
  'assemble-epoch': [go, looks('assemble-epoch')],
  'ask-heartbeats': [go, acts('ask-heartbeats')],
  'take-heartbeats': [{ kind: 'heartbeats' }],
  'acknowledge-custodian': [{ kind: 'custodian-acknowledgements' }],
  'check-shares': [{ kind: 'share-checks' }],
  'check-medium': [go, looks('check-medium')],
  'ask-shares': [go, looks('ask-shares')],
  'give-shares': [{ kind: 'share-releases' }],
  'restore-root': [go, acts('restore-root'), checkpoint('key')],
  'zeroise-root': [go, acts('zeroise-root'), checkpoint('key')],
  'sign-policy': [go, looks('read-policy'), { kind: 'signatures', what: 'policy' }, checkpoint('key')],
  'revoke-keys': [go, checkpoint('key')],
  'decommission-root': [go, acts('zeroise-root'), checkpoint('key')],
  'epoch-live': [go, looks('sign-epoch-live'), checkpoint('key')],
  seal: [
    go,
    looks('inventory'),
    checkpoint('sealing'),
    looks('build-bundle'),
    { kind: 'confirm', shows: 'bundle' },
    looks('sign-bundle'),
    { kind: 'signatures', what: 'bundle' },
    looks('write-bundle'),
  ],
  export: [go, looks('write-medium')],
  receipt: [{ kind: 'receipts' }],
  close: [go, looks('close-out'), acts('destroy-ceremony-key')],
}

export function stagesOf(kind: StepKind): readonly Stage[] {
  return stages[kind]
}

/** The stage at which a step stands, or null when it is done. */
export function stageOf(progress: StepProgress): Stage | null {
  return stages[progress.step.do][progress.stage] ?? null
}

/** The step that is current, or null at the end. */
export function currentStep(state: State): StepProgress | null {
  return state.steps[state.current] ?? null
}

/** The PINs that people type at the start of a step, for one attempt. */
export function pinsOf(state: State, progress: StepProgress): PinNeed[] {
  const role = progress.step.token ?? 'ceremony'
  const serial = state.tokens.find((token) => token.role === role)?.serial ?? ''
  const pad = isAtPad(state.plan, role)
  const user: PinNeed = { token: role, serial, user: 'user', pad }
  const both: PinNeed[] = [{ token: role, serial, user: 'so', pad }, user]
  if (progress.step.do === 'log-in') return [user]
  if (progress.step.do === 'initialise-token') return both
  // Trusted transport keys are made under the SO's log-in, and the window itself is the user's.
  const key = keyOf(state.plan, progress.step.key)
  // What a vendor's tool did is looked at through a library of its own; a spare is logged in to in this one.
  if (progress.step.do === 'replicate-root') return isSpareStep(state.plan, progress.step) ? [] : [user]
  const others = (key?.spares ?? []).length + (key?.backup === undefined ? 0 : 1)
  const servers = state.destinations.filter((one) => 'transport' in one)
  if (progress.step.do === 'generate-root' && servers.length + others > 0) return both
  return []
}

/** Whether witnesses must cosign the checkpoint of this stage before the run goes on. */
export function isLive(state: State, progress: StepProgress, reason: CheckpointReason): boolean {
  if (state.terms.witnesses === 0) return false
  if (reason === 'sealing' || reason === 'planned') return true
  return (reason === 'opening' || reason === 'key') && state.plan.checkpoints.live.includes(progress.step.id)
}

/** Whether a person says when the stage is over. */
export function isConfirmed(stage: Stage | null): boolean {
  return stage?.kind === 'confirm' || stage?.kind === 'heartbeats' || stage?.kind === 'share-checks'
}
