import { join } from 'node:path'
import { type BundleVerdict, verifyBundle } from '@lux/ceremony/bundle'
import { expired, type Policy, parsePolicyFile, policyDigest } from '@lux/ceremony/policy'
import { verifyAttestation } from '@lux/hsm'
import { digestOfFile, ExpectedError, fileReader, readBounded, watchedReader } from '@lux/node-files'
import { describePolicy, wordsOf } from '@lux/people'
import type {
  BundleSummary,
  InputOf,
  PersonRole,
  PlannedPart,
  PlanOnPaper,
  PolicyOnPaper,
  UnreadableRun,
  VerifyView,
} from '../../contract/index.ts'
import { bundleFile, copyToMedium } from '../runs/effects/sealing/bundle.ts'
import type { Run } from '../runs/run/run.ts'
import { signedBy } from './setups/setup-policy.ts'
import { plannedParts } from './setups/setups.ts'
import { mustBeNewIn } from './shared/granted-paths.ts'
import { needed } from './shared/needed.ts'
import { readableRuns } from './shared/readable-runs.ts'
import type { ServiceContext } from './shared/service-context.ts'
import { bundleIn, compareTaken } from './take-away.ts'

const maxPolicy = 1 << 20

export function listBundles(parts: ServiceContext): {
  bundles: BundleSummary[]
  unreadable: UnreadableRun[]
} {
  const { open, unreadable } = readableRuns(parts)
  const bundles = open.flatMap(({ run }): BundleSummary[] => {
    const { state } = run.folder
    if (state.bundle?.sha256 == null) return []
    const sealed = run.folder.entries(state.checkpoints.at(-1)?.size ?? 0)
    const at = [...sealed].find(({ kind }) => kind === 'run.sealed')?.time ?? ''
    return [
      {
        id: state.ceremonyId,
        title: state.plan.title,
        domain: state.domain,
        digest: state.bundle.digest,
        words: wordsOf(state.bundle.digest),
        path: join(run.folder.path, bundleFile),
        bytes: state.bundle.size ?? 0,
        sealedAt: at,
        exported: ['Exported', 'Receipted', 'Closed'].includes(state.base),
        receipted: state.receipts.length > 0,
        awaitsReceipt: state.plan.destinations.length > state.receipts.length,
        policy: ownPolicy(run),
      },
    ]
  })
  return { bundles, unreadable }
}

/** In production whoever verifies brings a policy of their own. */
function ownPolicy({ folder }: Run): string | null {
  return folder.state.domain === 'rehearsal' ? join(folder.path, 'policy.json') : null
}

/** One that a person chose, or that of a rehearsal of this store, which the list names. */
function policyAt(parts: ServiceContext, path: string): string {
  const own = readableRuns(parts).open.some(({ run }) => ownPolicy(run) === path)
  return own ? path : parts.paths.read(path)
}

export async function verifyFile(
  parts: ServiceContext,
  asked: InputOf<'bundles.verify'>,
): Promise<VerifyView> {
  const { store, paths } = parts
  // The list shows this store's own bundles, so nobody has to choose them.
  const own = store.runs().some(({ folder }) => join(folder, bundleFile) === asked.path)
  const chosen = own ? asked.path : paths.read(asked.path)
  const inside = bundleIn(chosen)
  const path = inside ?? chosen
  const taken = inside === null ? null : await compareTaken(chosen)
  const policy =
    asked.policy === undefined
      ? null
      : needed(parsePolicyFile(readBounded(policyAt(parts, asked.policy), maxPolicy)))
  const reader = fileReader(path)
  try {
    const verdict = await parts.files.run(parts, asked.path, 'verify-bundle', (watch) =>
      verifyBundle(watchedReader(reader, watch), {
        attestation: verifyAttestation,
        ...(policy === null ? {} : { policy }),
      }),
    )
    return {
      ...viewOf(path, verdict),
      taken,
      policy: policy === null ? null : lawOf(policy.policy, parts.clock.now()),
    }
  } finally {
    reader.close()
  }
}

function lawOf(policy: Policy, now: string): VerifyView['policy'] {
  const digest = policyDigest(policy)
  return {
    organisation: policy.organisation.name,
    domain: policy.domain,
    digest,
    words: wordsOf(digest),
    ended: expired(policy, now) === null ? null : policy.expiry,
  }
}

