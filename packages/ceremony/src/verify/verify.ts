import type { Check } from '../bundle/checks.ts'
import type { Note } from '../bundle/note.ts'
import type { Predicate } from '../bundle/predicate.ts'
import { type ManifestSigners, Verification, type VerifyOptions } from '../bundle/verification.ts'
import { blobName } from '../bundle/zip-layout.ts'
import { type RandomAccess, readEntry } from '../bundle/zip-reader.ts'
import type { OpeningCertificate } from '../documents/ceremony/opening.ts'
import type { PlanLock } from '../documents/ceremony/plan-approval.ts'
import type { Signed } from '../documents/format/document.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import type { Card } from '../documents/people/card.ts'
import type { ServerCard } from '../documents/people/server-card.ts'
import type { Transport } from '../documents/people/transport.ts'
import type { Plan } from '../plan/plan.ts'
import { checkKeys, checkThresholdKey } from '../steps/bundle.ts'
import type { Checkpoint } from '../transcript/checkpoint.ts'
import type { Header } from '../transcript/schema.ts'
import { checkAddress } from './address.ts'
import { checkContent, openArchive } from './archive.ts'
import { notesOf } from './notes.ts'
import { checkPeople } from './people.ts'
import { checkRun } from './run.ts'
import { checkTranscriptContent } from './transcript-content.ts'
import { checkTrust } from './trust.ts'

/** `signers-unknown`: consistent, but no policy was given, so nobody says who the signers are. Never `accepted`. */
export type VerdictOfBundle = 'accepted' | 'refused' | 'signers-unknown'

/** What a bundle holds. Believe it only when the verdict is `accepted`. */
export type BundleContents = {
  /** SHA-256 of the DSSE payload. */
  readonly digest: string
  readonly predicate: Predicate
  readonly header: Header | null
  readonly plan: Plan | null
  readonly opening: Signed<OpeningCertificate> | null
  readonly lock: PlanLock | null
  readonly checkpoints: readonly Signed<Checkpoint>[]
  readonly people: ReadonlyMap<string, Card>
  readonly servers: ReadonlyMap<string, ServerCard>
  readonly transports: readonly Signed<Transport>[]
  readonly blobs: readonly { readonly sha256: string; readonly size: number }[]
  /** A blob in chunks of at most 1 MiB. Throws RangeError when the bundle has no such blob. */
  open(sha256: string): AsyncIterable<Uint8Array>
  /** A blob of at most `max` bytes, whole. */
  read(sha256: string, max: number): Promise<Outcome<Uint8Array>>
}

export type BundleVerdict = {
  readonly verdict: VerdictOfBundle
  readonly checks: readonly Check[]
  /** Ids of the checks that failed, in the catalogue's order. */
  readonly failed: readonly Check['id'][]
  readonly contents: BundleContents | null
  /** Set when MANIFEST-SIGNATURES passed; null when nobody's signature is verified, as without a policy. */
  readonly signers: ManifestSigners | null
  /** Names of whom nothing but the workstation itself showed what they signed: that they saw those bytes is not proved. */
  readonly signedHere: readonly string[]
  /** What the bundle has of what no check asks for, and what its version has no place for. */
  readonly notes: readonly Note[]
}

/** Runs every check of SPEC.md 7 that can run. Reads the archive once, plus its small files; holds none whole. */
export async function verifyBundle(
  reader: RandomAccess,
  options: VerifyOptions = {},
): Promise<BundleVerdict> {
  const v = new Verification(reader, options)
  await openArchive(v)
  await checkContent(v)
  await checkRun(v)
  await checkPeople(v)
  await checkKeys(v)
  await checkThresholdKey(v)
  await v.ledger.run('TRANSCRIPT-CONTENT', () => checkTranscriptContent(v))
  await checkTrust(v)
  await checkAddress(v)
  const checks = v.ledger.checks()
  const failed = checks.filter(({ ok }) => ok === false).map(({ id }) => id)
  return {
    verdict: conclude(checks),
    checks,
    failed,
    contents: contentsOf(v),
    signers: v.signers,
    signedHere: v.transcript?.signedHere ?? [],
    notes: notesOf(v),
  }
}

/** The manifest alone, unverified: so that an importer can choose the policy that the bundle names. */
export async function peekBundle(
  reader: RandomAccess,
): Promise<Outcome<{ digest: string; predicate: Predicate }>> {
  const v = new Verification(reader, {})
  await openArchive(v)
  if (v.manifest === null || v.statement === null) {
    const fault = v.ledger.checks().find(({ ok }) => ok === false)
    return refuse(fault?.id ?? 'MANIFEST', fault?.detail ?? 'no manifest')
  }
  return accept({ digest: v.manifest.digest, predicate: v.predicate })
}

function conclude(checks: readonly Check[]): VerdictOfBundle {
  if (checks.every(({ ok }) => ok === true)) return 'accepted'
  const failed = checks.filter(({ ok }) => ok === false)
  return failed.every(({ id }) => id === 'POLICY-MISSING') && failed.length > 0
    ? 'signers-unknown'
    : 'refused'
}

function contentsOf(v: Verification): BundleContents | null {
  if (v.manifest === null || v.statement === null) return null
  return {
    digest: v.manifest.digest,
    predicate: v.predicate,
    header: v.transcript?.header ?? null,
    plan: v.plan,
    opening: v.opening,
    lock: v.lock,
    checkpoints: v.checkpoints,
    people: v.people,
    servers: v.servers,
    transports: v.transports,
    blobs: v.statement.subject
      .filter(({ name }) => name === blobName(name.slice('blobs/'.length)))
      .map(({ digest, annotations }) => ({ sha256: digest.sha256, size: Number(annotations.size) })),
    open(sha256) {
      const entry = v.entries.get(blobName(sha256))
      if (entry === undefined) throw new RangeError(`sha256: the bundle has no blob ${sha256}`)
      return readEntry(v.reader, entry)
    },
    read: (sha256, max) => v.blob(sha256, max),
  }
}
