import { join } from 'node:path'
import type { Command } from '@lux/ceremony'
import { checkLock, holderBefore, isSoft, lintCards, lintPlan, type Plan, readPlan } from '@lux/ceremony/plan'
import {
  authoritiesOf,
  checkPolicy,
  expired,
  type PolicyFile,
  parsePolicyFile,
  policyDigest,
} from '@lux/ceremony/policy'
import type { Header } from '@lux/ceremony/transcript'
import { type Card, cardCodec } from '@lux/ceremony/wire'
import { type Entropy, encodeCanonical, equalBytes, type Json, sha256Hex, toHex } from '@lux/crypto'
import { parsePublic, rosterDigest } from '@lux/crypto/fhe'
import { ExpectedError, writeDurably } from '@lux/node-files'
import type { Measurement } from '../../measure.ts'
import type { Clock } from '../../system.ts'
import { RunFolder } from '../folder/run-folder.ts'
import { requireUnburnt } from './burnt.ts'
import { lintTermsOf, roomOf, termsOf } from './policy-terms.ts'
import { refusedPlan } from './refused-plan.ts'

/** The reviewed files of a production run, as bytes, and the tokens that play its roles. */
export type ProductionRequest = {
  folder: string
  plan: Uint8Array
  lock: Uint8Array
  policy: Uint8Array
  /** Canonical bytes by SHA-256: every person's card and every server's. */
  cards: ReadonlyMap<string, Json>
  /** Signed transport documents by the digest of their payload. */
  transports: ReadonlyMap<string, Json>
  /** Vendors' root certificates and attestations of companions, by SHA-256. */
  attestations: ReadonlyMap<string, Uint8Array>
  /** Serial by the plan's role; '' for a token that a step initialises. */
  tokens: readonly { role: string; serial: string }[]
  /** public.bin of the epoch that the plan names, where an earlier ceremony dealt its key. */
  public: Uint8Array | null
  library: string
  /** Sets of backups that are known to be burnt. */
  burnt: ReadonlySet<string>
  measurement: Measurement
  entropy: Entropy
  clock: Clock
}

/**
 * Checks plan, lock, policy, cards and library, and writes the run's folder; gives the command that starts it. Refuses
 * by the rules of the plan and the policy, PLAN-LIBRARY, ATTESTATION-MISSING, TOOL-UNACCEPTED, POLICY-EXPIRED, CARD-MISSING,
 * FHE-PUBLIC-OTHER, BACKUP-SET-BURNT.
 */
export function beginProduction(request: ProductionRequest): {
  folder: RunFolder
  start: Extract<Command, { type: 'start' }>
} {
  const read = readPlan(request.plan)
  if (!read.ok) throw refusedPlan(read.refusals)
  const { plan, hash } = read
  const file = policyOf(request)
  const { policy } = file
  const terms = termsOf(policy)
  const refusals = lintPlan(plan, lintTermsOf(policy))
  if (refusals.length > 0) throw refusedPlan(refusals)
  if (plan.policy !== policyDigest(policy)) {
    throw new ExpectedError('POLICY-DIGEST', `the plan names the policy ${plan.policy}`)
  }
  const lock = checkLock(request.lock, {
    planHash: hash,
    policyDigest: plan.policy,
    officers: { role: 'officer', members: policy.officers, quorum: policy.officerQuorum },
  })
  if (!lock.ok) throw refusedPlan(lock.refusals)
  checkPlace(request, policy, plan)
  requireUnburnt(plan, request.burnt)
  const existing = existingEpoch(request, plan)
  const attestations = attestationsOf(request, plan)
  const cards = plan.people.map(({ card, name, role }) =>
    found(request.cards, card, `card of ${role} ${name}`),
  )
  const { listed } = roomOf(policy)
  const twice = lintCards(plan, (digest) => cardOf(request.cards, digest), listed)
  if (twice.length > 0) throw refusedPlan(twice)
  const destinations = plan.destinations.map(({ card, transport: digest }) => {
    const file = found(request.cards, card, 'server card')
    if (digest === undefined) return { card: file, transport: null }
    return {
      card: file,
      transport: { digest, document: found(request.transports, digest, 'transport file') },
    }
  })
  const header: Header = {
    v: plan.v,
    ceremonyId: toHex(request.entropy.bytes(16)),
    created: request.clock.now(),
    domain: 'production',
    planHash: hash,
    planPolicy: plan.policy,
    policyDigest: plan.policy,
    tool: { version: request.measurement.version, build: request.measurement.build },
    machine: {
      measurement: request.measurement.files,
      kernel: request.measurement.kernel,
      tpmQuote: request.measurement.tpmQuote,
    },
    tokens: plan.tokens.map(({ role, profile, library, serial }) => ({ role, profile, library, serial })),
    roster: plan.people.map(({ role, name, card }) => ({ role, name, card })),
    standIns: [],
  }
  const folder = RunFolder.create(request.folder, {
    header,
    plan: request.plan,
    lock: request.lock,
    policy: file,
    cards: [...cards, ...destinations.map(({ card }) => card)],
    transports: destinations.flatMap(({ transport }) => (transport === null ? [] : [transport])),
  })
  for (const bytes of attestations) folder.blobs.put(bytes)
  for (const { name, bytes } of existing) writeDurably(join(request.folder, 'fhe', name), bytes, 0o644)
  return {
    folder,
    start: {
      type: 'start',
      by: plan.people.find(({ role }) => role === 'administrator')?.name ?? '',
      terms,
      cards,
      destinations: destinations.map(({ card, transport }) => ({
        card,
        transport: transport?.document ?? null,
      })),
      tokens: [...request.tokens],
      authorities: authoritiesOf(file.policy),
      epoch: plan.fhe?.existing ?? null,
      backup: plan.recovery?.backup ?? null,
    },
  }
}