function viewOf(file: string, verdict: BundleVerdict): Omit<VerifyView, 'taken' | 'policy'> {
  const [rule] = verdict.failed
  const { contents } = verdict
  return {
    path: file,
    verdict: verdict.verdict === 'signers-unknown' ? 'consistent' : verdict.verdict,
    rule: rule ?? null,
    detail: verdict.checks.find(({ id }) => id === rule)?.detail ?? null,
    signedHere: [...verdict.signedHere],
    unproved: [...verdict.unproved],
    notes: verdict.notes.map(({ id, state, values }) => ({ id, state, values: [...values] })),
    checks: verdict.checks.map(({ id, ok, detail }) => ({
      name: id,
      outcome: ok === null ? 'not-run' : ok ? 'passed' : 'failed',
      detail,
    })),
    contents:
      contents === null
        ? null
        : {
            title: contents.plan?.title ?? contents.predicate.ceremonyId,
            ceremony: contents.predicate.ceremonyId,
            organisation: contents.plan?.organisation.name ?? '',
            domain: contents.predicate.domain,
            digest: contents.digest,
            words: wordsOf(contents.digest),
            planHash: contents.predicate.planHash,
            entries: Number(contents.predicate.transcript.size),
            checkpoints: contents.checkpoints.length,
            signers:
              verdict.signers === null
                ? null
                : { signed: [...verdict.signers.signed], missing: [...verdict.signers.missing] },
            files: contents.blobs.map(({ sha256, size }) => ({
              name: sha256,
              what: whatIs(contents.predicate, sha256),
              bytes: size,
            })),
          },
  }
}

type Predicate = NonNullable<BundleVerdict['contents']>['predicate']

function whatIs(predicate: Predicate, sha256: string): string {
  if (sha256 === predicate.planHash) return 'plan'
  if (sha256 === predicate.opening) return 'opening'
  if (sha256 === predicate.fhe?.serverKey) return 'server-key'
  if (sha256 === predicate.fhe?.compactPublicKey) return 'compact-public-key'
  if (sha256 === predicate.fhe?.crs) return 'reference-string'
  if (sha256 === predicate.fhe?.public) return 'public-share-file'
  if (predicate.checkpoints.some(({ blob }) => blob === sha256)) return 'checkpoint'
  if (predicate.exceptions.some(({ blob }) => blob === sha256)) return 'exception'
  if (predicate.cards.includes(sha256)) return 'card'
  if (predicate.wrapTree.some(({ blob }) => blob === sha256)) return 'wrapped-key'
  if (predicate.fhe?.holders.some(({ acknowledgement }) => acknowledgement === sha256))
    return 'acknowledgement'
  return 'document'
}

export async function exportBundle(
  parts: ServiceContext,
  asked: InputOf<'bundles.export'>,
): Promise<{ path: string; digest: string; words: string[]; bytes: number }> {
  const { run } = parts.runs.get(asked.id)
  const { bundle } = run.folder.state
  if (bundle?.sha256 == null) {
    throw new ExpectedError('FILE-MISSING', 'this ceremony has no sealed bundle yet')
  }
  const to = join(parts.paths.folder(asked.folder), `bundle-${bundle.digest.slice(0, 16)}.zip`)
  mustBeNewIn(to)
  const from = join(run.folder.path, bundleFile)
  const { readBack, size } = await parts.files.run(parts, exportId(asked.id), 'write-medium', (watch) =>
    copyToMedium(from, to, watch),
  )
  if (readBack !== bundle.sha256 || (await digestOfFile(from)).sha256 !== bundle.sha256) {
    throw new ExpectedError('FILE-DAMAGED', `${to} does not read back as it was written`)
  }
  return { path: to, digest: bundle.digest, words: wordsOf(bundle.digest), bytes: size }
}

/** The id of an export’s progress: another than its ceremony’s, whose own work it is not. */
const exportId = (id: string): string => `export:${id}`

/** What the policy and the script of a ceremony say on paper: the sheets that leave the room beside its bundle. */
export function runPapers(
  parts: ServiceContext,
  { id }: InputOf<'bundles.papers'>,
): { policy: PolicyOnPaper; plan: PlanOnPaper; parts: PlannedPart[] } {
  const { run } = parts.runs.get(id)
  const { plan, policy: file, header } = run.folder
  const { policy } = file
  const digest = policyDigest(policy)
  const signed = signedBy(file)
  const listed = (role: PersonRole, people: readonly { name: string }[]) =>
    people.map(({ name }) => ({ name, role }))
  const of = { title: plan.title, organisation: { ...policy.organisation } }
  return {
    policy: {
      ...of,
      people: [
        ...listed('officer', policy.officers),
        ...listed('witness', policy.witnesses),
        ...listed('approver', policy.approvers),
      ],
      policy: {
        officerQuorum: policy.officerQuorum,
        witnessQuorum: policy.witnessQuorum,
        approverThreshold: policy.approverThreshold,
        expiry: policy.expiry,
        softTokens: policy.softTokens,
        leastEvidence: policy.leastEvidence.root,
        words: wordsOf(digest),
        digest,
        lines: describePolicy(policy),
        signers: policy.officers.map(({ name }) => ({
          name,
          role: 'officer',
          signed: signed.includes(name),
          standIn: false,
        })),
      },
    },
    plan: {
      ...of,
      people: plan.people.map(({ name, role }) => ({ name, role })),
      script: { hash: header.planHash, words: wordsOf(header.planHash) },
    },
    parts: plannedParts(plan),
  }
}
