import { AsyncLocalStorage } from 'node:async_hooks'
import { type Kysely, sql, type Transaction } from 'kysely'
import { EnvironmentError } from '../../../refusal.ts'
import type { Tables } from '../tables.ts'
import { acceptState } from './accept.ts'
import { catchUp, forgetOldChanges, nameOfMac, openLiveRows } from './live.ts'
import { look, type Pins, type Seen } from './look.ts'
import { type AuthorityKeys, authorityKeys } from './marks.ts'
import { type AuthorityTable, nameOfRow, type StoredRow } from './tables.ts'
import {
  type Advanced,
  type Asked,
  advance,
  type Deltas,
  own,
  requireAsked,
  requireOwn,
  type Step,
  type Writing,
  writerOf,
} from './writer.ts'

/** Vouches for what the database says of authority. */
export type Vouching = {
  /**
   * Each row is what was asked for, as the server wrote it last, and its tenant serves: asked whenever something is decided by it. Throws ROW-FORGED, AUTHORITY-OTHER,
   * and the token's own code until it was unsealed once.
   */
  vouch<N extends AuthorityTable>(table: N, rows: readonly StoredRow<N>[], asked: Asked<N>): Promise<void>
  /** The newest state of each tenant that this process knows. */
  heads(): readonly Advanced[]
  /** Looks at the whole of every tenant's set. Null while the token was never unsealed. */
  look(): Promise<Seen | null>
  /** Learns what other servers changed: what they took grants nothing here either. */
  follow(): Promise<void>
  /** What the last look found. */
  readonly seen: Seen
  /** From now on nothing is decided while the last look is older than two minutes. */
  relyOnLooks(): void
  /** Whether anything can be decided: the roots, which are the deployment's own rows, are whole, and the last look is not too old. */
  readonly serves: boolean
}

/** A connection by which authority is read and changed. */
export type Sealing = {
  readonly authority: Vouching
  /** One transaction; what it changes of authority is sealed with it, or none of it is done. */
  change<T>(work: (work: Work) => Promise<T>): Promise<T>
}

export type SealedDatabase = Kysely<Tables> & Sealing

/** The digest of each tenant's authority, as changes left it. */
export type Digests = Map<string, string>
const collecting = new AsyncLocalStorage<Digests>()

/** What the work, and whatever it waits for, changes of authority is noted: an audit entry names it. */
export const notingAuthority = <T>(digests: Digests, work: () => Promise<T>): Promise<T> =>
  collecting.run(digests, work)

function tell(advanced: readonly Advanced[]): void {
  const digests = collecting.getStore()
  for (const { tenant, digest } of advanced) digests?.set(tenant, digest)
}

/** Those rows alone that may decide: of the others, the look at the whole tells. */
export async function vouchedOf<N extends AuthorityTable>(
  authority: Vouching,
  table: N,
  rows: readonly StoredRow<N>[],
  asked: Asked<N>,
): Promise<StoredRow<N>[]> {
  const own: StoredRow<N>[] = []
  for (const row of rows)
    try {
      await authority.vouch(table, [row], asked)
      own.push(row)
    } catch (error) {
      const code = error instanceof EnvironmentError ? error.code : null
      if (code !== 'ROW-FORGED' && code !== 'AUTHORITY-OTHER') throw error
    }
  return own
}

/** What cannot be taken back follows from no row alone: nothing is forged and no tenant's rows are gone. Throws AUTHORITY-OTHER. */
export async function requireWhole(authority: Vouching): Promise<void> {
  const seen = await authority.look()
  const [other] = seen === null ? ['nothing was looked at'] : [...seen.stopped.values(), ...seen.forged]
  if (other !== undefined) throw new EnvironmentError('AUTHORITY-OTHER', other)
}

/** A transaction that may change authority. */
export type Work = Transaction<Tables> &
  Sealing & {
    readonly authority: Vouching &
      Writing & {
        /** The sets as they are by now, for an entry that is written within the transaction: nothing else is locked after it. */
        settle(): Promise<void>
      }
  }

type Parts = {
  /** Of the token; null while it is sealed. */
  key(): Promise<Uint8Array | null>
  /** Why there is no key. */
  sealed(): { readonly code: string; readonly detail: string } | null
  /** The newest state of each tenant, kept outside the database. */
  readonly pins: Pins
  /** What a new database waits for, once there is a key. */
  begin?(database: SealedDatabase): Promise<void>
}

/** Looks are made each minute: one that failed twice is no accident. In ms. */
const goodFor = 120_000

