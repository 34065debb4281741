import { AsyncLocalStorage } from 'node:async_hooks'
import type { Kysely, Transaction } from 'kysely'
import { EnvironmentError } from '../../../refusal.ts'
import type { Tables } from '../tables.ts'
import { acceptState } from './accept.ts'
import { look, type Pins, type Seen } from './look.ts'
import { type AuthorityKeys, authorityKeys } from './marks.ts'
import type { AuthorityTable, StoredRow } from './tables.ts'
import {
  type Advanced,
  type Asked,
  advance,
  type Deltas,
  requireAsked,
  requireOwn,
  type Writing,
  writerOf,
} from './writer.ts'

/** Vouches for what the database says of authority. */
export type Vouching = {
  /**
   * Each row is what was asked for and as the server wrote it, and its tenant serves: asked whenever something is decided by it. Throws ROW-FORGED, AUTHORITY-OTHER,
   * and the token's own code until it was unsealed once.
   */
  vouch<N extends AuthorityTable>(table: N, rows: readonly StoredRow<N>[], asked: Asked<N>): Promise<void>
  /** The newest state of each tenant that this process knows. */
  heads(): readonly Advanced[]
  /** Looks at the whole of every tenant's set. Null while the token was never unsealed. */
  look(): Promise<Seen | null>
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
  let seen: Seen = { stopped: new Map(), forged: [], content: '', rows: [] }
  /** Newest states by what this process did or saw: an older one is no state to go back to. */
  const newest = new Map<string, Advanced>()
  const vouched = new WeakSet<object>()
  let lookedAt = Number.NEGATIVE_INFINITY
  let relies = false
  let looking: Promise<Seen | null> | null = null
  let last: Promise<void> = Promise.resolve()

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
    for (const one of advanced)
      if (one.counter > (newest.get(one.tenant)?.counter ?? 0n)) newest.set(one.tenant, one)
  }

  const isBlind = () => relies && begun && performance.now() - lookedAt > goodFor

  async function lookNow(): Promise<Seen | null> {
    if (known === null && (await key()) === null) return null
    const found = await look(pool, await keys(), { newest, pins })
    note(found.newest)
    seen = found
    lookedAt = performance.now()
    // What was seen counts, also where a full disk keeps it from being pinned.
    await found.pin()
    return found
  }

  /** One after the other: what an older look saw is not told after a newer one. */
  function lookNext(): Promise<Seen | null> {
    const mine = last.then(lookNow)
    last = mine.then(
      () => undefined,
      () => undefined,
    )
    return mine
  }

  function lookOnce(): Promise<Seen | null> {
    looking ??= lookNext().finally(() => {
      looking = null
    })
    return looking
  }

  /** Whoever keeps the server from looking keeps it from serving. */
  async function sighted(): Promise<void> {
    if (!isBlind()) return
    await lookOnce().catch((cause: unknown) => {
      if (isBlind()) throw new EnvironmentError('AUTHORITY-OTHER', 'it cannot be looked at', { cause })
    })
  }

  const vouching: Vouching = {
    async vouch(table, rows, asked) {
      const by = await keys()
      await sighted()
      for (const row of rows) {
        requireAsked(table, row, asked)
        if (!vouched.has(row)) {
          requireOwn(by, table, row)
          vouched.add(row)
        }
        const why = seen.stopped.get(row.authority_tenant)
        if (why !== undefined) throw new EnvironmentError('AUTHORITY-OTHER', why)
      }
    },
    heads: () => [...newest.values()],
    look: lookNext,
    get seen() {
      return seen
    },
    relyOnLooks() {
      relies = true
    },
    get serves() {
      return !isBlind() && !seen.stopped.has('')
    },
  }

  const change: Sealing['change'] = async (work) => {
    let advanced: Advanced[] = []
    const done = await pool.transaction().execute(async (begun) => {
      const deltas: Deltas = { sums: new Map(), founded: new Set() }
      const sealing: Work = Object.assign(begun, {
        change: <T>(more: (work: Work) => Promise<T>) => more(sealing),
        authority: Object.assign(Object.create(vouching), lazily(begun, deltas), {
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
    tell(advanced)
    return done

    async function settle(begun: Transaction<Tables>, deltas: Deltas): Promise<void> {
      if (deltas.sums.size === 0) return
      advanced = [...advanced, ...(await advance(begun, await keys(), deltas, newest))]
      deltas.sums.clear()
    }
  }

  /** A transaction that changes no authority needs no key. */
  const lazily = (begun: Transaction<Tables>, deltas: Deltas): Writing => ({
    insert: async (...args) => writerOf(begun, await keys(), deltas).insert(...args),
    insertUnlessTaken: async (...args) => writerOf(begun, await keys(), deltas).insertUnlessTaken(...args),
    update: async (...args) => writerOf(begun, await keys(), deltas).update(...args),
    remove: async (...args) => writerOf(begun, await keys(), deltas).remove(...args),
  })

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
