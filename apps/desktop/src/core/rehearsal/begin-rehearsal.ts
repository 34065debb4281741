import type { Command } from '@lux/ceremony'
import { lintCards, lintPlan, type Plan, readPlan } from '@lux/ceremony/plan'
import { authoritiesOf, checkPolicy, expired, type PolicyFile, policyDigest } from '@lux/ceremony/policy'
import type { Header } from '@lux/ceremony/transcript'
import { type Card, cardCodec, type ServerCard } from '@lux/ceremony/wire'
import { type Json, toHex } from '@lux/crypto'
import { ExpectedError } from '@lux/node-files'
import { roomOf, termsOf } from '../runs/begin/policy-terms.ts'
import { refusedPlan } from '../runs/begin/refused-plan.ts'
import { folderInUse } from '../runs/folder/run-files.ts'
import { RunFolder } from '../runs/folder/run-folder.ts'
import { rehearsalOfPlan } from './rehearsal-of-plan.ts'
import { rehearsalOfScript } from './rehearsal-of-script.ts'
import {
  type RehearsalDestination,
  type RehearsalParts,
  type RehearsalRequest,
  transportDigest,
} from './rehearsal-request.ts'
import { standInBackup } from './stand-in-backup.ts'
import { standInEpoch } from './stand-in-epoch.ts'
import { saveStandIns } from './stand-ins.ts'

/** Everything that a rehearsal needs on disk, with a stand-in for each person who is not there; the run is not started yet. */
export async function beginRehearsal(request: RehearsalRequest): Promise<RunFolder> {
  const made =
    'script' in request.of
      ? await rehearsalOfScript(request, request.of)
      : 'signed' in request.of
        ? rehearsalOfPeople(request, request.of)
        : await rehearsalOfPlan(request, request.of)
  const { planBytes, plan, hash, policy, planPolicy, standIns, seated, listed } = made
  const header: Header = {
    v: plan.v,
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
      ...(request.device == null ? {} : { device: request.device }),
    })),
    roster: seated.map(({ role, name, card }) => ({ role, name, card: cardCodec.digest(card) })),
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
      ...seated.map(({ card }) => toJson(card)),
      ...request.destinations.map(({ card }) => toJson(card)),
    ],
    transports: request.destinations.flatMap(({ transport }) =>
      transport === null ? [] : [{ digest: transportDigest(transport), document: transport }],
    ),
  })
}

/** The first command of a rehearsal: every person's card, every destination, no token bound yet. */
export function startCommand(
  folder: RunFolder,
  destinations: readonly RehearsalDestination[],
): Extract<Command, { type: 'start' }> {
  const { policy } = folder.policy
  return {
    type: 'start',
    by: leaderOf(folder.plan),
    terms: termsOf(policy),
    cards: folder.header.roster.map(({ card }) => folder.readDocument(`cards/${card}.json`)),
    destinations: destinations.map(({ card, transport }) => ({ card: toJson(card), transport })),
    authorities: authoritiesOf(policy),
    epoch: standInEpoch(folder.path),
    backup: standInBackup(folder.path),
    tokens: folder.plan.tokens.map(({ role, serial }) => ({ role, serial: serial === 'new' ? '' : serial })),
  }
}

function leaderOf(plan: Plan): string {
  return plan.people.find(({ role }) => role === 'administrator')?.name ?? plan.people[0]?.name ?? ''
}

/** Cards are JSON by their codecs. */
function toJson(card: Card | ServerCard): Json {
  return card as unknown as Json
}

/**
 * A plan of people who all act for themselves, under the policy that their officers signed: nobody is simulated, and nothing is signed
 * by this machine. Refuses the plan's rules and the policy's, REHEARSAL-OWN-DEVICES.
 */
function rehearsalOfPeople(
  { clock }: Pick<RehearsalRequest, 'clock'>,
  { plan: planBytes, signed, cards }: { plan: Uint8Array; signed: PolicyFile; cards: readonly Card[] },
): RehearsalParts {
  const { policy } = signed
  const read = readPlan(planBytes)
  if (!read.ok) throw refusedPlan(read.refusals)
  const { plan, hash } = read
  const known = new Map(cards.map((card) => [cardCodec.digest(card), card]))
  const room = roomOf(policy)
  const refusals = [...lintPlan(plan, room), ...lintCards(plan, (digest) => known.get(digest), room.listed)]
  if (refusals.length > 0) throw refusedPlan(refusals)
  if (policy.domain !== 'rehearsal') throw new ExpectedError('POLICY-DOMAIN', `it is of ${policy.domain}`)
  const digest = policyDigest(policy)
  if (plan.policy !== digest)
    throw new ExpectedError('POLICY-DIGEST', `the plan names the policy ${plan.policy}`)
  const late = expired(policy, clock.now())
  if (late !== null) throw new ExpectedError(late.rule, late.detail)
  const whole = checkPolicy(signed)
  if (!whole.ok) throw new ExpectedError(whole.rule, whole.detail)
  // What an earlier ceremony made is simulated with simulated people around it: there are none here.
  if (plan.fhe?.existing !== undefined || plan.recovery !== undefined)
    throw new ExpectedError('REHEARSAL-OWN-DEVICES', 'the plan goes on from an earlier ceremony')
  const seated = plan.people.map(({ role, name, card: listed }) => {
    const card = known.get(listed)
    if (card === undefined) throw new ExpectedError('CARD-MISSING', `the card of ${role} ${name}`)
    return { role, name, card }
  })
  return { planBytes, plan, hash, policy: signed, planPolicy: digest, standIns: [], seated, listed: [] }
}
