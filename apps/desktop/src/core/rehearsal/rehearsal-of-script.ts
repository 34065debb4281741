import { planFromScript, readScript, withStaying } from '@lux/ceremony/plan'
import { newPolicy, type Policy, policyDigest } from '@lux/ceremony/policy'
import { type Card, cardCodec, serverCardCodec } from '@lux/ceremony/wire'
import { type Entropy, toHex, utf8 } from '@lux/crypto'
import { ExpectedError } from '@lux/node-files'
import { refusedPlan } from '../runs/begin/refused-plan.ts'
import { makeVendor } from '../runs/effects/rehearsal-vendor.ts'
import { makeOutsiders, saveOutsiders } from './outsiders.ts'
import { everyCustodian } from './rehearsal-of-plan.ts'
import { type RehearsalParts, type RehearsalRequest, transportDigest } from './rehearsal-request.ts'
import { makeStandInBackup } from './stand-in-backup.ts'
import { makeStandInEpoch } from './stand-in-epoch.ts'
import { makeNextPolicy } from './stand-in-policy.ts'
import { makeStandIns, type StandIn, signedBy } from './stand-ins.ts'

type Blanks = {
  values: Readonly<Record<string, unknown>>
  blanks: Readonly<Record<string, { default?: unknown }>>
}

