import {
  type CredentialFact,
  dayMs,
  type ExternalKeyFact,
  type Facts,
  type IdentityFact,
  type KekFact,
  type KeyFact,
} from './facts.ts'

/** A row is what is stored; a gap is a row that is not as it should be, or one that is not there. */
export type Evidence = {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
  readonly gaps: readonly Gap[]
}
export type Gap = { readonly of: string; readonly gap: string }

type Limits = { readonly retentionDays: number; readonly isChange: (operation: string) => boolean }
type Check = (facts: Facts, limits: Limits) => Evidence

const secretDays = 365
const idleDays = 90
const rotationDays = 365
const sessionSeconds = 30 * 86_400

const day = (time: string | null): string => (time === null ? '' : time.slice(0, 10))
const short = (digest: string): string => digest.slice(0, 16)
const yes = (holds: boolean): string => (holds ? 'yes' : 'no')

/** Days from a time to the end of the report. */
const daysTo = (end: string, time: string): number => Math.floor((Date.parse(end) - Date.parse(time)) / dayMs)

const works = (key: KeyFact): boolean => !key.disabled && key.destroyed === null && !key.threshold
const live = (one: IdentityFact): boolean => one.revoked === null
const known = (one: IdentityFact): string => one.username ?? one.name
const isPerson = (one: IdentityFact): boolean => one.username !== null || one.provider !== null
const kindOf = (one: IdentityFact): string => (isPerson(one) ? 'person' : 'program')

function whose(facts: Facts): (identity: string) => IdentityFact | undefined {
  const all = new Map(facts.identities.map((one) => [one.id, one]))
  return (identity) => all.get(identity)
}

const inventory: Check = ({ keys, externalKeys }) => ({
  title: 'Key inventory',
  columns: ['Key', 'Id', 'Project', 'Usage', 'Algorithm', 'Version', 'State'],
  rows: [
    ...keys.map((key) => [
      ...[key.name, key.id, key.project, key.usage, key.algorithm, key.threshold ? '' : String(key.current)],
      stateOf(key),
    ]),
    ...externalKeys.map((key) => [key.name, key.id, key.project, key.usage, '', '', keptAt(key)]),
  ],
  gaps: keys.length + externalKeys.length === 0 ? [{ of: 'server', gap: 'It stores no key.' }] : [],
})

/** A root that is gone, or of no more use, has nothing left to back up and nobody to control it. */
const isThere = ({ state }: KekFact): boolean => state !== 'destroyed' && state !== 'revoked'

const keptAt = ({ provider }: ExternalKeyFact): string => `kept at ${provider}`

function stateOf(key: KeyFact): string {
  if (key.destroyed !== null) return 'destroyed'
  if (key.threshold) return 'held in shares'
  if (key.disabled) return 'disabled'
  return key.versions.find(({ version }) => version === key.current)?.state ?? 'unknown'
}

const hierarchy: Check = ({ keks, domain }) => ({
  title: 'Keys above the data keys, and what each is wrapped by',
  columns: ['Level', 'Id', 'Of', 'Version', 'Algorithm', 'Made', 'Origin', 'State', 'Wrapped by'],
  rows: keks.map((one) => [
    ...[one.level, one.id, one.of, String(one.version), one.algorithm, day(one.at)],
    ...[one.origin, one.state, one.under],
  ]),
  gaps: [
    ...(domain === 'production'
      ? []
      : [{ of: 'server', gap: 'It is a rehearsal: its keys protect nothing real.' }]),
    ...(keks.some(({ level }) => level === 'root') ? [] : [{ of: 'server', gap: 'It has no root key.' }]),
    ...keks
      .filter(({ origin, state }) => origin === 'online' && state !== 'destroyed')
      .map(({ level, id }) => ({ of: `${level} ${id}`, gap: 'It was made online, without a ceremony.' })),
  ],
})

