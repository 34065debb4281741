import {
  ancestorsOf,
  destroyedBy,
  keyOf,
  leavesByWindow,
  type Plan,
  type PlannedKey,
  type PlannedToken,
  type Step,
  stepsOf,
  tokenOf,
  vendorWayOf,
} from '@lux/ceremony/plan'
import type { Policy } from '@lux/ceremony/policy'
import type { ActChange, DescribedAct } from '@lux/ceremony/wire'
import { line, print, told } from '../told.ts'
import { change, markChanges, markNamed } from './act.ts'

/** What else a device knows: the policy of the plan, which names its servers, and the plan that this one comes after. */
export type PlanContext = { readonly policy: Policy | null; readonly before: Plan | null }

const none = null

/** Who does what to what, each member of a plan by its sentences; null where the member is drawn, or stands under the hashes. */
const sentences: {
  readonly [K in keyof Required<Plan>]: ((plan: Plan, policy: Policy | null) => ActChange[]) | null
} = {
  v: none,
  title: ({ title, organisation: { name } }) => [
    change('rule', 'plan-title', `${title}, of ${name}`, { title, name }),
  ],
  organisation: none,
  policy: none,
  tool: none,
  people: none,
  tokens: none,
  destinations: none,
  keys: keySentences,
  fhe: ({ fhe, reshare }) => {
    if (fhe === undefined || reshare !== undefined) return []
    const { id: key, type, t, n, holders, existing } = fhe
    const values = { key, t, n, names: holders.join(', ') }
    const all = `any ${t} of ${n}: ${values.names}`
    if (existing !== undefined)
      return [
        change('share', 'plan-shares', `The threshold key ${key} is used, epoch ${existing.epoch}: ${all}`, {
          ...values,
          epoch: existing.epoch,
        }),
      ]
    return type === 'TFHE_BINARY'
      ? [
          change(
            'share',
            'plan-binary',
            `The key ${key} is dealt, its shares decrypt nothing: ${all}`,
            values,
          ),
        ]
      : [change('share', 'plan-dealt', `The threshold key ${key} is dealt: ${all}`, values)]
  },
  decryptions: ({ decryptions = [] }) =>
    decryptions.map(({ what, answers, canary }) =>
      canary === true
        ? change('share', 'plan-canary', `A trial of the new shares: ${what}, ${answers} answers`, {
            what,
            answers,
          })
        : change('share', 'plan-decrypted', `Decrypted: ${what}, with ${answers} answers`, { what, answers }),
    ),
  reshare: ({ reshare, fhe }) => {
    if (reshare === undefined) return []
    const { kind, t, n, holders, dealers } = reshare
    const names = holders.join(', ')
    return [
      change('share', `plan-${kind}`, `The shares of ${fhe?.id ?? ''} move: ${kind}`, { key: fhe?.id ?? '' }),
      change('share', 'epoch-next', `From then on any ${t} of ${n} decrypt: ${names}`, { t, n, names }),
      change('share', 'epoch-dealers', `Dealt by ${dealers.join(', ')}`, { names: dealers.join(', ') }),
    ]
  },
  heartbeat: ({ heartbeat }) =>
    heartbeat === undefined
      ? []
      : [
          change(
            'share',
            'plan-heartbeat',
            `Holders state at least every ${heartbeat.dueDays} days that they hold their shares`,
            {
              days: heartbeat.dueDays,
            },
          ),
        ],
  recovery: ({ recovery }) => {
    if (recovery === undefined) return []
    const { use, custodians, backup } = recovery
    const values = { key: backup.key, t: backup.t, names: custodians.join(', ') }
    return [
      change(
        'share',
        `plan-recovery-${use}`,
        `The backup of ${values.key} is used for a ${use}: any ${values.t} of ${values.names}`,
        values,
      ),
    ]
  },
  revokes: ({ revokes = [] }) =>
    revokes.map(({ id: key, version }) =>
      change('lost', 'plan-revoked', `The key ${key}, version ${version}, may no longer be used`, {
        key,
        version,
      }),
    ),
  nextPolicy: ({ nextPolicy }) =>
    nextPolicy === undefined
      ? []
      : [change('rule', 'plan-next-policy', 'The officers sign the next version of the policy')],
  image: ({ image }) =>
    image === undefined
      ? []
      : [change('rule', 'plan-image', 'The workstation must start from one named medium')],
  checkpoints: ({ checkpoints: { live } }) =>
    live.length === 0
      ? []
      : [
          change(
            'rule',
            'plan-cosigned',
            `Witnesses cosign before the run goes on, at ${live.length} steps`,
            { steps: live.length },
          ),
        ],
  parts: (plan) => [
    ...lost(plan),
    change('rule', 'plan-steps', `The script has ${stepsOf(plan).length} steps`, {
      steps: stepsOf(plan).length,
    }),
  ],
}