/** The pool itself, which from now on seals what it changes of authority; and what takes a state as it is, for one command. */
export function sealedDatabase(
  pool: Kysely<Tables>,
  { key, sealed, pins, begin }: Parts,
): { readonly database: SealedDatabase; accept(shown: Seen): Promise<void> } {
  let known: AuthorityKeys | null = null
  let begun = false
  /** Newest states by what this process did or saw: an older one is no state to go back to. */
  const newest = new Map<string, Advanced>()
  const live = openLiveRows()

  async function keys(): Promise<AuthorityKeys> {
    if (known !== null) return known
    const found = await key()
    if (found === null) {
      const why = sealed()
      throw new EnvironmentError(why?.code ?? 'TOKEN-PIN', why?.detail ?? 'the token is not logged in')
    }
    // Another call may have been first.
    if (known !== null) return known
    known = authorityKeys(found)
    await begin?.(database)
    begun = true
    return known
  }

  function note(advanced: readonly Advanced[]): void {
    for (const { tenant, counter, digest } of advanced)
      if (counter > (newest.get(tenant)?.counter ?? 0n)) newest.set(tenant, { tenant, counter, digest })
  }

  const looks = openLooks({
    isBegun: () => begun,
    async look() {
      if (known === null && (await key()) === null) return null
      const found = await look(pool, await keys(), { newest, pins, live })
      note(found.newest)
      return found
    },
    async forget() {
      await forgetOldChanges(pool)
    },
  })
  const keysNow = () => known ?? keys()
  const { caughtUp, requireLive, vouch } = openRows({ pool, live, looks, keys: keysNow })

  const vouching: Vouching = {
    vouch: (table, rows, asked) => vouch({ from: pool, mine: null }, table, rows, asked),
    heads: () => [...newest.values()],
    look: looks.next,
    async follow() {
      if (known === null) return
      const heads = await pool.selectFrom('authority_set').select(['tenant', 'counter']).execute()
      for (const { tenant, counter } of heads)
        if (live.counterOf(tenant) < BigInt(counter)) await caughtUp(pool, known, tenant)
    },
    get seen() {
      return looks.seen
    },
    relyOnLooks: looks.rely,
    get serves() {
      return !looks.isBlind() && !looks.seen.stopped.has('')
    },
  }

  const change: Sealing['change'] = async (work) => {
    let advanced: Step[] = []
    const done = await pool.transaction().execute(async (begun) => {
      const deltas: Deltas = { nets: new Map(), own: new Set(), founded: new Set() }
      const within: Pick<Vouching, 'vouch'> = {
        // A head that this transaction moved is no state that others may follow.
        vouch: (table, rows, asked) =>
          vouch({ from: advanced.length > 0 ? pool : begun, mine: deltas.own }, table, rows, asked),
      }
      const sealing: Work = Object.assign(begun, {
        change: <T>(more: (work: Work) => Promise<T>) => more(sealing),
        authority: Object.assign(Object.create(vouching), lazily(begun, deltas), within, {
          async settle() {
            await settle(begun, deltas)
            tell(advanced)
          },
        }),
      })
      const result = await work(sealing)
      await settle(begun, deltas)
      return result
    })
    note(advanced)
    for (const { tenant, head, change } of advanced)
      live.follow(await keys(), tenant, head, new Map([[head.counter, change]]))
    tell(advanced)
    return done

    async function settle(begun: Transaction<Tables>, deltas: Deltas): Promise<void> {
      if (deltas.nets.size === 0) return
      advanced = [...advanced, ...(await advance(begun, await keys(), deltas, newest))]
      deltas.nets.clear()
    }
  }

  /** A transaction that changes no authority needs no key. */
  function lazily(begun: Transaction<Tables>, deltas: Deltas): Writing {
    const writer = async () =>
      writerOf(begun, await keys(), deltas, async (table, row) => {
        if (row.authority_mac === null || !deltas.own.has(nameOfMac(row.authority_mac)))
          await requireLive(begun, table, row)
      })
    return {
      insert: async (...args) => (await writer()).insert(...args),
      insertUnlessTaken: async (...args) => (await writer()).insertUnlessTaken(...args),
      update: async (...args) => (await writer()).update(...args),
      remove: async (...args) => (await writer()).remove(...args),
    }
  }

  const database = Object.assign(pool, { authority: vouching, change })
  return {
    database,
    async accept(shown) {
      const heads = await acceptState(pool, await keys(), { pins, newest, shown })
      note(heads)
      tell(heads)
    },
  }
}

type Looks = ReturnType<typeof openLooks>