const generation: Check = ({ keys, externalKeys }) => ({
  title: 'Where each version of a key was made',
  columns: ['Key', 'Version', 'Made', 'Origin', 'Bundle'],
  rows: keys.flatMap((key) =>
    key.versions.map((one) => [
      ...[
        key.name,
        String(one.version),
        day(one.at),
        one.origin,
        one.bundle === null ? '' : short(one.bundle),
      ],
    ]),
  ),
  gaps: [
    ...keys.flatMap((key) =>
      key.versions
        .filter(({ origin, state }) => origin === 'imported' && state !== 'destroyed')
        .map(({ version }) => ({
          of: `${key.name} version ${version}`,
          gap: 'It was imported: how it was made is not known here.',
        })),
    ),
    ...externalKeys.map((key) => ({
      of: key.name,
      gap: `It is ${keptAt(key)}: how it was made is not known here.`,
    })),
  ],
})

const custodians: Check = ({ thresholdKeys, bundles }) => {
  const held = [
    ...thresholdKeys.map(({ id, t, n, holders }) => ({ what: `threshold key ${short(id)}`, t, n, holders })),
    ...bundles.flatMap(({ backups }) =>
      backups.map(({ root, t, custodians: names }) => ({
        ...{ what: `backup of root ${root}`, t, n: names.length, holders: names },
      })),
    ),
  ]
  return {
    title: 'Custodians of shares',
    columns: ['Of', 'Needed', 'Share', 'Custodian'],
    rows: held.flatMap(({ what, t, n, holders }) =>
      holders.map((name, at) => [what, `${t} of ${n}`, String(at + 1), name]),
    ),
    gaps: held.flatMap(({ what, t, holders }) => [
      ...(t < 2 ? [{ of: what, gap: 'One custodian alone is enough.' }] : []),
      ...[...Map.groupBy(holders, (name) => name)]
        .filter(([, all]) => all.length > 1)
        .map(([name, all]) => ({ of: what, gap: `${name} holds ${all.length} shares.` })),
    ]),
  }
}

const backups: Check = ({ keks, bundles }) => {
  const kept = bundles.flatMap(({ backups: its, at }) => its.map((one) => ({ ...one, at })))
  const roots = keks.filter((one) => one.level === 'root' && isThere(one) && one.state !== 'retained')
  return {
    title: 'Backups of roots in shares',
    columns: ['Root', 'Made', 'Needed', 'Custodians'],
    rows: kept.map(({ root, at, t, custodians: names }) => [
      ...[root, day(at), `${t} of ${names.length}`, names.join(', ')],
    ]),
    gaps: roots
      .filter(({ id }) => !kept.some(({ root }) => root === id))
      .map(({ id }) => ({ of: `root ${id}`, gap: 'No backup of it is recorded.' })),
  }
}

const dualControl: Check = ({ policies, bundles, to, keks }) => ({
  title: 'Dual control: policies and the ceremonies under them',
  columns: [
    'Policy',
    'Version',
    'Organisation',
    'Officers',
    'Witnesses',
    'Expires',
    'Ceremonies',
    'Exceptions',
  ],
  rows: policies.map((one) => {
    const under = bundles.filter(({ policy, state }) => policy === one.digest && state === 'imported')
    return [
      ...[short(one.digest), String(one.version), one.organisation],
      `${one.officerQuorum} of ${one.officers}`,
      `${one.witnessQuorum} of ${one.witnesses}`,
      ...[day(one.expiry), String(under.length)],
      String(under.reduce((sum, { exceptions }) => sum + exceptions, 0)),
    ]
  }),
  gaps: [
    ...(policies.length === 0
      ? [{ of: 'server', gap: 'No bundle was taken in under a policy: nobody’s dual control is recorded.' }]
      : []),
    ...policies
      .filter(({ officerQuorum }) => officerQuorum < 2)
      .map(({ digest }) => ({ of: `policy ${short(digest)}`, gap: 'One officer alone is enough.' })),
    ...policies
      .filter(
        ({ expiry, version }) => expiry < to && version === Math.max(...policies.map((one) => one.version)),
      )
      .map(({ digest }) => ({ of: `policy ${short(digest)}`, gap: 'The newest policy has expired.' })),
    ...keks
      .filter((one) => one.level === 'root' && one.origin === 'online' && isThere(one))
      .map(({ id }) => ({ of: `root ${id}`, gap: 'One person with the token can make such a root.' })),
  ],
})