/** A plan as an act, from its parsed bytes. The whole of it, step by step, stays beside it as text. */
export function describePlan(plan: Plan, { policy, before }: PlanContext): DescribedAct {
  const changes = changesOf(plan, policy)
  const people = peopleOf(plan)
  const devices = [...tokensOf(plan), ...serversOf(plan, policy)]
  const described: DescribedAct = {
    changes,
    people,
    keys: keysOf(plan),
    devices,
    claims: claimsOf(plan, policy),
    prints: printsOf(plan),
    since: told('since-nothing', 'Nothing to compare it with is here'),
  }
  if (before === null) return described
  const old = describePlan(before, { policy, before: null })
  const keys = described.keys
  const marked = markNamed(keys?.rows ?? [], old.keys?.rows ?? [], (a, b) => a.at.join() === b.at.join())
  const other = swapped(plan, before, policy)
  return {
    ...described,
    changes: [...other.changes, ...markChanges(changes, old.changes)],
    people: markNamed(
      people,
      old.people,
      (a, b) => a.roles.join() === b.roles.join() && !other.people.includes(a.name),
    ),
    keys: keys === null ? null : { ...keys, rows: marked.filter(({ mark }) => mark !== 'gone') },
    devices: markNamed(
      devices,
      old.devices,
      (a, b) => a.serial === b.serial && a.make === b.make && !other.devices.includes(a.name),
    ).map((one) => {
      const was = one.mark === 'changed' ? old.devices.find(({ name }) => name === one.name)?.serial : null
      return was == null || was === one.serial ? one : { ...one, was }
    }),
    since: told('since-plan', `Compared with the plan ${before.title}`, { title: before.title }),
  }
}

/** Whose card, which token's library and which server's card or transport is another one under the same name: nobody sees it by the name. */
function swapped(
  plan: Plan,
  before: Plan,
  policy: Policy | null,
): { changes: ActChange[]; people: string[]; devices: string[] } {
  const differing = <T>(
    of: (plan: Plan) => readonly T[],
    name: (one: T) => string,
    what: (one: T) => string,
  ) => {
    const all = (one: Plan, named: string): string =>
      of(one)
        .filter((entry) => name(entry) === named)
        .map(what)
        .toSorted()
        .join()
    const names = [...new Set(of(plan).map(name))]
    return names.filter((one) => all(before, one) !== '' && all(before, one) !== all(plan, one))
  }
  const people = differing(
    (one) => one.people,
    ({ name }) => name,
    ({ card }) => card,
  )
  const tokens = differing(
    (one) => one.tokens,
    labelOf,
    ({ library, shim }) => `${library} ${shim ?? ''}`,
  )
  const servers = differing(
    (one) => one.destinations,
    ({ card }) => serverName(card, policy),
    ({ card, transport }) => `${card} ${transport ?? ''}`,
  )
  const told = (
    about: ActChange['about'],
    name: 'plan-other-card' | 'plan-other-library' | 'plan-other-server',
    text: string,
    who: string[],
  ): ActChange[] => {
    const names = who.join(', ')
    return who.length === 0
      ? []
      : [{ ...change(about, name, `${text}: ${names}`, { names }), mark: 'changed' }]
  }
  return {
    people,
    devices: [...tokens, ...servers],
    changes: [
      ...told('people', 'plan-other-card', 'They come with another card than before', people),
      ...told('rule', 'plan-other-library', 'Tokens behind another library than before', tokens),
      ...told('place', 'plan-other-server', 'Servers with another card or transport than before', servers),
    ],
  }
}

