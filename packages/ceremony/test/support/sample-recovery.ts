import { type Json, toHex } from '@lux/crypto'
import type { BlobSource, Predicate } from '../../src/exports/bundle.ts'
import { blobOf } from '../../src/exports/bundle.ts'
import {
  type CustodianStatement,
  custodianStatementCodec,
  type DealtBackup,
} from '../../src/exports/documents.ts'
import type { Plan, Step } from '../../src/exports/plan.ts'
import type { FullEntry } from '../../src/exports/transcript.ts'
import { entropyOf, makePerson } from './people.ts'
import { type SampleOptions, sampleCeremonyId, sampleTime } from './sample-options.ts'

type Recovery = NonNullable<Predicate['recovery']>

const names = ['Gita', 'Hugo', 'Ivo']
const digestOf = (what: string) => toHex(entropyOf(`recovery/${what}`).bytes(32))

/** A backup of an earlier ceremony. */
export const sampleDealt: DealtBackup = {
  bundle: digestOf('bundle'),
  key: 'old-root',
  ckaId: '1a'.repeat(16),
  rootId: '2b'.repeat(16),
  ceremonyId: '3c'.repeat(16),
  set: '5e'.repeat(16),
  identifier: 4711,
  t: 2,
  medium: digestOf('medium'),
  mechanism: 'KWP-RFC5649',
  possession: digestOf('possession'),
  shares: names.map((name) => digestOf(`share ${name}`)),
}

/** What differs from a run that checks a backup of 2 of 3 custodians. */
export type RecoveryAlterations = {
  plan?: (plan: Plan) => Plan
  /** Who states the share. */
  from?: readonly string[]
  said?: (said: CustodianStatement) => CustodianStatement
  signer?: string
  recovery?: (used: Recovery) => Recovery | null
  /** What the transcript says of the medium; null: nothing. */
  read?: { [key: string]: Json } | null
}

/** A sample bundle whose run checks a backup. */
export function sampleRecovery(change: RecoveryAlterations = {}): SampleOptions {
  const documents: BlobSource[] = []
  const document = (name: string): string => {
    const { card, identity } = makePerson('custodian', name, 'production')
    const at = names.indexOf(name)
    const sound: CustodianStatement = {
      v: 1,
      kind: 'custodian-statement',
      domain: 'production',
      ceremonyId: sampleCeremonyId,
      use: 'check',
      key: sampleDealt.key,
      set: sampleDealt.set,
      index: at + 1,
      name: card.name,
      share: sampleDealt.shares[at] ?? '',
      time: sampleTime(31),
    }
    const payload = change.said?.(sound) ?? sound
    const by =
      change.signer === undefined ? identity : makePerson('custodian', change.signer, 'production').identity
    const signatures = [custodianStatementCodec.sign(by, payload, payload.domain)]
    const blob = blobOf(custodianStatementCodec.file.encode({ payload, signatures }))
    documents.push(blob)
    return blob.sha256
  }
  return {
    version: 2,
    alter: {
      guests: names.map((name) => makePerson('custodian', name, 'production')),
      plan(plan) {
        const copy = structuredClone(plan)
        copy.recovery = { use: 'check', custodians: names, backup: sampleDealt }
        for (const part of copy.parts)
          part.steps = part.steps.flatMap((one) => (one.do === 'seal' ? [...steps, one] : [one]))
        return change.plan?.(copy) ?? copy
      },
      entries: (entries) =>
        withChecked(entries, change.read === undefined ? { medium: sampleDealt.medium } : change.read),
      predicate(predicate) {
        const statements = (change.from ?? names).map((name) => ({
          index: names.indexOf(name) + 1,
          name,
          document: document(name),
        }))
        const sound: Recovery = { use: 'check', backup: sampleDealt, statements }
        const recovery = change.recovery === undefined ? sound : change.recovery(sound)
        return recovery === null ? predicate : { ...predicate, recovery }
      },
      blobs: (blobs) => [...blobs, ...documents],
    },
  }
}

const step = (kind: 'check-medium' | 'check-shares'): Step => ({
  id: kind,
  do: kind,
  actor: 'officer',
  textKey: `steps.${kind}`,
  text: kind,
})
const steps = [step('check-medium'), step('check-shares')]

/** What the engine writes of both steps, before the entry of the seal. */
function withChecked(entries: FullEntry[], result: Json): FullEntry[] {
  const at = entries.findIndex(({ stepId }) => stepId === 'seal')
  const seal = entries[at]
  if (seal === undefined) throw new Error('no entry of the seal')
  const checked: FullEntry[] = [
    ...(result === null
      ? []
      : [
          {
            ...seal,
            stepId: 'check-medium',
            fact: { attempt: 1, effect: 'check-medium', again: false, result },
          },
        ]),
    { ...seal, stepId: 'check-shares', kind: 'step.confirmed', fact: { stage: 0, by: 'Ada', input: {} } },
  ]
  return [...entries.slice(0, at), ...checked, ...entries.slice(at)].map((entry, index) => ({
    ...entry,
    seq: String(index),
  }))
}