const rotation: Check = ({ keys, keks, externalKeys, to }) => {
  const used = keys.filter(works)
  const above = keks.filter(({ state }) => state === 'current' || state === 'enabled')
  const nameOf = ({ level, of, id }: KekFact) => (level === 'root' ? `root ${id}` : `KEK of ${level} ${of}`)
  const newest = (key: KeyFact) => key.versions.findLast(({ version }) => version === key.current)?.at ?? null
  return {
    title: 'Rotation',
    columns: ['Key', 'Version', 'Since', 'Every', 'Due'],
    rows: [
      ...above.map((one) => [nameOf(one), String(one.version), day(one.at), 'by hand', '']),
      ...used.map((key) => [
        ...[key.name, String(key.current), day(newest(key))],
        ...[key.rotateEveryDays === null ? 'by hand' : `${key.rotateEveryDays} days`, day(key.rotateAt)],
      ]),
      ...externalKeys.map((key) => [key.name, '', '', keptAt(key), '']),
    ],
    gaps: [
      ...above
        .filter(({ at }) => daysTo(to, at) > rotationDays)
        .map((one) => ({ of: nameOf(one), gap: `Its version is ${daysTo(to, one.at)} days old.` })),
      ...externalKeys.map((key) => ({
        of: key.name,
        gap: `It is ${keptAt(key)}: whether it is rotated there is not seen here.`,
      })),
      ...used.flatMap((key) => {
        const since = newest(key)
        const age = since === null ? 0 : daysTo(to, since)
        return [
          ...(key.rotateEveryDays === null ? [{ of: key.name, gap: 'It has no period of rotation.' }] : []),
          ...(key.rotateAt !== null && key.rotateAt < to
            ? [{ of: key.name, gap: `Its rotation was due on ${day(key.rotateAt)}.` }]
            : []),
          ...(key.rotateEveryDays === null && age > rotationDays
            ? [{ of: key.name, gap: `Its version is ${age} days old.` }]
            : []),
        ]
      }),
    ],
  }
}

const retirement: Check = ({ keys, tombstones, to }) => ({
  title: 'Retired and destroyed keys',
  columns: ['What', 'State', 'On'],
  rows: [
    ...keys.flatMap((key) => [
      ...(key.compromised === null ? [] : [[key.name, 'compromised', day(key.compromised)]]),
      ...(key.destroyed === null ? [] : [[key.name, 'destroyed', day(key.destroyed)]]),
      ...(key.destroyAt === null ? [] : [[key.name, 'to be destroyed', day(key.destroyAt)]]),
      ...(key.disabled && key.destroyAt === null && key.destroyed === null
        ? [[key.name, 'disabled', '']]
        : []),
    ]),
    ...tombstones.map(({ level, id, at }) => [`${level} ${id}`, 'destroyed here (level S0)', day(at)]),
  ],
  gaps: keys.flatMap((key) => [
    ...(key.compromised !== null && key.destroyed === null && works(key)
      ? [{ of: key.name, gap: 'It is said to be compromised and is not disabled.' }]
      : []),
    ...(key.destroyAt !== null && key.destroyAt < to && key.destroyed === null
      ? [{ of: key.name, gap: `Its destruction was due on ${day(key.destroyAt)}.` }]
      : []),
  ]),
})

