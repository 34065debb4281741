import type { Json } from '@lux/crypto'
import * as v from 'valibot'
import { issuePath, issueText } from '../documents/format/issue-text.ts'
import type { Submit } from '../model/commands.ts'
import type { EffectKind, EffectOf, OwnEffect, Results } from '../model/effects.ts'
import type { Decision, Entry, Facts } from '../model/events.ts'
import type { Stage } from '../model/stage.ts'
import type { State, StepProgress } from '../model/state.ts'
import * as attestation from './attestation/run.ts'
import * as backup from './backup/run.ts'
import * as dealing from './dealing/run.ts'
import * as decryption from './decryption/run.ts'
import type { EntryModules, StageNeeds } from './entries.ts'
import * as heartbeat from './heartbeat/run.ts'
import * as key from './key/run.ts'
import * as officers from './officers/run.ts'
import * as opening from './opening/run.ts'
import * as recovery from './recovery/run.ts'
import * as replication from './replication/run.ts'
import * as resharing from './resharing/run.ts'
import * as sealing from './sealing/run.ts'
import { differs, type EffectAt, type EffectModule, type Mismatch } from './step-module.ts'
import * as token from './token/run.ts'
import * as workstation from './workstation/run.ts'

export { approved, takeRequest } from './decryption/run.ts'
export { policySigned } from './officers/run.ts'
export { checkpointEffect } from './opening/run.ts'
export { logInAgain } from './token/run.ts'

/** Every kind of effect, each by the family that knows it. */
export const effectModules: { readonly [K in EffectKind]: EffectModule<K> } = {
  ...workstation.effects,
  ...token.effects,
  ...opening.effects,
  ...key.effects,
  ...replication.effects,
  ...attestation.effects,
  ...dealing.effects,
  ...resharing.effects,
  ...heartbeat.effects,
  ...recovery.effects,
  ...officers.effects,
  ...sealing.effects,
} satisfies { [K in EffectKind]: EffectModule<K> }

/** What people and servers sign of their own; what the run itself signs is the engine's. */
type FamilySubmission = Exclude<Submit['what'], 'opening' | 'bundle' | 'exception' | 'checkpoint'>

export const submissions = {
  ...dealing.submissions,
  ...resharing.submissions,
  ...decryption.submissions,
  ...heartbeat.submissions,
  ...backup.submissions,
  ...recovery.submissions,
  ...officers.submissions,
  ...sealing.submissions,
} satisfies Record<FamilySubmission, (state: State, command: Submit) => Decision>

export type FamilyEntry =
  | keyof typeof resharing.entries
  | keyof typeof decryption.entries
  | keyof typeof heartbeat.entries
  | keyof typeof backup.entries
  | keyof typeof recovery.entries

/** Entries that people of a family bring about. */
export const entryModules: EntryModules<FamilyEntry> = {
  ...resharing.entries,
  ...decryption.entries,
  ...heartbeat.entries,
  ...backup.entries,
  ...recovery.entries,
}

/** Stages at which people of a family are heard; confirmations, checkpoints and what the run itself signs are the engine's. */
type FamilyStage = Exclude<Stage['kind'], 'confirm' | 'effect' | 'checkpoint' | 'signatures'>

export const stageNeeds: StageNeeds<FamilyStage> = {
  ...resharing.needs,
  ...decryption.needs,
  ...heartbeat.needs,
  ...backup.needs,
  ...recovery.needs,
  ...sealing.needs,
}

/** What a step has to have done now, by the family that knows the effect. */
export function effectOf(kind: EffectKind, at: EffectAt): OwnEffect {
  return effectModules[kind].effect(at)
}

/** Compares a result with the effect that was owed; null when all is as planned. Both are of the same kind. */
export function verifyResult(state: State, effect: OwnEffect, tagged: TaggedResult): Mismatch | null {
  if ('serial' in effect && effect.kind !== 'initialise-token' && 'serial' in tagged.result) {
    if (tagged.result.serial !== effect.serial)
      return differs(`the token ${effect.serial}`, `the token ${tagged.result.serial}`)
  }
  return verifyOf(state, effect, tagged)
}

function verifyOf<K extends EffectKind>(
  state: State,
  effect: OwnEffect,
  { effect: kind, result }: { effect: K; result: Results[K] },
): Mismatch | null {
  if (effect.kind !== kind) throw new TypeError(`result: of ${kind}, the effect is ${effect.kind}`)
  const known: EffectModule<K> = effectModules[kind]
  // The line before compared the kinds; the compiler does not narrow one type parameter by another value.
  return known.verify(state, effect as EffectOf<K>, result)
}

/** Takes a verified result into the state (a draft). */
export function applyResult(state: State, progress: StepProgress, tagged: TaggedResult): void {
  applyOf(state, progress, tagged)
}

function applyOf<K extends EffectKind>(
  state: State,
  progress: StepProgress,
  { effect, result }: { effect: K; result: Results[K] },
): void {
  const known: EffectModule<K> = effectModules[effect]
  known.apply(state, progress, result, (label, value) => {
    progress.summary.push({ label, value: String(value) })
  })
}

/** Whether an entry is one of a family. */
export function isFamilyEntry(entry: Entry): entry is Extract<Entry, { kind: FamilyEntry }> {
  return Object.hasOwn(entryModules, entry.kind)
}

/** Takes an entry of a family into a draft; true when the stage is over. */
export function applyEntry<K extends FamilyEntry>(
  state: State,
  progress: StepProgress,
  { kind, fact }: { kind: K; fact: Facts[K] },
): boolean {
  return entryModules[kind].apply(state, progress, fact)
}

/** A result with the effect that it is of, so that a switch over `effect` knows its fields. */
export type TaggedResult = { [K in EffectKind]: { effect: K; result: Results[K] } }[EffectKind]

export type ReadResult = { ok: true; tagged: TaggedResult } | { ok: false; detail: string }

/** Checks the shape of a result against its effect. */
export function readResult(effect: EffectKind, result: Json): ReadResult {
  const parsed = v.safeParse(effectModules[effect].schema, result)
  if (!parsed.success) {
    const [issue] = parsed.issues
    return { ok: false, detail: `${effect}: ${issuePath(issue) ?? 'result'}: ${issueText(issue)}` }
  }
  // The schema looked up by `effect` has the output Results[effect]; the compiler does not follow the pairing.
  return { ok: true, tagged: { effect, result: parsed.output } as TaggedResult }
}
