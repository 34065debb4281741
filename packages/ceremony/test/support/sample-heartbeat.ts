import { type Json, sha256Hex, utf8 } from '@lux/crypto'
import type { BlobSource, Predicate } from '../../src/exports/bundle.ts'
import { blobOf } from '../../src/exports/bundle.ts'
import { type Heartbeat, heartbeatCodec } from '../../src/exports/documents.ts'
import type { Plan, Step } from '../../src/exports/plan.ts'
import type { FullEntry } from '../../src/exports/transcript.ts'
import { makePerson } from './people.ts'
import { type SampleOptions, sampleTime } from './sample-options.ts'

const challenge = '0c'.repeat(32)
const names = ['Hana', 'Ito', 'Jun']

/** What differs from a run in which every holder states over its challenge that the share is held. */
export type HeartbeatAlterations = {
  plan?: (plan: Plan) => Plan
  /** Who states it, by name; all by default. */
  from?: readonly string[]
  said?: (said: Heartbeat) => Heartbeat
  signer?: string
  heartbeats?: (all: NonNullable<Predicate['heartbeats']>) => NonNullable<Predicate['heartbeats']>
  /** What the transcript says was drawn. */
  drawn?: Json
}

/** A sample bundle whose holders were asked for a heartbeat. */
export function sampleHeartbeats(change: HeartbeatAlterations = {}): SampleOptions {
  const documents: BlobSource[] = []
  const document = (predicate: Predicate, name: string): string => {
    const sound: Heartbeat = {
      v: 1,
      kind: 'heartbeat',
      domain: predicate.domain,
      ceremonyId: predicate.ceremonyId,
      keyId: predicate.fhe?.keyId ?? '',
      epochId: predicate.fhe?.epochId ?? '',
      holder: names.indexOf(name) + 1,
      name,
      challenge,
      shareDigest: sha256Hex(utf8(`share of ${name}`)),
      left: { at64: 0, at128: 1000 },
      time: sampleTime(31),
    }
    const payload = change.said?.(sound) ?? sound
    const { identity } = makePerson('holder', change.signer ?? name, predicate.domain)
    const signatures = [heartbeatCodec.sign(identity, payload, payload.domain)]
    const blob = blobOf(heartbeatCodec.file.encode({ payload, signatures }))
    documents.push(blob)
    return blob.sha256
  }
  return {
    version: 2,
    fhe: true,
    alter: {
      plan(plan) {
        const copy = structuredClone(plan)
        copy.heartbeat = { dueDays: 90 }
        for (const part of copy.parts)
          part.steps = part.steps.flatMap((one) => (one.do === 'seal' ? [...steps, one] : [one]))
        return change.plan?.(copy) ?? copy
      },
      entries: (entries) => withAsked(entries, change.drawn ?? { challenge }),
      predicate(predicate) {
        const from = change.from ?? names
        const all = from.map((name) => ({
          index: names.indexOf(name) + 1,
          name,
          document: document(predicate, name),
        }))
        const heartbeats = change.heartbeats?.(all) ?? all
        return heartbeats.length === 0 ? predicate : { ...predicate, heartbeats }
      },
      blobs: (blobs) => [...blobs, ...documents],
    },
  }
}

const step = (kind: 'ask-heartbeats' | 'take-heartbeats'): Step => ({
  id: kind,
  do: kind,
  actor: 'officer',
  textKey: `steps.${kind}`,
  text: kind,
})
const steps = [step('ask-heartbeats'), step('take-heartbeats')]

/** What the engine writes of both steps, before the entry of the seal. */
function withAsked(entries: FullEntry[], result: Json): FullEntry[] {
  const at = entries.findIndex(({ stepId }) => stepId === 'seal')
  const seal = entries[at]
  if (seal === undefined) throw new Error('no entry of the seal')
  const asked: FullEntry[] = [
    {
      ...seal,
      stepId: 'ask-heartbeats',
      fact: { attempt: 1, effect: 'ask-heartbeats', again: false, result },
    },
    { ...seal, stepId: 'take-heartbeats', kind: 'step.confirmed', fact: { stage: 0, by: 'Ada', input: {} } },
  ]
  return [...entries.slice(0, at), ...asked, ...entries.slice(at)].map((entry, index) => ({
    ...entry,
    seq: String(index),
  }))
}
