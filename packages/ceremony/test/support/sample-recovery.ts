import { generateIdentity, type Json, type SigningIdentity, toHex } from '@lux/crypto'
import type { BlobSource, Predicate } from '../../src/exports/bundle.ts'
import { blobOf } from '../../src/exports/bundle.ts'
import {
  type CustodianStatement,
  custodianStatementCodec,
  type DealtBackup,
  type ShareRequest,
  shareRequestCodec,
} from '../../src/exports/documents.ts'
import { possessionChallenge, templates } from '../../src/exports/engine.ts'
import type { Plan, Step } from '../../src/exports/plan.ts'
import type { FullEntry } from '../../src/exports/transcript.ts'
import { entropyOf, makePerson, sampleRecipient } from './people.ts'
import { soundly } from './sample-keys.ts'
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

/** What differs from a run that uses a backup of 2 of 3 custodians. */
export type RecoveryAlterations = {
  use?: Recovery['use']
  plan?: (plan: Plan) => Plan
  /** Who states the share. */
  from?: readonly string[]
  said?: (said: CustodianStatement) => CustodianStatement
  signer?: string
  asked?: (asked: ShareRequest) => ShareRequest
  /** Who signs what asks for shares; the ceremony key. */
  asker?: SigningIdentity
  recovery?: (used: Recovery) => Recovery | null
  /** What the transcript says of a step; null: nothing. */
  result?: { [K in Kind]?: Json }
}

type Kind = 'check-medium' | 'ask-shares' | 'restore-root' | 'zeroise-root'
const shares = {
  check: ['check-shares'],
  drill: ['ask-shares', 'give-shares'],
  restore: ['ask-shares', 'give-shares'],
} as const
const rest = { check: [], drill: ['restore-root', 'zeroise-root'], restore: ['restore-root'] } as const
const serial = 'a1b2c3d4'

const step = (kind: Step['do']): Step => ({
  id: kind,
  do: kind,
  actor: 'officer',
  textKey: `steps.${kind}`,
  text: kind,
})

/** A sample bundle whose run checks a backup, or opens it into the ceremony token. */
export function sampleRecovery(change: RecoveryAlterations = {}): SampleOptions {
  const { use = 'check' } = change
  const from = change.from ?? (use === 'check' ? names : names.slice(0, 2))
  const documents: BlobSource[] = []
  const put = (bytes: Uint8Array): string => {
    const blob = blobOf(bytes)
    documents.push(blob)
    return blob.sha256
  }
  const statement = (name: string): string => {
    const { card, identity } = makePerson('custodian', name, 'production')
    const at = names.indexOf(name)
    const sound: CustodianStatement = {
      v: 1,
      kind: 'custodian-statement',
      domain: 'production',
      ceremonyId: sampleCeremonyId,
      use,
      key: sampleDealt.key,
      set: sampleDealt.set,
      index: at + 1,
      name: card.name,
      share: sampleDealt.shares[at] ?? '',
      envelope: use === 'check' ? null : digestOf(`given ${name}`),
      time: sampleTime(31),
    }
    const payload = change.said?.(sound) ?? sound
    const by =
      change.signer === undefined ? identity : makePerson('custodian', change.signer, 'production').identity
    const signatures = [custodianStatementCodec.sign(by, payload, payload.domain)]
    return put(custodianStatementCodec.file.encode({ payload, signatures }))
  }
  const sound: ShareRequest = {
    v: 1,
    kind: 'share-request',
    domain: 'production',
    ceremonyId: sampleCeremonyId,
    use: use === 'restore' ? 'restore' : 'drill',
    key: sampleDealt.key,
    set: sampleDealt.set,
    identifier: sampleDealt.identifier,
    t: sampleDealt.t,
    custodians: names,
    shares: sampleDealt.shares,
    recipient: sampleRecipient('recovery'),
  }
  const asked = change.asked?.(sound) ?? sound
  const ceremony = generateIdentity(entropyOf('production/ceremony'), ['p256', 'mlDsa65'])
  const request = () =>
    put(
      shareRequestCodec.file.encode({
        payload: asked,
        signatures: [shareRequestCodec.sign(change.asker ?? ceremony, asked, 'production')],
      }),
    )
  const { ckaId, mechanism, possession } = sampleDealt
  const restored = {
    token: 'ceremony',
    serial,
    ckaId,
    evidence: 'E1' as const,
    attributes: soundly(templates.replica),
    ...{
      mechanism,
      challenge: possessionChallenge(sampleDealt.ceremonyId, sampleDealt.rootId),
      digest: possession,
    },
    shares: from.map((name) => names.indexOf(name) + 1),
  }
  const evidence = { ckaId, label: 'old-root', level: 'E1', attributes: restored.attributes }
  const results: Record<Kind, Json> = {
    'check-medium': { medium: sampleDealt.medium },
    'ask-shares': {
      digest: shareRequestCodec.payload.digest(asked),
      recipient: asked.recipient,
      signature: { signer: digestOf('nobody') },
    },
    'restore-root': {
      serial,
      shares: restored.shares,
      evidence,
      mechanism,
      digest: possession,
      objects: [],
      unreadable: 0,
    },
    'zeroise-root': { serial, ckaId, absent: true, objects: [], unreadable: 0 },
    ...change.result,
  }
  const kinds: Step['do'][] = ['check-medium', ...shares[use], ...rest[use]]
  return {
    version: 2,
    alter: {
      guests: names.map((name) => makePerson('custodian', name, 'production')),
      plan(plan) {
        const copy = structuredClone(plan)
        copy.recovery = { use, custodians: names, backup: sampleDealt }
        for (const part of copy.parts)
          part.steps = part.steps.flatMap((one) => (one.do === 'seal' ? [...kinds.map(step), one] : [one]))
        return change.plan?.(copy) ?? copy
      },
      entries: (entries) => withSteps(entries, kinds, results),
      predicate(predicate) {
        const statements = from.map((name) => ({
          index: names.indexOf(name) + 1,
          name,
          document: statement(name),
        }))
        const used: Recovery = {
          use,
          backup: sampleDealt,
          statements,
          ...(use === 'check' ? {} : { request: request(), restored }),
          ...(use === 'drill' ? { zeroised: { token: 'ceremony', serial } } : {}),
        }
        const recovery = change.recovery === undefined ? used : change.recovery(used)
        return recovery === null ? predicate : { ...predicate, recovery }
      },
      blobs: (blobs) => [...blobs, ...documents],
    },
  }
}

/** What the engine writes of the steps, before the entry of the seal. */
function withSteps(
  entries: FullEntry[],
  kinds: readonly Step['do'][],
  results: Readonly<Partial<Record<string, Json>>>,
): FullEntry[] {
  const at = entries.findIndex(({ stepId }) => stepId === 'seal')
  const seal = entries[at]
  if (seal === undefined) throw new Error('no entry of the seal')
  const made = kinds.flatMap((stepId): FullEntry[] => {
    const result = results[stepId]
    if (result === null) return []
    return result === undefined
      ? [{ ...seal, stepId, kind: 'step.confirmed', fact: { stage: 0, by: 'Ada', input: {} } }]
      : [{ ...seal, stepId, fact: { attempt: 1, effect: stepId, again: false, result } }]
  })
  return [...entries.slice(0, at), ...made, ...entries.slice(at)].map((entry, index) => ({
    ...entry,
    seq: String(index),
  }))
}