const changesOf = (plan: Plan, policy: Policy | null): ActChange[] => {
  const told = Object.values(sentences).flatMap((of) => of?.(plan, policy) ?? [])
  // What is lost for good is read first.
  const rank = ({ about }: ActChange): number => (about === 'rule' ? 2 : about === 'lost' ? 0 : 1)
  return told.toSorted((a, b) => rank(a) - rank(b))
}

const labelOf = ({ label, role }: PlannedToken): string => label ?? role

const tokenNamed = (plan: Plan, step: Step): string => {
  const token = tokenOf(plan, step)
  return token === undefined ? (step.token ?? 'ceremony') : labelOf(token)
}

const serverNames = ({ destinations }: Plan, policy: Policy | null, sent: boolean): string[] =>
  destinations
    .filter(({ transport }) => !sent || transport !== undefined)
    .map(({ card }) => serverName(card, policy))

const serverName = (card: string, policy: Policy | null): string =>
  policy?.audiences.find(({ audience }) => audience === card)?.name ?? card.slice(0, 16)

/** Tokens into which the root comes besides the one that makes it, by this tool or its vendor's. */
function furtherTokens(plan: Plan, key: PlannedKey): { spares: string[]; copies: string[] } {
  const into = stepsOf(plan).flatMap(({ step }) =>
    step.do === 'replicate-root' && step.key === key.id ? tokenNamed(plan, step) : [],
  )
  const spares = (key.spares ?? []).flatMap((role) =>
    plan.tokens.filter((one) => one.role === role).map(labelOf),
  )
  return { spares, copies: vendorWayOf(key) === null ? [] : into.filter((name) => !spares.includes(name)) }
}

/** Only at its birth does a root leave its token by the window. */
const goesToServers = (plan: Plan, key: PlannedKey): boolean =>
  key.level === 'root' && key.existing === undefined && leavesByWindow(plan, key)

const destroyedIn = (plan: Plan, key: PlannedKey): string[] =>
  stepsOf(plan).flatMap(({ step }) =>
    step.key === key.id && destroyedBy(step) !== null ? tokenNamed(plan, step) : [],
  )

/** The token where a root is made or used: that of the first step on it, or on a key below it, which neither copies nor destroys it. */
function homeOf(plan: Plan, root: PlannedKey): string {
  const below = plan.keys.filter((key) => ancestorsOf(plan, key).some(({ id }) => id === root.id))
  const own = new Set([root, ...below].map(({ id }) => id))
  const first = stepsOf(plan).find(
    ({ step }) =>
      step.key !== undefined &&
      own.has(step.key) &&
      step.do !== 'replicate-root' &&
      destroyedBy(step) === null,
  )
  const [token] = plan.tokens
  return first !== undefined ? tokenNamed(plan, first.step) : token === undefined ? '' : labelOf(token)
}

