import type { Json } from '@lux/crypto'
import type { Check } from '../bundle/checks.ts'
import { type Note, noteIds } from '../bundle/note.ts'
import type { Predicate } from '../bundle/predicate.ts'
import { member, type Recorded } from '../bundle/recorded.ts'
import { type Unproved, unprovedOf } from '../bundle/unproved.ts'
import { type ManifestSigners, required, Verification, type VerifyOptions } from '../bundle/verification.ts'
import { blobName } from '../bundle/zip-layout.ts'
import { type RandomAccess, readEntry } from '../bundle/zip-reader.ts'
import type { OpeningCertificate } from '../documents/ceremony/opening.ts'
import type { PlanLock } from '../documents/ceremony/plan-approval.ts'
import type { Signed } from '../documents/format/document.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import type { Card } from '../documents/people/card.ts'
import type { ServerCard } from '../documents/people/server-card.ts'
import type { Transport } from '../documents/people/transport.ts'
import type { EffectKind } from '../model/effects.ts'
import type { Plan, Step } from '../plan/plan.ts'
import { stepsOf } from '../plan/queries.ts'
import { checkKeys, checkThresholdKey, recordedFault } from '../steps/bundle.ts'
import { stepFacts } from '../steps/facts.ts'
import type { Checkpoint } from '../transcript/checkpoint.ts'
import type { Header } from '../transcript/schema.ts'
import { checkAddress } from './address.ts'
import { checkContent, openArchive } from './archive.ts'
import { machineOf, otherDevices, roomFault } from './machine.ts'
import { checkPeople, hearingsOf } from './people.ts'
import { checkRun } from './run.ts'
import { courseFault } from './transcript-course.ts'
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
  /** What no file can show of this bundle. */
  readonly unproved: readonly Unproved[]
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
  const verdict = conclude(checks)
  const contents = contentsOf(v)
  const signedHere = v.transcript?.signedHere ?? []
  const isPolicyMissing = verdict === 'signers-unknown'
  return {
    verdict,
    checks,
    failed,
    contents,
    signers: v.signers,
    signedHere,
    unproved: unprovedOf(contents?.predicate ?? null, { isPolicyMissing, signedHere }),
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

/** Joins the manifest to the transcript that witnesses cosigned: what was made, proved and dealt is what stands there. */
async function checkTranscriptContent(v: Verification): Promise<Outcome<string>> {
  const recorded: Recorded[] = []
  for (const { step } of stepsOf(required(v.plan))) {
    const effect = stepFacts[step.do].recorded
    if (effect === null) continue
    const result = resultOf(v, step, effect)
    if (result === undefined) return wrong(`${step.id}: the transcript has nothing of it`)
    recorded.push({ step, result })
  }
  const heard = hearingsOf(v)
  const found =
    courseFault(v) ??
    (v.run.illText === null ? null : `a name or a text breaks the text rule: ${v.run.illText}`) ??
    roomFault(v) ??
    (typeof heard === 'string' ? heard : null) ??
    (await recordedFault(v, recorded))
  return found === null ? accept(`${recorded.length} steps`) : wrong(found)
}

/** Undefined where nothing was done in the step. */
function resultOf({ run }: Verification, { id }: Step, effect: EffectKind): Json | undefined {
  return run.results.get(`${id} ${effect}`) ?? (run.redacted.has(id) ? null : undefined)
}

function wrong(detail: string): Outcome<never> {
  return refuse('TRANSCRIPT-CONTENT', detail)
}

type Said = Pick<Note, 'state' | 'values'>

const notRecorded: Said = { state: 'not-recorded', values: [] }
const claimed = (values: readonly string[]): Said => ({
  state: values.length > 0 ? 'claimed' : 'none',
  values,
})

/** Empty where plan and transcript are not those of the bundle: then nothing of them is believed. */
function notesOf(of: Verification): Note[] {
  if (!of.ledger.passed('PLAN-CONTENT') || !of.ledger.passed('CARDS')) return []
  return noteIds.map((id) => ({ id, ...(of.predicate.v === 3 ? sayings[id](of) : notRecorded) }))
}

const sayings: { readonly [K in Note['id']]: (of: Verification) => Said } = {
  text: () => ({ state: 'checked', values: [] }),
  heard(of) {
    const heard = hearingsOf(of)
    return typeof heard === 'string' ? claimed([]) : heard
  },
  capabilities: ({ run, plan }) =>
    claimed(
      (plan === null ? [] : stepsOf(plan)).flatMap(({ step }) => {
        if (step.do !== 'probe-token') return []
        const result = run.results.get(`${step.id} probe-token`) ?? null
        return member(result, 'capabilities') === null ? [] : [step.token ?? 'ceremony']
      }),
    ),
  shim: ({ run }) =>
    claimed(run.header.tokens.flatMap(({ role, shim }) => (shim === undefined ? [] : [role]))),
  device({ run, plan }) {
    const others = plan === null ? [] : otherDevices(plan, run.header)
    const shown = run.header.tokens.flatMap(({ role, device }) =>
      device === undefined ? [] : [`${role}: ${device.maker} ${device.model} ${device.firmware}`],
    )
    return claimed([
      ...shown,
      ...others.map(({ role, planned }) => `${role}: planned ${planned.maker} ${planned.model}`),
    ])
  },
  machine(of) {
    const shown = machineOf(of)
    const image = shown?.image ?? of.run.header.machine.image
    const level = shown === null ? [] : [shown.level]
    return claimed([...level, ...(image === undefined ? [] : [image])])
  },
}