/** Single rows: whether the server wrote them, and whether they are of the newest state. */
function openRows({
  pool,
  live,
  looks,
  keys,
}: {
  readonly pool: Kysely<Tables>
  readonly live: ReturnType<typeof openLiveRows>
  readonly looks: Pick<Looks, 'isBlind' | 'sighted' | 'requireServed' | 'next'>
  keys(): AuthorityKeys | Promise<AuthorityKeys>
}) {
  /** Rows that the server wrote, with their MACs as live rows are named. */
  const vouched = new WeakMap<object, string>()
  const catching = new Map<string, Promise<boolean>>()

  /** What other servers changed is learned where it is needed: by a transaction over its own connection. */
  function caughtUp(from: Kysely<Tables>, by: AuthorityKeys, tenant: string): Promise<boolean> {
    if (from !== pool) return catchUp(from, by, live, tenant)
    const begin = () => {
      const mine = catchUp(from, by, live, tenant).finally(() => catching.delete(tenant))
      catching.set(tenant, mine)
      return mine
    }
    // One that runs already may have read before the change: all who wait for it share the next.
    const next = () => catching.get(tenant) ?? begin()
    return catching.get(tenant)?.then(next, next) ?? begin()
  }

  /** Throws ROW-FORGED where a change took the row: somebody put it back. */
  async function requireLive<N extends AuthorityTable>(
    from: Kysely<Tables>,
    table: N,
    row: StoredRow<N>,
  ): Promise<void> {
    const { authority_tenant: tenant } = row
    const mac = nameOfMac(row.authority_mac ?? Buffer.alloc(0))
    if (live.has(tenant, mac)) return
    if (!(await caughtUp(from, await keys(), tenant))) {
      await looks.next()
      looks.requireServed(tenant)
    }
    if (live.has(tenant, mac)) return
    // It was read just before it was changed, unless it is there again.
    if (live.ended(mac) && !(await isThere(from, table, row))) return
    throw new EnvironmentError('ROW-FORGED', `${nameOfRow(table, row)} is of an older state`)
  }

  async function vouch<N extends AuthorityTable>(
    { from, mine }: { readonly from: Kysely<Tables>; readonly mine: ReadonlySet<string> | null },
    table: N,
    rows: readonly StoredRow<N>[],
    asked: Asked<N>,
  ): Promise<void> {
    // Nothing is waited for where the keys are here: this is on the way of every encrypt.
    const found = keys()
    const by = found instanceof Promise ? await found : found
    if (looks.isBlind()) await looks.sighted()
    for (const row of rows) {
      requireAsked(table, row, asked)
      let name = vouched.get(row)
      if (name === undefined) {
        requireOwn(by, table, row)
        name = nameOfMac(row.authority_mac ?? Buffer.alloc(0))
        vouched.set(row, name)
      }
      looks.requireServed(row.authority_tenant)
      // Nothing is waited for where nothing has to be learned: this is on the way of every encrypt.
      if (!live.has(row.authority_tenant, name) && !mine?.has(name)) await requireLive(from, table, row)
    }
  }

  return { caughtUp, requireLive, vouch }
}

/** Looks at the whole of every tenant's set, and how long the last one is good for. */
function openLooks({
  isBegun,
  look,
  forget,
}: {
  isBegun(): boolean
  look(): Promise<(Seen & { pin(): Promise<void> }) | null>
  forget(): Promise<void>
}) {
  let seen: Seen = { stopped: new Map(), forged: [], content: '', rows: [] }
  let lookedAt = Number.NEGATIVE_INFINITY
  let relies = false
  let looking: Promise<Seen | null> | null = null
  let last: Promise<void> = Promise.resolve()

  const isBlind = () => relies && isBegun() && performance.now() - lookedAt > goodFor

  async function lookNow(): Promise<Seen | null> {
    const found = await look()
    if (found === null) return null
    seen = found
    lookedAt = performance.now()
    // What was seen counts, also where a full disk keeps it from being pinned.
    await found.pin()
    await forget()
    return found
  }

  /** One after the other: what an older look saw is not told after a newer one. */
  function next(): Promise<Seen | null> {
    const mine = last.then(lookNow)
    last = mine.then(
      () => undefined,
      () => undefined,
    )
    return mine
  }

  function once(): Promise<Seen | null> {
    looking ??= next().finally(() => {
      looking = null
    })
    return looking
  }

  /** Whoever keeps the server from looking keeps it from serving. */
  async function sighted(): Promise<void> {
    if (!isBlind()) return
    await once().catch((cause: unknown) => {
      if (isBlind()) throw new EnvironmentError('AUTHORITY-OTHER', 'it cannot be looked at', { cause })
    })
  }

  function requireServed(tenant: string): void {
    const why = seen.stopped.get(tenant)
    if (why !== undefined) throw new EnvironmentError('AUTHORITY-OTHER', why)
  }

  return {
    isBlind,
    next,
    sighted,
    requireServed,
    get seen() {
      return seen
    },
    rely(): void {
      relies = true
    },
  }
}

async function isThere<N extends AuthorityTable>(
  from: Kysely<Tables>,
  table: N,
  row: StoredRow<N>,
): Promise<boolean> {
  const { rows } = await sql<{ authority_mac: Buffer | null }>`
    select authority_mac from ${sql.table(table)} where ${own(table, row)}`.execute(from)
  return rows.some(({ authority_mac: mac }) => mac !== null && row.authority_mac?.equals(mac))
}
