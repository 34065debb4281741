import type { EffectKind } from '../model/effects.ts'
import type { PartKind, Step, StepKind } from '../plan/plan.ts'
import * as attestation from './attestation/facts.ts'
import * as backup from './backup/facts.ts'
import * as dealing from './dealing/facts.ts'
import * as decommission from './decommission/facts.ts'
import * as decryption from './decryption/facts.ts'
import * as heartbeat from './heartbeat/facts.ts'
import * as key from './key/facts.ts'
import * as officers from './officers/facts.ts'
import * as opening from './opening/facts.ts'
import * as recovery from './recovery/facts.ts'
import * as replication from './replication/facts.ts'
import * as resharing from './resharing/facts.ts'
import * as revocation from './revocation/facts.ts'
import * as sealing from './sealing/facts.ts'
import type { EffectFactsOf, StepFactsOf } from './step-facts.ts'
import * as token from './token/facts.ts'
import * as workstation from './workstation/facts.ts'

/** Every kind of step, by the family that knows it. */
export const stepFacts: StepFactsOf<StepKind> = {
  ...workstation.facts,
  ...token.facts,
  ...opening.facts,
  ...key.facts,
  ...replication.facts,
  ...attestation.facts,
  ...dealing.facts,
  ...resharing.facts,
  ...decryption.facts,
  ...heartbeat.facts,
  ...backup.facts,
  ...recovery.facts,
  ...officers.facts,
  ...revocation.facts,
  ...decommission.facts,
  ...sealing.facts,
}

/** Every kind of effect, likewise. */
export const effectFacts: EffectFactsOf<EffectKind> = {
  ...workstation.effectFacts,
  ...token.effectFacts,
  ...opening.effectFacts,
  ...key.effectFacts,
  ...replication.effectFacts,
  ...attestation.effectFacts,
  ...dealing.effectFacts,
  ...resharing.effectFacts,
  ...heartbeat.effectFacts,
  ...recovery.effectFacts,
  ...officers.effectFacts,
  ...sealing.effectFacts,
}

// Object.keys of a record gives exactly its keys.
export const effectKinds = Object.keys(effectFacts) as readonly EffectKind[]

export const isEffectKind = (kind: unknown): kind is EffectKind =>
  typeof kind === 'string' && Object.hasOwn(effectFacts, kind)

/** Whether people do the step by themselves, and the machine only writes down that they did. */
export const isByHand = ({ do: kind }: Pick<Step, 'do'>): boolean =>
  stepFacts[kind].stages.every((stage) => stage.kind === 'confirm')

/** Whether the step makes a key. */
export const makesKey = ({ do: kind }: Pick<Step, 'do'>): boolean =>
  (stepFacts[kind].key?.makes ?? null) !== null

/** What the step destroys for good, or null. */
export function destroyedBy({ do: kind }: Pick<Step, 'do'>): 'all in its token' | 'a root' | null {
  const effects = stepFacts[kind].stages.flatMap((stage) => (stage.kind === 'effect' ? stage.effect : []))
  return effects.map((effect) => effectFacts[effect].destroys ?? null).find((one) => one !== null) ?? null
}

/** Whether the bundle is sealed by this step: its checkpoint is the last that the bundle's transcript has. */
export const seals = ({ do: kind }: Pick<Step, 'do'>): boolean =>
  stepFacts[kind].stages.some((stage) => stage.kind === 'checkpoint' && stage.reason === 'sealing')

/** Whether the step reads a key of the plan as it is made. */
export function showsMade({ do: kind }: Pick<Step, 'do'>): boolean {
  const { recorded } = stepFacts[kind]
  return (
    recorded !== null &&
    effectFacts[recorded].result === 'makes a key' &&
    effectFacts[recorded].reads !== null
  )
}

/** Whether the plan has a checkpoint for its own sake here, which witnesses always cosign. */
export const isPlannedCheckpoint = ({ do: kind }: Pick<Step, 'do'>): boolean =>
  stepFacts[kind].stages.some((stage) => stage.kind === 'checkpoint' && stage.reason === 'planned')

/** What a part of a script is for, as its first step: a part without steps is none. */
export const firstStep: Readonly<Record<PartKind, StepKind>> = {
  'token-initialisation': 'roll-call',
  'root-kek': 'generate-root',
  'key-hierarchy': 'generate-key',
  replication: 'replicate-root',
  'threshold-fhe': 'fhe-deal',
  'threshold-decryption': 'take-request',
  resharing: 'approve-epoch',
  'holder-heartbeat': 'ask-heartbeats',
  'root-backup': 'acknowledge-custodian',
  'share-check': 'check-shares',
  'restore-drill': 'check-medium',
  'root-restore': 'check-medium',
  'officer-change': 'sign-policy',
  'kek-rotation': 'generate-key',
  revocation: 'revoke-keys',
  decommission: 'decommission-root',
  'bundle-export': 'seal',
}