const exports: Check = ({ keys, projectsOfPlainKeys, operations }) => ({
  title: 'Keys that may leave the server',
  columns: ['What', 'How'],
  rows: [
    ...keys
      .filter(({ exportable }) => exportable)
      .map(({ name, sensitive }) => [name, sensitive ? 'wrapped alone' : 'wrapped or in the clear']),
    ...projectsOfPlainKeys.map(({ name }) => [`project ${name}`, 'new keys may be made so']),
    ...operations
      .filter(({ operation, outcome }) => operation.startsWith('key.export') && outcome === 'ok')
      .map(({ operation, count }) => [operation, `${count} times in this period`]),
  ],
  gaps: keys
    .filter(({ exportable, sensitive, destroyed }) => exportable && !sensitive && destroyed === null)
    .map(({ name }) => ({ of: name, gap: 'It may leave in the clear.' })),
})

const imports: Check = ({ bundles }) => ({
  title: 'Bundles of ceremonies, taken in and refused',
  columns: ['Bundle', 'Ceremony', 'Received', 'State', 'Rule'],
  rows: bundles.map((one) => [
    ...[short(one.digest), short(one.ceremony), day(one.at), one.state, one.rule ?? ''],
  ]),
  gaps: bundles
    .filter(({ state }) => state === 'staged')
    .map(({ digest }) => ({ of: `bundle ${short(digest)}`, gap: 'Its import did not end.' })),
})

const people: Check = ({ identities }) => {
  const all = identities.filter(isPerson)
  return {
    title: 'People and their second factor',
    columns: ['Person', 'Name', 'Since', 'Logs in by', 'Second factor', 'Revoked'],
    rows: all.map((one) => [
      ...[one.username ?? '', one.name, day(one.at)],
      one.provider === null ? (one.enrolled ? 'password' : 'not enrolled') : `provider ${one.provider}`,
      ...[one.provider === null ? yes(one.secondFactor) : 'not seen here', day(one.revoked)],
    ]),
    gaps: all.filter(live).flatMap((one) => [
      ...(one.provider === null && one.enrolled && !one.secondFactor
        ? [{ of: known(one), gap: 'No second factor is set.' }]
        : []),
      ...(one.provider === null
        ? []
        : [
            {
              of: known(one),
              gap: `The provider ${one.provider} says who this is: whether by a second factor is not seen here.`,
            },
          ]),
    ]),
  }
}

const using: readonly string[] = ['service', 'user']
const governing: readonly string[] = ['server-admin', 'organisation-admin', 'crypto-officer']

const grants: Check = (facts) => {
  const of = whose(facts)
  const active = facts.grants.filter(({ identity }) => of(identity)?.revoked === null)
  const by = Map.groupBy(active, ({ identity }) => identity)
  const name = (identity: string) => known(of(identity) ?? missing(identity))
  return {
    title: 'Roles and where they hold',
    columns: ['Identity', 'Role', 'Organisation', 'Project', 'Narrowed', 'Since'],
    rows: active.map((one) => [
      ...[name(one.identity), one.role, one.organisation ?? 'all', one.project ?? 'all'],
      ...[yes(one.conditions), day(one.at)],
    ]),
    gaps: [
      ...active
        .filter(({ role, organisation }) => using.includes(role) && organisation === null)
        .map(({ identity, role }) => ({ of: name(identity), gap: `The role ${role} holds everywhere.` })),
      ...[...by]
        .filter(
          ([, all]) =>
            all.some(({ role }) => governing.includes(role)) && all.some(({ role }) => using.includes(role)),
        )
        .map(([identity]) => ({ of: name(identity), gap: 'It governs keys and uses keys.' })),
      ...[...by]
        .filter(
          ([, all]) =>
            all.some(({ role }) => role === 'auditor') && all.some(({ role }) => governing.includes(role)),
        )
        .map(([identity]) => ({ of: name(identity), gap: 'It governs and audits.' })),
    ],
  }
}

