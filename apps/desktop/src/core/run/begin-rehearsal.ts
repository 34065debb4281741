import type { Command } from '@lux/ceremony'
import { lintPlan, type Plan, planFromScript, readPlan, readScript } from '@lux/ceremony/plan'
import {
  deriveRehearsalPolicy,
  newPolicy,
  type Policy,
  type PolicyFile,
  policyDigest,
  policyDocument,
} from '@lux/ceremony/policy'
import type { Header } from '@lux/ceremony/transcript'
import { type Card, cardCodec, type ServerCard, serverCardCodec, transportCodec } from '@lux/ceremony/wire'
import { type Entropy, type Json, toHex, utf8 } from '@lux/crypto'
import type { Clock } from '../clock.ts'
import { CoreError } from '../core-error.ts'
import type { Measurement } from '../measure.ts'
import { makeOutsiders, saveOutsiders } from './outsiders.ts'
import type { KeyChildProgram } from './run-context.ts'
import { folderInUse, RunFolder } from './run-folder.ts'
import { makeStandInEpoch, standInEpoch } from './stand-in-epoch.ts'
import { makeStandIns, type StandIn, saveStandIns } from './stand-ins.ts'
import { authoritiesOf, termsOf } from './terms.ts'

export type RehearsalDestination = { name: string; card: ServerCard; transport: Json }

export type RehearsalRequest = {
  folder: string
  /** A script of resources/scripts with its values, or a plan with the policy that it names. */
  of: { script: Uint8Array; values: Readonly<Record<string, unknown>> } | { plan: Uint8Array; policy: Policy }
  destinations: readonly RehearsalDestination[]
  library: string
  measurement: Measurement
  entropy: Entropy
  clock: Clock
  keyChild: KeyChildProgram
}

/** Everything that a rehearsal needs on disk, with stand-ins for people; the run is not started yet. */
export async function beginRehearsal(request: RehearsalRequest): Promise<RunFolder> {
  const made =
    'script' in request.of ? await fromScript(request, request.of) : await fromPlan(request, request.of)
  const { planBytes, plan, hash, policy, planPolicy, standIns, listed } = made
  const header: Header = {
    v: 1,
    ceremonyId: toHex(request.entropy.bytes(16)),
    created: request.clock.now(),
    domain: 'rehearsal',
    planHash: hash,
    planPolicy,
    policyDigest: policyDigest(policy.policy),
    tool: { version: request.measurement.version, build: request.measurement.build },
    machine: {
      measurement: request.measurement.files,
      kernel: request.measurement.kernel,
      tpmQuote: request.measurement.tpmQuote,
    },
    tokens: plan.tokens.map(({ role, profile }) => ({
      role,
      profile,
      library: request.library,
      serial: 'new',
    })),
    roster: standIns.map(({ role, name, card }) => ({ role, name, card: cardCodec.digest(card) })),
    standIns: listed,
  }
  // Before the run's log is there, so that a rehearsal that can be opened can be played on.
  if (RunFolder.isAt(request.folder)) throw folderInUse(request.folder)
  saveStandIns(request.folder, standIns)
  return RunFolder.create(request.folder, {
    header,
    plan: planBytes,
    lock: null,
    policy,
    cards: [
      ...standIns.map(({ card }) => toJson(card)),
      ...request.destinations.map(({ card }) => toJson(card)),
    ],
    transports: request.destinations.map(({ transport }) => ({
      digest: transportDigest(transport),
      document: transport,
    })),
  })
}

/** The first command of a rehearsal: every person's stand-in card, every destination, no token bound yet. */
export function startCommand(
  folder: RunFolder,
  standIns: readonly StandIn[],
  destinations: readonly RehearsalDestination[],
): Extract<Command, { type: 'start' }> {
  const { policy } = folder.policy
  return {
    type: 'start',
    by: leaderOf(folder.plan),
    terms: termsOf(policy),
    cards: standIns.map(({ card }) => toJson(card)),
    destinations: destinations.map(({ card, transport }) => ({ card: toJson(card), transport })),
    authorities: authoritiesOf(policy),
    epoch: standInEpoch(folder.path),
    tokens: folder.plan.tokens.map(({ role, serial }) => ({ role, serial: serial === 'new' ? '' : serial })),
  }
}