function keySentences(plan: Plan, policy: Policy | null): ActChange[] {
  const children = new Map<string, PlannedKey[]>()
  for (const key of plan.keys)
    if (key.parent !== undefined) children.set(key.parent, [...(children.get(key.parent) ?? []), key])
  return plan.keys.flatMap((key): ActChange[] => {
    const { name, algorithm, existing, backup, replaces, version = 1 } = key
    const { spares, copies } = furtherTokens(plan, key)
    const token = homeOf(plan, key)
    const servers = goesToServers(plan, key) ? serverNames(plan, policy, true) : []
    const under = (children.get(key.id) ?? []).map((one) => one.name).join(', ')
    const own = {
      made: key.level === 'root' && existing === undefined,
      used: key.level === 'root' && existing !== undefined && destroyedIn(plan, key).length === 0,
    }
    return [
      ...(own.made
        ? [
            change('key', 'plan-root-made', `A new root key, ${name}, is made inside the token ${token}`, {
              key: name,
              token,
              algorithm,
            }),
          ]
        : []),
      ...(own.used
        ? [
            change('key', 'plan-root-used', `The root key ${name} in the token ${token} is used`, {
              key: name,
              token,
            }),
          ]
        : []),
      ...(spares.length === 0
        ? []
        : [
            change(
              'place',
              'plan-root-spares',
              `${name} goes, wrapped, into the tokens ${spares.join(', ')}`,
              { key: name, names: spares.join(', ') },
            ),
          ]),
      ...(copies.length === 0
        ? []
        : [
            change(
              'place',
              'plan-root-copied',
              `The vendor’s tool copies ${name} into the tokens ${copies.join(', ')}`,
              { key: name, names: copies.join(', ') },
            ),
          ]),
      ...(servers.length === 0
        ? []
        : [
            change(
              'place',
              'plan-root-servers',
              `${name} goes, wrapped, to the servers ${servers.join(', ')}`,
              { key: name, names: servers.join(', ') },
            ),
          ]),
      ...(backup === undefined
        ? []
        : [
            change(
              'share',
              'plan-backup',
              `Any ${backup.t} of ${backup.n} bring ${name} back: ${backup.custodians.join(', ')}`,
              {
                ...{ key: name, t: backup.t, n: backup.n, names: backup.custodians.join(', ') },
              },
            ),
          ]),
      ...(under === ''
        ? []
        : [change('key', 'plan-keys-under', `Made under ${name}: ${under}`, { key: name, names: under })]),
      ...(replaces === undefined
        ? []
        : [
            change(
              'key',
              'plan-key-replaces',
              `${name}, version ${version}, comes in the place of ${replaces.id}, version ${replaces.version}`,
              {
                ...{ key: name, version, before: replaces.id, last: replaces.version },
              },
            ),
          ]),
    ]
  })
}

/** What nobody brings back. A plan that destroys nothing says so. */
function lost(plan: Plan): ActChange[] {
  const found = stepsOf(plan).flatMap(({ step }): ActChange[] => {
    const token = tokenNamed(plan, step)
    const what = destroyedBy(step)
    if (what === null) return []
    if (what === 'all in its token')
      return [
        change('lost', 'plan-token-erased', `All that the token ${token} holds is erased`, { key: token }),
      ]
    const key = keyOf(plan, step.key)?.name ?? plan.recovery?.backup.key ?? ''
    return [
      change('lost', 'plan-root-destroyed', `The root key ${key} in the token ${token} is destroyed`, {
        key,
        token,
      }),
    ]
  })
  return found.length === 0 ? [change('rule', 'plan-destroys-nothing', 'Nothing is destroyed')] : found
}

/** Each person once, with all their roles. */
function peopleOf({ people }: Plan): DescribedAct['people'] {
  const names = [...new Set(people.map(({ name }) => name))]
  return names.map((name) => ({
    name,
    roles: [...new Set(people.filter((one) => one.name === name).map(({ role }) => role))],
  }))
}

function tokensOf({ tokens }: Plan): DescribedAct['devices'] {
  return tokens.map((token) => ({
    kind: 'token',
    name: labelOf(token),
    serial: token.serial === 'new' ? null : token.serial,
    make: token.device === undefined ? token.profile : `${token.device.maker} ${token.device.model}`,
  }))
}

function serversOf({ destinations }: Plan, policy: Policy | null): DescribedAct['devices'] {
  return destinations.map(({ card }) => ({
    kind: 'server',
    name: serverName(card, policy),
    serial: null,
    make: '',
  }))
}