const missing = (id: string): IdentityFact => ({
  ...{
    id,
    name: id,
    username: null,
    provider: null,
    enrolled: false,
    secondFactor: false,
    tokenSeconds: 0,
    at: '',
  },
  revoked: null,
})

const credentials: Check = (facts) => {
  const of = whose(facts)
  const active = facts.credentials.filter(
    ({ revoked, of: its }) => revoked === null && !('identity' in its && of(its.identity)?.revoked !== null),
  )
  const named = ({ of: its }: CredentialFact) =>
    'name' in its ? its.name : known(of(its.identity) ?? missing(its.identity))
  return {
    title: 'Secrets, API keys and certificates of programs, and those that this server uses elsewhere',
    columns: ['Of', 'Kind', 'Id', 'Since', 'Expires'],
    rows: active.map((one) => [
      ...[named(one), one.kind, short(one.id), day(one.at) || 'not recorded'],
      one.expires === null ? 'never' : day(one.expires),
    ]),
    gaps: active.flatMap(({ at, kind, id }) => {
      const what = `${kind} ${short(id)}`
      if (at === null) return [{ of: what, gap: 'When it was made is not recorded.' }]
      const age = daysTo(facts.to, at)
      return age > secretDays ? [{ of: what, gap: `It is ${age} days old.` }] : []
    }),
  }
}

const approvals: Check = (facts) => {
  const of = whose(facts)
  const keys = new Map(facts.keys.map(({ id, name }) => [id, name]))
  return {
    title: 'What waited for the approval of others',
    columns: ['Asked', 'By', 'Operation', 'Key', 'Needed', 'Approved by', 'Refused by', 'Used'],
    rows: facts.approvals.map((one) => [
      ...[day(one.at), known(of(one.identity) ?? missing(one.identity)), one.operation],
      ...[
        one.key === null ? '' : (keys.get(one.key) ?? one.key),
        String(one.needed),
        [...one.approvedBy, ...(one.officers ?? []).map((name) => `officer ${name}`)].join(', '),
      ],
      one.refusedBy.join(', '),
      day(one.used) || (one.expires <= facts.to ? 'expired' : 'no'),
    ]),
    gaps: facts.approvals
      .filter(({ used, needed, approvedBy }) => used !== null && approvedBy.length < needed)
      .map(({ id, needed, approvedBy, officers }) => ({
        of: `request ${short(id)}`,
        gap:
          officers !== undefined
            ? 'Officers of the ceremony stood in for its approvers.'
            : `It was used with ${approvedBy.length} of ${needed} approvals that are recorded.`,
      })),
  }
}

const idle: Check = ({ identities, lastUse, to }) => {
  const all = identities.filter(live)
  return {
    title: 'When each identity was at work last',
    columns: ['Identity', 'Kind', 'Since', 'Last'],
    rows: all.map((one) => [
      ...[known(one), kindOf(one), day(one.at)],
      day(lastUse[one.id] ?? null) || 'never',
    ]),
    gaps: all
      .filter((one) => daysTo(to, lastUse[one.id] ?? one.at) > idleDays)
      .map((one) => ({
        of: known(one),
        gap: `Nothing was done with it for ${daysTo(to, lastUse[one.id] ?? one.at)} days.`,
      })),
  }
}

const sessions: Check = ({ identities }) => {
  const all = identities.filter(live)
  return {
    title: 'How long a log-in lasts',
    columns: ['Identity', 'Kind', 'Seconds'],
    rows: all.map((one) => [known(one), kindOf(one), String(one.tokenSeconds)]),
    gaps: all
      .filter(({ tokenSeconds }) => tokenSeconds > sessionSeconds)
      .map((one) => ({ of: known(one), gap: `A log-in lasts ${one.tokenSeconds} seconds.` })),
  }
}

