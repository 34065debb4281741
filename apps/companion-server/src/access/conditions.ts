import { BlockList, isIP } from 'node:net'
import { Check } from 'typebox/value'
import { Type } from '../operations/schema.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'

/** What narrows a role: each that is there has to hold. */
export type Conditions = {
  /** ISO times between which it holds. */
  readonly notBefore?: string
  readonly notAfter?: string
  /** Hours of the day in UTC, `until` not included, and days of the week, 0 Sunday. */
  readonly hours?: { readonly from: number; readonly until: number }
  readonly days?: readonly number[]
  /** Addresses and CIDR blocks that a call may come from. */
  readonly networks?: readonly string[]
  /** Which keys: by the beginning of their names, and by algorithm. */
  readonly keyNames?: readonly string[]
  readonly keyAlgorithms?: readonly string[]
  /** What is done with a key waits for people. */
  readonly approvals?: ApprovalsNeeded
  /** What is stored is no conditions: it holds for nothing. Nobody gives it. */
  readonly unreadable?: true
}

/** So many of these identities; `actions`: for these alone, else for all three. */
export type ApprovalsNeeded = {
  readonly count: number
  readonly by: readonly string[]
  readonly actions?: readonly ApprovedAction[]
  /** Services approve too. They show no second factor. */
  readonly services?: true
}
export const approvedActions = ['key.use', 'key.manage', 'key.export'] as const
export type ApprovedAction = (typeof approvedActions)[number]

const closed = { additionalProperties: false } as const
const short = Type.String({ minLength: 1, maxLength: 64 })
const hour = Type.Integer({ minimum: 0, maximum: 24 })
const utc = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,3})?Z$' })
const texts = Type.Array(short, { minItems: 1, maxItems: 32 })
/** Conditions as they are given, and as they are stored: what is not here is refused. */
export const conditions = Type.Object(
  {
    notBefore: Type.Optional(utc),
    notAfter: Type.Optional(utc),
    hours: Type.Optional(Type.Object({ from: hour, until: hour }, closed)),
    days: Type.Optional(Type.Array(Type.Integer({ minimum: 0, maximum: 6 }), { minItems: 1, maxItems: 7 })),
    networks: Type.Optional(texts),
    keyNames: Type.Optional(texts),
    keyAlgorithms: Type.Optional(texts),
    approvals: Type.Optional(
      Type.Object(
        {
          count: Type.Integer({ minimum: 1, maximum: 32 }),
          by: Type.Array(short, { minItems: 1, maxItems: 32 }),
          actions: Type.Optional(Type.Array(Type.Enum([...approvedActions]), { minItems: 1, maxItems: 3 })),
          services: Type.Optional(Type.Literal(true)),
        },
        closed,
      ),
    ),
  },
  { ...closed, minProperties: 1 },
)

/** Conditions as the database has them. What this version does not know could only widen the role, and is `unreadable`. */
export function readConditions(stored: unknown): Conditions | null {
  if (stored === null) return null
  return Check(conditions, stored) && checkConditions(stored).ok ? stored : { unreadable: true }
}

/** The same number of the same people. */
export const sameApprovals = (one: ApprovalsNeeded, other: ApprovalsNeeded): boolean =>
  one.count === other.count &&
  one.services === other.services &&
  one.by.every((person) => other.by.includes(person)) &&
  other.by.every((person) => one.by.includes(person))

/** How a call came. What is not known meets no condition. */
export type Circumstances = { readonly time: Date; readonly source: string | null }

/** What is asked about, where it is a key; a threshold key that nobody asked for has no name. */
export type KeyFacts = { readonly name: string | null; readonly algorithm: string }

/** Which keys a role is for: those of these names and algorithms; absent: any. */
export type KeyScope = {
  readonly keyNames?: readonly string[] | undefined
  readonly keyAlgorithms?: readonly string[] | undefined
}

/** Which of the two keeps a key out of a scope; null: it is within. A list in SQL says the same (`withinScopes`). */
export function outsideOf(
  { keyNames, keyAlgorithms }: KeyScope,
  key: KeyFacts,
): 'keyNames' | 'keyAlgorithms' | null {
  if (keyNames !== undefined && !keyNames.some((one) => key.name?.startsWith(one))) return 'keyNames'
  return keyAlgorithms !== undefined && !keyAlgorithms.includes(key.algorithm) ? 'keyAlgorithms' : null
}

