import {
  fromHex,
  generateIdentity,
  type Json,
  sha256Hex,
  signatureContext,
  signWith,
  toHex,
} from '@lux/crypto'
import type { BlobSource, Predicate } from '../../src/exports/bundle.ts'
import { blobOf } from '../../src/exports/bundle.ts'
import {
  type CustodianAcknowledgement,
  cardCodec,
  custodianAcknowledgementCodec,
  envelopeSignedBytes,
} from '../../src/exports/documents.ts'
import type { Plan, Step } from '../../src/exports/plan.ts'
import type { FullEntry } from '../../src/exports/transcript.ts'
import { entropyOf, makePerson } from './people.ts'
import { type SampleOptions, sampleCeremonyId } from './sample-options.ts'

type Backup = NonNullable<Predicate['backups']>[number]

const names = ['Gita', 'Hugo', 'Ivo']
const digestOf = (what: string) => toHex(entropyOf(`backup/${what}`).bytes(32))

/** What differs from a run that makes its root with a backup of 2 of 3 custodians. */
export type BackupAlterations = {
  plan?: (plan: Plan) => Plan
  said?: (said: CustodianAcknowledgement) => CustodianAcknowledgement
  signer?: string
  spki?: Uint8Array
  envelopeSigned?: string
  backups?: (all: Backup[]) => Backup[]
  /** Which key the window trusted for the backup. */
  trust?: string
  /** What the transcript says of the backup. */
  recorded?: (made: { [key: string]: Json }) => Json
}

/** DER of an RSA-4096 public key, of which nobody has the private one. */
export const sampleSpki = (bytes = 512) => {
  const modulus = entropyOf('backup/modulus').bytes(bytes)
  modulus[0] = 0xc1
  const head = '30820222300d06092a864886f70d01010105000382020f003082020a0282020100'
  return fromHex(`${head}${toHex(modulus)}0203010001`)
}

/** A sample bundle whose root has a backup. */
export function sampleBackup(change: BackupAlterations = {}): SampleOptions {
  const people = names.map((name) => makePerson('custodian', name, 'production'))
  const ceremony = generateIdentity(entropyOf('production/ceremony'), ['p256', 'mlDsa65'])
  const documents: BlobSource[] = []
  let made: Backup | null = null
  const blob = (bytes: Uint8Array) => {
    const source = blobOf(bytes)
    documents.push(source)
    return source.sha256
  }
  const build = (): Backup => {
    const shares = people.map(({ card, identity }, at) => {
      const { name } = card
      const [share, envelope] = [digestOf(`share ${name}`), digestOf(`envelope ${name}`)]
      const sound: CustodianAcknowledgement = {
        v: 1,
        kind: 'custodian-acknowledgement',
        domain: 'production',
        ceremonyId: sampleCeremonyId,
        key: 'root',
        set: '5e'.repeat(16),
        index: at + 1,
        name,
        share,
        envelope,
      }
      const payload = change.said?.(sound) ?? sound
      const by =
        change.signer === undefined ? identity : makePerson('custodian', change.signer, 'production').identity
      const signatures = [custodianAcknowledgementCodec.sign(by, payload, payload.domain)]
      return {
        index: at + 1,
        name,
        card: cardCodec.digest(card),
        share,
        envelope,
        signature: signWith(
          ceremony,
          signatureContext('share-envelope', 'production'),
          envelopeSignedBytes(change.envelopeSigned ?? envelope),
        ),
        acknowledgement: blob(custodianAcknowledgementCodec.file.encode({ payload, signatures })),
      }
    })
    return {
      id: 'root',
      set: '5e'.repeat(16),
      identifier: 4711,
      t: 2,
      n: 3,
      publicKey: blob(change.spki ?? sampleSpki()),
      wrapped: digestOf('wrapped'),
      medium: digestOf('medium'),
      shares,
    }
  }
  const backup = () => (made ??= build())
  return {
    version: 2,
    alter: {
      guests: people,
      plan(plan) {
        const copy = structuredClone(plan)
        copy.keys[0]!.backup = { t: 2, n: 3, custodians: names }
        for (const part of copy.parts)
          part.steps = part.steps.flatMap((one) => (one.do === 'seal' ? [step, one] : [one]))
        return change.plan?.(copy) ?? copy
      },
      entries: (entries) =>
        withProved(
          entries.map((entry) => recordedIn(entry, backup(), change)),
          names,
        ),
      predicate(predicate) {
        const backups = change.backups?.([backup()]) ?? [backup()]
        return backups.length === 0 ? predicate : { ...predicate, backups }
      },
      blobs: (blobs) => [...blobs, ...documents],
    },
  }
}

const step: Step = {
  id: 'acknowledge',
  do: 'acknowledge-custodian',
  actor: 'officer',
  textKey: 'steps.acknowledge',
  text: 'acknowledge',
}

/** The result of the window with the backup in it, and the custodians' step behind the proof of the root. */
function recordedIn(entry: FullEntry, backup: Backup, { recorded, trust }: BackupAlterations): FullEntry {
  if (entry.stepId !== 'make-root' || !('fact' in entry) || entry.kind !== 'step.performed') return entry
  const { id: _id, t: _t, n: _n, shares, ...said } = backup
  const made = {
    ...said,
    possession: { mechanism: 'KWP-RFC5649', digest: sha256Hex() },
    shares: shares.map(({ index, name, share, envelope }) => ({ index, name, share, envelope })),
  }
  const fact = entry.fact as { [key: string]: Json }
  const result = fact.result as { [key: string]: Json }
  const trusted = [...((result.trusted ?? []) as string[]), trust ?? backup.publicKey]
  return {
    ...entry,
    fact: { ...fact, result: { ...result, trusted, backup: recorded === undefined ? made : recorded(made) } },
  }
}

/** What the engine writes of the custodians' step, before the entry of the seal. */
function withProved(entries: FullEntry[], custodians: readonly string[]): FullEntry[] {
  const at = entries.findIndex(({ stepId }) => stepId === 'seal')
  const seal = entries[at]
  if (seal === undefined) throw new Error('no entry of the seal')
  const proved = custodians.map(
    (name): FullEntry => ({ ...seal, stepId: step.id, kind: 'custodian.acknowledged', fact: { name } }),
  )
  return [...entries.slice(0, at), ...proved, ...entries.slice(at)].map((entry, index) => ({
    ...entry,
    seq: String(index),
  }))
}