const counted =
  (title: string, wanted: (one: Facts['operations'][number], limits: Limits) => boolean): Check =>
  ({ operations }, limits) => ({
    title,
    columns: ['Operation', 'Outcome', 'Times', 'Identities', 'Last'],
    rows: operations
      .filter((one) => wanted(one, limits))
      .map((one) => [
        ...[one.operation, one.outcome, String(one.count), String(one.identities), day(one.last)],
      ]),
    gaps: [],
  })

const logIns = counted('Log-ins', ({ operation }) => /log-in|enrol|renew|take-token/.test(operation))
const refusals = counted('What was refused', ({ outcome }) => outcome !== 'ok')
const changes = counted(
  'Changes of people, roles, credentials, providers, organisations and keys',
  ({ operation, outcome }, { isChange }) => outcome === 'ok' && isChange(operation),
)
const use = counted('What was done with keys', ({ operation }) =>
  /^(key|threshold|external-key)\./.test(operation),
)

const accessReviews: Check = (facts) => {
  const { reviews, to, organisations } = facts
  const of = whose(facts)
  const nameOf = (organisation: string | null) =>
    organisation === null
      ? 'the whole server'
      : (organisations.find(({ id }) => id === organisation)?.name ?? organisation)
  const places = new Set(
    facts.grants
      .filter(({ identity }) => of(identity)?.revoked === null)
      .map(({ organisation }) => organisation),
  )
  return {
    title: 'Access reviews',
    columns: ['What was reviewed', 'By', 'Identities', 'List (SHA-256)', 'Signed off'],
    rows: reviews.map((one) => [
      ...[nameOf(one.organisation), one.reviewer, String(one.identities)],
      ...[one.access, day(one.at)],
    ]),
    gaps: [...places]
      .toSorted((a, b) => ((a ?? '') < (b ?? '') ? -1 : 1))
      .flatMap((place) => {
        const last = reviews.findLast(({ organisation }) => organisation === place)?.at
        if (last === undefined)
          return [{ of: nameOf(place), gap: 'No access review of it is recorded in this period.' }]
        const age = daysTo(to, last)
        return age > 183 ? [{ of: nameOf(place), gap: `Its last access review was ${age} days ago.` }] : []
      }),
  }
}

const auditIntegrity: Check = ({ audit, checkpoint }) => ({
  title: 'Integrity of the audit log',
  columns: ['Entries', 'Writers', 'Checkpoint', 'Signed', 'Walked'],
  rows: [
    [
      ...[
        String(audit.covered),
        String(audit.writers),
        checkpoint?.seq ?? 'none',
        day(checkpoint?.time ?? null),
      ],
      audit.verdict === 'whole' ? 'whole: no gap, no change' : audit.verdict,
    ],
  ],
  gaps: [
    ...(audit.verdict === 'whole' ? [] : [{ of: 'audit log', gap: `It breaks the rule ${audit.verdict}.` }]),
    ...(checkpoint === null ? [{ of: 'audit log', gap: 'No checkpoint of it is signed.' }] : []),
  ],
})

const auditRetention: Check = ({ audit, to }, { retentionDays }) => {
  const { count, newest } = audit.dropped
  return {
    title: 'How far back the audit log is kept',
    columns: ['Oldest entry', 'Dropped entries', 'Newest of these'],
    rows: [[day(audit.oldest) || 'none', String(count), day(newest)]],
    gaps:
      newest !== null && daysTo(to, newest) < retentionDays
        ? [{ of: 'audit log', gap: `Entries of the last ${retentionDays} days were dropped.` }]
        : [],
  }
}

export const checks = {
  ...{
    'access-reviews': accessReviews,
    'audit-integrity': auditIntegrity,
    'audit-retention': auditRetention,
  },
  ...{
    approvals,
    backups,
    changes,
    credentials,
    custodians,
    'dual-control': dualControl,
    exports,
    generation,
    grants,
  },
  ...{ hierarchy, idle, imports, inventory, 'log-ins': logIns, people, refusals, retirement, rotation },
  ...{ sessions, use },
} satisfies Record<string, Check>

export type CheckId = keyof typeof checks