/** A plan made from a script and its values, under a policy that names the stand-ins. */
export async function rehearsalOfScript(
  request: RehearsalRequest,
  { script, values: given }: { script: Uint8Array; values: Readonly<Record<string, unknown>> },
): Promise<RehearsalParts> {
  const read = readScript(script)
  if (!read.ok) throw refusedPlan(read.refusals)
  const { rehearsal } = read.value
  const values = { ...rehearsal.values, ...given }
  const named = (blank: string) => {
    const names = values[blank] ?? read.value.blanks[blank]?.default
    return Array.isArray(names) ? names.map(String) : []
  }
  const everyOwn = request.ownDevices ?? []
  const { seats, holders } = seatsOf({ script: read.value, values, named, everyOwn })
  const own = new Map(everyOwn.map((card) => [seatOf({ role: card.kind, name: card.name }), card]))
  const standIns = await makeStandIns(
    seats.filter((seat) => !own.has(seatOf(seat))),
    request.entropy,
  )
  // Officers with a device of their own sign in the room: the policy was signed before, by officers who stay away.
  const played = standIns.filter(({ role }) => role === 'officer').length
  const away = await makeStandIns(
    Array.from({ length: Math.max(0, rehearsal.officers - played) }, (_, at) => ({
      role: 'officer' as const,
      name: `Officer who is away ${at + 1}`,
    })),
    request.entropy,
  )
  const seated = seatedBy(seats, standIns, own)
  const outsiders = await makeOutsiders(request.entropy)
  saveOutsiders(request.folder, outsiders)
  const outside = (role: string) =>
    outsiders.people.filter((one) => one.role === role).map(({ card }) => card)
  const cardsOf = (role: string) => seated.filter((one) => one.role === role).map(({ card }) => card)
  const policy = newPolicy({
    organisation: {
      id: String(values.organisationId ?? 'example'),
      name: String(values.organisationName ?? 'Example Organisation'),
    },
    domain: 'rehearsal',
    expiry: yearAfter(request.clock.now()),
    officers: [...cardsOf('officer'), ...away.map(({ card }) => card)],
    officerQuorum: rehearsal.officers,
    witnesses: cardsOf('witness'),
    witnessQuorum: rehearsal.witnesses,
    approvers: cardsOf('approver'),
    approverThreshold: rehearsal.approvers ?? 0,
    requesters: outside('requester'),
    evaluators: outside('evaluator'),
    encryptors: outside('encryptor'),
    combiners: [{ name: 'rehearsal', recipient: outsiders.combiner.recipient }],
    servers: request.destinations.map(({ name, card }, at) => ({
      name: at === 0 ? name : `${name} ${at + 1}`,
      card,
    })),
    leastEvidence: { ceremony: 'E0', root: 'E0', organisation: 'E0', project: 'E0', data: 'E0' },
    ...(Object.hasOwn(read.value.blanks, 'attestationRoot')
      ? { attestationRoots: [makeVendor(request.folder, request.clock.now())] }
      : {}),
    softTokens: true,
    acceptedTools: [request.measurement.build],
  })
  const digest = policyDigest(policy)
  const epoch = Object.hasOwn(read.value.blanks, 'epochId')
    ? await epochBlanks(request, { standIns, policy, values, blanks: read.value.blanks })
    : {}
  const made = planFromScript(script, {
    title: read.value.title,
    ...values,
    ...(holders === null ? {} : { holders, n: holders.length }),
    policy: digest,
    tool: request.measurement.build,
    people: seated.map(({ role, name, card }) => ({ role, name, card: cardCodec.digest(card) })),
    library: request.library,
    ...standInPlaces(read.value.blanks, values, request.entropy),
    ...epoch,
    ...(Object.hasOwn(read.value.blanks, 'nextPolicy')
      ? { nextPolicy: await makeNextPolicy(request, policy) }
      : {}),
    ...(await backupBlanks(request, { standIns, values, blanks: read.value.blanks })),
    ...(Object.hasOwn(read.value.blanks, 'destinations')
      ? {
          destinations: request.destinations.map(({ card, transport }) => ({
            card: serverCardCodec.digest(card),
            ...(transport === null ? {} : { transport: transportDigest(transport) }),
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
    policy: signedBy(policy, [...standIns, ...away]),
    planPolicy: digest,
    standIns,
    seated,
    listed: [],
  }
}

type Read = Extract<ReturnType<typeof readScript>, { ok: true }>['value']

/** Everybody's seat, in order, and the holders' names; null: as the script has them. Refuses REHEARSAL-OWN-DEVICES. */
function seatsOf({
  script,
  values,
  named,
  everyOwn,
}: {
  script: Read
  values: Readonly<Record<string, unknown>>
  named: (blank: string) => string[]
  everyOwn: readonly Card[]
}) {
  const ownDevices = everyOwn.filter(({ kind }) => kind === 'holder')
  // Whom a script without holders counts are others, as its custodians.
  const counted = Object.hasOwn(script.blanks, 'holders') ? values : {}
  const simulated = holderNames(counted, named('holders')) ?? named('holders')
  const holders =
    ownDevices.length === 0
      ? holderNames(counted, named('holders'))
      : withOwnDevices(ownDevices, simulated, {
          moving: [...named('nextHolders'), ...named('dealers')],
          deals: !Object.hasOwn(script.blanks, 'epochId'),
        })
  const listed = withSigners(
    withCustodians(script.rehearsal.people, named('custodians')),
    everyOwn.filter(({ kind }) => kind !== 'holder'),
  )
  const others = listed.filter(({ role }) => role !== 'holder')
  const people =
    holders === null
      ? listed
      : [
          ...others,
          ...[...new Set([...holders, ...named('nextHolders')])].map((name) => ({
            role: 'holder' as const,
            name,
          })),
        ]
  return { seats: withStaying(people, holders ?? named('holders'), named('nextHolders')), holders }
}

/** The people of a script, with the custodians whom its values name in the place of its own. */
function withCustodians<T extends { role: StandIn['role']; name: string }>(
  people: readonly T[],
  custodians: readonly string[],
): (T | { role: 'custodian'; name: string })[] {
  const others = people.filter(({ role }) => role !== 'custodian')
  return [...others, ...custodians.map((name) => ({ role: 'custodian' as const, name }))]
}

const seatOf = ({ role, name }: { role: string; name: string }): string => `${role} ${name}`

/** The people of a script, the last seats of each role taken by those who bring a device of their own. Refuses REHEARSAL-OWN-DEVICES. */
function withSigners<T extends { role: StandIn['role']; name: string }>(
  people: readonly T[],
  cards: readonly Card[],
): (T | { role: StandIn['role']; name: string })[] {
  const refused = (detail: string): ExpectedError => new ExpectedError('REHEARSAL-OWN-DEVICES', detail)
  const seats: (T | { role: StandIn['role']; name: string })[] = [...people]
  for (const { kind, name } of cards) {
    if (people.some((one) => one.name === name)) throw refused(`two people are called ${name}`)
    const at = seats.findLastIndex((seat) => seat.role === kind && people.some((one) => one === seat))
    const taken = seats[at]
    if (taken === undefined) throw refused(`no seat is left for ${name}, ${kind}`)
    seats[at] = { role: taken.role, name }
  }
  return seats
}

/**
 * The holders' names with those who come with a device of their own in the last seats that nobody moves away from: what a next epoch
 * asks of a dealer is played by stand-ins alone. Refuses REHEARSAL-OWN-DEVICES.
 */
function withOwnDevices(
  cards: readonly Card[],
  holders: readonly string[],
  { moving, deals }: { moving: readonly string[]; deals: boolean },
): string[] {
  const refused = (detail: string): ExpectedError => new ExpectedError('REHEARSAL-OWN-DEVICES', detail)
  if (!deals) throw refused('this script deals no shares')
  const free = holders.filter((name) => !moving.includes(name))
  const names = cards.map(({ name }) => name)
  if (names.length > free.length) throw refused(`${names.length} devices, and ${free.length} seats`)
  if (new Set([...holders, ...names]).size < holders.length + names.length)
    throw refused('two holders have the same name')
  const taken = new Map(free.slice(-names.length).map((name, at) => [name, names[at] ?? name]))
  return holders.map((name) => taken.get(name) ?? name)
}

/** Everybody in the order of the seats: their stand-in, or the card that they brought. */
function seatedBy(
  seats: readonly { role: StandIn['role']; name: string }[],
  standIns: readonly StandIn[],
  own: ReadonlyMap<string, Card>,
): RehearsalParts['seated'] {
  const left = [...standIns]
  return seats.map(({ role, name }) => {
    const card = own.get(seatOf({ role, name }))
    if (card !== undefined) return { role, name, card }
    // A holder who stays has two seats and two cards, in this order.
    const at = left.findIndex((one) => one.role === role && one.name === name)
    const [found] = left.splice(at, 1)
    if (at < 0 || found === undefined) throw new RangeError(`no stand-in for ${name}`)
    return found
  })
}

/** The blanks of a plan that name a key of an earlier ceremony: here one of fresh ciphertexts, whatever the plan's mode. */
async function epochBlanks(
  request: RehearsalRequest,
  { standIns, policy, values, blanks }: Blanks & Pick<RehearsalParts, 'standIns'> & { policy: Policy },
): Promise<Record<string, unknown>> {
  const value = (name: string) => values[name] ?? blanks[name]?.default
  const names = value('holders')
  const { public: publicFile, ...epoch } = await makeStandInEpoch(request, {
    standIns,
    policy,
    names: Array.isArray(names) ? names.map(String) : [],
    terms: { t: Number(value('t')), n: Number(value('n')), mode: 'F', squash: false },
  })
  return { ...epoch, publicFile }
}

/** The blanks of a plan that name a backup of an earlier ceremony: here one of a root that nobody has. */
async function backupBlanks(
  request: RehearsalRequest,
  { standIns, values, blanks }: Blanks & Pick<RehearsalParts, 'standIns'>,
): Promise<Record<string, unknown>> {
  if (!Object.hasOwn(blanks, 'backupSet')) return {}
  const value = (name: string) => values[name] ?? blanks[name]?.default
  const named = value('custodians')
  const custodians = Array.isArray(named) ? named.map(String) : []
  const { bundle, ckaId, rootId, ceremonyId, set, identifier, medium, mechanism, possession, shares } =
    await makeStandInBackup(request, {
      standIns: await everyCustodian(request, standIns, custodians),
      key: String(value('rootKey')),
      t: Number(value('t')),
      custodians,
    })
  const root = { rootCkaId: ckaId, rootId, rootCeremony: ceremonyId }
  return {
    ...root,
    backupBundle: bundle,
    backupSet: set,
    backupIdentifier: identifier,
    backupMedium: medium,
    backupMechanism: mechanism,
    backupPossession: possession,
    backupShares: shares,
  }
}

/** A token or a root of an earlier ceremony, which the rehearsal then makes itself: any identifier will do. */
const earlierPlaces: Readonly<Record<string, number>> = {
  serial: 8,
  spareSerial: 8,
  rootId: 16,
  rootCeremony: 16,
  rootCkaId: 16,
  rootPossession: 32,
  earlierBundle: 32,
  attestationRoot: 32,
  companionCkaId: 16,
  companionChain: 32,
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

/** The holders that the values name or count: where they are counted, the script's own names first. Null: as in the script. */
function holderNames(values: Readonly<Record<string, unknown>>, own: readonly string[]): string[] | null {
  if (Array.isArray(values.holders)) return values.holders.map(String)
  const n = Number(values.n)
  return Number.isInteger(n) && n > 0 && n <= 64
    ? Array.from({ length: n }, (_, i) => own[i] ?? `Holder ${i + 1}`)
    : null
}

function yearAfter(now: string): string {
  return `${Number(now.slice(0, 4)) + 1}${now.slice(4)}`.replace('-02-29', '-02-28')
}
