import type { CheckpointReason, EffectKind } from './effects.ts'

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

export const go: Stage = { kind: 'confirm', shows: 'nothing' }

export const looks = (effect: EffectKind): Stage => ({ kind: 'effect', effect, intent: false })

export const acts = (effect: EffectKind): Stage => ({ kind: 'effect', effect, intent: true })

export const checkpoint = (reason: CheckpointReason): Stage => ({ kind: 'checkpoint', reason })