/** The name of the first condition that does not hold; null where all do. */
export function unmet(
  conditions: Conditions,
  circumstances: Circumstances | undefined,
  key: KeyFacts | null,
  action?: string,
): keyof Conditions | null {
  const { notBefore, notAfter, hours, days, networks, keyNames, keyAlgorithms } = conditions
  if (conditions.unreadable) return 'unreadable'
  const at = circumstances?.time.getTime()
  if (notBefore !== undefined && !(at !== undefined && at >= Date.parse(notBefore))) return 'notBefore'
  if (notAfter !== undefined && !(at !== undefined && at < Date.parse(notAfter))) return 'notAfter'
  if (hours !== undefined && !withinHours(hours, circumstances)) return 'hours'
  if (days !== undefined && !(circumstances && days.includes(circumstances.time.getUTCDay()))) return 'days'
  if (networks !== undefined && !comesFrom(networks, circumstances?.source ?? null)) return 'networks'
  // A condition on keys says nothing of what is no key.
  if (key === null) return null
  const outside = outsideOf({ keyNames, keyAlgorithms }, key)
  if (outside !== null) return outside
  // Last: people are asked only for what nothing else forbids.
  const { approvals } = conditions
  const done = action === 'threshold.use' ? 'key.use' : action
  if (approvals !== undefined && (approvals.actions ?? approvedActions).some((one) => one === done))
    return 'approvals'
  return null
}

/** Refuses CONDITION-MALFORMED what could never hold or means nothing, when it is set and not when it is asked. */
export function checkConditions(conditions: Conditions): Outcome<null> {
  const { notBefore, notAfter, hours, days, networks } = conditions
  const wrong = (what: string) => refuse('CONDITION-MALFORMED', what)
  for (const time of [notBefore, notAfter])
    if (time !== undefined && Number.isNaN(Date.parse(time))) return wrong(`${time} is no time`)
  if (notBefore !== undefined && notAfter !== undefined && Date.parse(notBefore) >= Date.parse(notAfter))
    return wrong('notBefore is not before notAfter')
  if (hours !== undefined && hours.from === hours.until) return wrong('hours are empty')
  if (days?.some((day) => !Number.isInteger(day) || day < 0 || day > 6)) return wrong('days are 0 to 6')
  const { approvals } = conditions
  if (approvals !== undefined) {
    const { count, by } = approvals
    if (new Set(by).size !== by.length) return wrong('an approver is named twice')
    if (!Number.isInteger(count) || count < 1 || count > by.length)
      return wrong('approvals are 1 to as many as are named')
  }
  for (const network of networks ?? [])
    if (!isNetwork(network)) return wrong(`${network} is no address or CIDR block`)
  return accept(null)
}

/** As `checkConditions`, of a role that is given now: its end is to come. */
export function checkGiven(conditions: Conditions, now: Date): Outcome<null> {
  const { notAfter } = conditions
  return notAfter !== undefined && Date.parse(notAfter) <= now.getTime()
    ? refuse('CONDITION-MALFORMED', `${notAfter} is over`)
    : checkConditions(conditions)
}

function withinHours(
  { from, until }: { readonly from: number; readonly until: number },
  circumstances: Circumstances | undefined,
): boolean {
  if (circumstances === undefined) return false
  const hour = circumstances.time.getUTCHours()
  return from < until ? hour >= from && hour < until : hour >= from || hour < until
}

export function comesFrom(networks: readonly string[], source: string | null): boolean {
  // An IPv4 address that came by an IPv6 socket is the IPv4 address.
  const address = source?.replace(/^::ffff:(?=\d+\.)/, '') ?? ''
  const kind = isIP(address)
  if (kind === 0) return false
  const list = new BlockList()
  for (const network of networks) addTo(list, network)
  return list.check(address, kind === 4 ? 'ipv4' : 'ipv6')
}

export const isNetwork = (text: string): boolean => addTo(new BlockList(), text)

function addTo(list: BlockList, network: string): boolean {
  const [address = '', bits, more] = network.split('/')
  const kind = isIP(address)
  if (kind === 0 || more !== undefined) return false
  const family = kind === 4 ? 'ipv4' : 'ipv6'
  if (bits === undefined) {
    list.addAddress(address, family)
    return true
  }
  const prefix = Number(bits)
  if (!/^\d{1,3}$/.test(bits) || prefix > (kind === 4 ? 32 : 128)) return false
  list.addSubnet(address, prefix, family)
  return true
}
