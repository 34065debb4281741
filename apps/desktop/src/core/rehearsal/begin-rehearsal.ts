import type { Command } from '@lux/ceremony'
import type { Plan } from '@lux/ceremony/plan'
import { authoritiesOf, policyDigest } from '@lux/ceremony/policy'
import type { Header } from '@lux/ceremony/transcript'
import { type Card, cardCodec, type ServerCard } from '@lux/ceremony/wire'
import { type Json, toHex } from '@lux/crypto'
import { termsOf } from '../runs/begin/policy-terms.ts'
import { folderInUse } from '../runs/folder/run-files.ts'
import { RunFolder } from '../runs/folder/run-folder.ts'
import { rehearsalOfPeople } from './rehearsal-of-people.ts'
import { rehearsalOfPlan } from './rehearsal-of-plan.ts'
import { rehearsalOfScript } from './rehearsal-of-script.ts'
import { type RehearsalDestination, type RehearsalRequest, transportDigest } from './rehearsal-request.ts'
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