function leaderOf(plan: Plan): string {
  return plan.people.find(({ role }) => role === 'administrator')?.name ?? plan.people[0]?.name ?? ''
}

type Made = {
  planBytes: Uint8Array
  plan: Plan
  hash: string
  policy: PolicyFile
  planPolicy: string
  standIns: StandIn[]
  listed: Header['standIns']
}

async function fromScript(
  request: RehearsalRequest,
  { script, values }: { script: Uint8Array; values: Readonly<Record<string, unknown>> },
): Promise<Made> {
  const read = readScript(script)
  if (!read.ok) throw refusedPlan(read.refusals)
  const { rehearsal } = read.value
  const holders = holderNames(values)
  const others = rehearsal.people.filter(({ role }) => role !== 'holder')
  const people =
    holders === null
      ? rehearsal.people
      : [...others, ...holders.map((name) => ({ role: 'holder' as const, name }))]
  const standIns = await makeStandIns(people, request.entropy)
  const outsiders = await makeOutsiders(request.entropy)
  saveOutsiders(request.folder, outsiders)
  const outside = (role: string) =>
    outsiders.people.filter((one) => one.role === role).map(({ card }) => card)
  const cardsOf = (role: string) => standIns.filter((one) => one.role === role).map(({ card }) => card)
  const policy = newPolicy({
    organisation: {
      id: String(values.organisationId ?? 'example'),
      name: String(values.organisationName ?? 'Example Organisation'),
    },
    domain: 'rehearsal',
    expiry: yearAfter(request.clock.now()),
    officers: cardsOf('officer'),
    officerQuorum: rehearsal.officers,
    witnesses: cardsOf('witness'),
    witnessQuorum: rehearsal.witnesses,
    approvers: cardsOf('approver'),
    approverThreshold: rehearsal.approvers ?? 0,
    requesters: outside('requester'),
    evaluators: outside('evaluator'),
    encryptors: outside('encryptor'),
    combiners: [{ name: 'rehearsal', recipient: outsiders.combiner.recipient }],
    servers: request.destinations.map(({ name, card }) => ({ name, card })),
    leastEvidence: { ceremony: 'E0', root: 'E0', organisation: 'E0', project: 'E0', data: 'E0' },
    softTokens: true,
    acceptedTools: [request.measurement.build],
  })
  const digest = policyDigest(policy)
  const epoch = Object.hasOwn(read.value.blanks, 'epochId')
    ? await makeStandInEpoch(request, { standIns, policy, values, blanks: read.value.blanks })
    : {}
  const made = planFromScript(script, {
    title: read.value.title,
    ...values,
    ...(holders === null ? {} : { holders, n: holders.length }),
    policy: digest,
    tool: request.measurement.build,
    people: standIns.map(({ role, name, card }) => ({ role, name, card: cardCodec.digest(card) })),
    library: request.library,
    ...standInPlaces(read.value.blanks, values, request.entropy),
    ...epoch,
    ...(Object.hasOwn(read.value.blanks, 'destinations')
      ? {
          destinations: request.destinations.map(({ card, transport }) => ({
            card: serverCardCodec.digest(card),
            transport: transportDigest(transport),
          })),
        }
      : {}),
  })
  if (!made.ok) throw refusedPlan(made.refusals)
  const { text, plan, hash } = made.value
  return {
    planBytes: utf8(text),
    plan,
    hash,
    policy: signedBy(policy, standIns),
    planPolicy: digest,
    standIns,
    listed: [],
  }
}