/** Without that very file no share of the epoch could be checked; its holders must be those of the plan. */
function existingEpoch(
  { public: bytes }: ProductionRequest,
  { fhe, people }: Plan,
): { name: string; bytes: Uint8Array }[] {
  const expected = fhe?.existing?.public ?? null
  if (fhe === undefined || expected === null) {
    if (bytes === null) return []
    const detail = 'the plan names no epoch of an earlier ceremony'
    throw new ExpectedError('FHE-PUBLIC-OTHER', detail)
  }
  const seen = bytes === null ? null : sha256Hex(bytes)
  if (bytes === null || seen !== expected)
    throw new ExpectedError(
      'FHE-PUBLIC-OTHER',
      seen === null ? `no file; expected SHA-256 ${expected}` : `SHA-256 ${seen}, expected ${expected}`,
    )
  const roster = fhe.holders.map((name, at) => ({
    index: at + 1,
    name,
    card: holderBefore(people, name)?.card ?? '',
  }))
  if (!equalBytes(rosterDigest(roster), parsePublic(bytes).rosterDigest))
    throw new ExpectedError(
      'FHE-ROSTER-OTHER',
      'public.bin is of other holders than the plan’s, or of other cards',
    )
  return [
    { name: 'public.bin', bytes },
    { name: 'roster.json', bytes: encodeCanonical(roster) },
  ]
}

/** Every file that a token of the plan names; whether they lead to the policy's root is seen when a key is attested. */
function attestationsOf({ attestations }: ProductionRequest, plan: Plan): Uint8Array[] {
  const named = plan.tokens.flatMap(({ role, attestation: of }) =>
    of === undefined
      ? []
      : [of.root, ...(of.companion ? [of.companion.chain] : [])].map((digest) => ({ role, digest })),
  )
  return named.map(({ role, digest }) => {
    const bytes = attestations.get(digest)
    if (bytes !== undefined) return bytes
    throw new ExpectedError('ATTESTATION-MISSING', `${role}: no file with the digest ${digest}`)
  })
}

function policyOf({ policy: bytes, clock }: ProductionRequest): PolicyFile {
  const file = parsePolicyFile(bytes)
  if (!file.ok) throw new ExpectedError(file.rule, file.detail)
  const checked = checkPolicy(file.value)
  if (!checked.ok) throw new ExpectedError(checked.rule, checked.detail)
  if (file.value.policy.domain !== 'production') {
    throw new ExpectedError('POLICY-DOMAIN', 'this is the policy of a rehearsal')
  }
  const late = expired(file.value.policy, clock.now())
  if (late !== null) throw new ExpectedError(late.rule, late.detail)
  return file.value
}

function checkPlace(
  { measurement, library }: ProductionRequest,
  policy: PolicyFile['policy'],
  { tool, tokens }: Plan,
): void {
  if (!policy.acceptedTools.includes(measurement.build) || measurement.build.startsWith('dev:')) {
    throw new ExpectedError(
      'TOOL-UNACCEPTED',
      measurement.build.startsWith('dev:')
        ? `${measurement.build} is a checkout, which can only rehearse`
        : `the policy does not list this build, ${measurement.build}`,
    )
  }
  if (tool !== measurement.build) {
    throw new ExpectedError(
      'TOOL-UNACCEPTED',
      `the plan names the build ${tool}, this is ${measurement.build}`,
    )
  }
  const other = tokens.find((token) => token.library !== library)
  if (other !== undefined) {
    throw new ExpectedError(
      'PLAN-LIBRARY',
      `${other.role}: the plan pins the library ${other.library}, here is ${library}`,
    )
  }
  // What a measured token is shows when somebody logs in to it.
  const soft = tokens.find(({ profile }) => (profile === 'measured' ? !policy.hardware : isSoft(profile)))
  if (soft !== undefined && !policy.softTokens) {
    throw new ExpectedError('POLICY-SOFT-TOKEN', `${soft.role}: the policy allows no software token`)
  }
}

function cardOf(cards: ReadonlyMap<string, Json>, digest: string): Card | undefined {
  const read = cardCodec.check(cards.get(digest))
  return read.ok ? read.value : undefined
}

function found(files: ReadonlyMap<string, Json>, digest: string, what: string): Json {
  const file = files.get(digest)
  if (file === undefined) {
    throw new ExpectedError('CARD-MISSING', `no ${what} with the digest ${digest}`)
  }
  return file
}