/** Keys against the places where each will live. */
function keysOf(plan: Plan): DescribedAct['keys'] {
  const { keys, tokens, destinations, fhe, reshare, recovery } = plan
  const holders = reshare?.holders ?? fhe?.holders ?? []
  const custodians = new Set([
    ...keys.flatMap(({ backup }) => backup?.custodians ?? []),
    ...(recovery?.custodians ?? []),
  ])
  // Only a server that came with a transport file can be given a root.
  const groups = [
    { name: '', count: destinations.filter(({ transport }) => transport !== undefined).length },
    { name: 'card', count: destinations.filter(({ transport }) => transport === undefined).length },
  ].filter(({ count }) => count > 0)
  const restored = restoredInto(plan)
  const further = keys.map((key) => furtherTokens(plan, key))
  const homes = keys.map((key) => (key.level === 'root' ? homeOf(plan, key) : ''))
  const used = tokens.filter(
    (token) =>
      homes.includes(labelOf(token)) ||
      restored.includes(labelOf(token)) ||
      further.some(({ spares, copies }) => [...spares, ...copies].includes(labelOf(token))),
  )
  const below = keys.some(({ level }) => level !== 'root')
  const places: NonNullable<DescribedAct['keys']>['places'] = [
    ...(keys.length === 0 && recovery === undefined
      ? []
      : used.map((token) => ({ kind: 'token' as const, name: labelOf(token), count: 1 }))),
    ...(keys.length === 0 || destinations.length === 0
      ? []
      : groups.map(({ name, count }) => ({ kind: 'servers' as const, name, count }))),
    ...(below ? [{ kind: 'bundle' as const, name: '', count: 1 }] : []),
    ...(holders.length + custodians.size === 0
      ? []
      : [{ kind: 'people' as const, name: '', count: new Set([...holders, ...custodians]).size }]),
  ]
  const rows = [
    ...keys.map((key, at) => {
      const isRoot = key.level === 'root'
      const { spares = [], copies = [] } = further[at] ?? {}
      const inServers = (place: string): boolean =>
        !isRoot || vendorWayOf(key) !== null || (place === '' && goesToServers(plan, key))
      const gone = destroyedIn(plan, key)
      return {
        name: key.name,
        depth: ancestorsOf(plan, key).length,
        at: places.map(({ kind, name }) => {
          if (kind === 'token')
            return isRoot && !gone.includes(name) && [homes[at], ...spares, ...copies].includes(name)
              ? ('lives' as const)
              : null
          if (kind === 'servers')
            return !inServers(name) ? null : isRoot ? ('lives' as const) : ('wrapped' as const)
          if (kind === 'bundle') return isRoot ? null : ('wrapped' as const)
          return key.backup === undefined ? null : ('share' as const)
        }),
      }
    }),
    ...(recovery === undefined || keys.some(({ name }) => name === recovery.backup.key)
      ? []
      : [
          {
            name: recovery.backup.key,
            depth: 0,
            at: places.map(({ kind, name }) =>
              kind === 'people'
                ? ('share' as const)
                : kind === 'token' && restored.includes(name)
                  ? ('lives' as const)
                  : null,
            ),
          },
        ]),
    ...(fhe === undefined
      ? []
      : [
          {
            name: fhe.id,
            depth: 0,
            at: places.map(({ kind }) => (kind === 'people' ? ('share' as const) : null)),
          },
        ]),
  ]
  return rows.length === 0 ? null : { places, rows }
}

/** Tokens in which a root that came out of its backup stays: a drill destroys it there again. */
function restoredInto(plan: Plan): string[] {
  const steps = stepsOf(plan).map(({ step }) => step)
  const gone = steps.flatMap((step) => (destroyedBy(step) === null ? [] : tokenNamed(plan, step)))
  return steps
    .flatMap((step) => (step.do === 'restore-root' ? tokenNamed(plan, step) : []))
    .filter((name) => !gone.includes(name))
}

/** What the bytes cannot prove. */
function claimsOf(plan: Plan, policy: Policy | null): DescribedAct['claims'] {
  const unvouched = plan.tokens
    .filter(({ attestation }) => attestation === undefined)
    .map(labelOf)
    .join(', ')
  const sent = serverNames(plan, policy, true).join(', ')
  return [
    ...(unvouched === ''
      ? []
      : [
          line(
            'claimed',
            'tokens',
            told('claim-tokens', `That they are genuine, ${unvouched}: no vendor vouches for them`, {
              names: unvouched,
            }),
          ),
        ]),
    ...(sent === ''
      ? []
      : [
          line(
            'claimed',
            'servers',
            told(
              'claim-servers',
              `That the cards are theirs, ${sent}: whoever made a card may hold the root in the clear`,
              { names: sent },
            ),
          ),
        ]),
  ]
}

function printsOf(plan: Plan): DescribedAct['prints'] {
  return [
    print('proved', 'policy', plan.policy),
    print('proved', 'build', plan.tool),
    ...plan.tokens.map(({ role, library }) => print('proved', 'library', `${role} ${library}`)),
    ...plan.destinations.map(({ card }) => print('proved', 'servers', card)),
    ...plan.people.map(({ name, card }) => print('proved', 'people', `${name} ${card}`)),
  ]
}