async function fromPlan(
  request: RehearsalRequest,
  { plan: planBytes, policy: planPolicy }: { plan: Uint8Array; policy: Policy },
): Promise<Made> {
  const read = readPlan(planBytes)
  if (!read.ok) throw refusedPlan(read.refusals)
  const { plan, hash } = read
  const refusals = lintPlan(plan)
  if (refusals.length > 0) throw refusedPlan(refusals)
  if (plan.policy !== policyDigest(planPolicy)) {
    throw new CoreError(
      'POLICY-DIGEST',
      `the plan names the policy ${plan.policy}`,
      'give the policy that the plan names',
    )
  }
  const standIns = await makeStandIns(plan.people, request.entropy)
  const cards = new Map<string, Card>(
    plan.people.map(({ card }, index) => [card, standInAt(standIns, index).card]),
  )
  const servers = new Map(request.destinations.map(({ card }) => [serverCardCodec.digest(card), card]))
  const derived = deriveRehearsalPolicy(planPolicy, { cards, servers, tool: request.measurement.build })
  if (!derived.ok) throw new CoreError(derived.rule, derived.detail, 'seat everybody whom the policy lists')
  const listed = plan.people.map(({ name, card }, index) => ({
    what: 'card' as const,
    name,
    listed: card,
    standIn: cardCodec.digest(standInAt(standIns, index).card),
  }))
  return {
    planBytes,
    plan,
    hash,
    policy: signedBy(derived.value, standIns),
    planPolicy: plan.policy,
    standIns,
    listed,
  }
}

/** A token or a root of an earlier ceremony, which the rehearsal then makes itself: any identifier will do. */
const earlierPlaces: Readonly<Record<string, number>> = {
  serial: 8,
  rootId: 16,
  rootCeremony: 16,
  rootCkaId: 16,
}

function standInPlaces(
  blanks: Readonly<Record<string, unknown>>,
  values: Readonly<Record<string, unknown>>,
  entropy: Entropy,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(earlierPlaces)
      .filter(([name]) => Object.hasOwn(blanks, name) && !Object.hasOwn(values, name))
      .map(([name, bytes]) => [name, toHex(entropy.bytes(bytes))]),
  )
}

function standInAt(standIns: readonly StandIn[], index: number): StandIn {
  const found = standIns[index]
  if (found === undefined) throw new RangeError('one stand-in is made for each person')
  return found
}

/** k stand-in officers sign, as k real ones would. */
function signedBy(policy: Policy, standIns: readonly StandIn[]): PolicyFile {
  const signers = new Set(policy.officers.map(({ card }) => card))
  const officers = standIns
    .filter(({ card }) => signers.has(cardCodec.digest(card)))
    .slice(0, policy.officerQuorum)
  return {
    policy,
    signatures: officers.map(({ identity }) => policyDocument.sign(identity, policy, 'rehearsal')),
  }
}

function holderNames(values: Readonly<Record<string, unknown>>): string[] | null {
  if (Array.isArray(values.holders)) return values.holders.map(String)
  const n = Number(values.n)
  return Number.isInteger(n) && n > 0 && n <= 64
    ? Array.from({ length: n }, (_, i) => `Holder ${i + 1}`)
    : null
}

function transportDigest(document: Json): string {
  const parsed = transportCodec.file.check(document)
  if (!parsed.ok) throw new CoreError(parsed.rule, parsed.detail, 'ask the server for a new transport file')
  return transportCodec.payload.digest(parsed.value.payload)
}

/** Cards are JSON by their codecs. */
function toJson(card: Card | ServerCard): Json {
  return card as unknown as Json
}

function yearAfter(now: string): string {
  return `${Number(now.slice(0, 4)) + 1}${now.slice(4)}`.replace('-02-29', '-02-28')
}

export function refusedPlan(
  refusals: readonly { rule: string; step: string; detail: string; remedy: string }[],
): CoreError {
  const [first] = refusals
  const lines = refusals.map(({ rule, step, detail }, index) => {
    const place = step === '' ? '' : `${step}: `
    return index === 0 ? `${place}${detail}` : `${rule}: ${place}${detail}`
  })
  return new CoreError(first?.rule ?? 'PLAN-01', lines.join('\n'), first?.remedy)
}
