import { setImmediate as turn } from 'node:timers/promises'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Tables } from '../tables.ts'
import { catchUp, type LiveRows, nameOfMac } from './live.ts'
import { type AuthorityKeys, contribution, type Head, headDigest, openHead, plus, rowMac } from './marks.ts'
import type { ForgedRow } from './says.ts'
import { type AuthorityTable, authorityNames, columnsOf, nameOfRow, type StoredRow } from './tables.ts'
import { type Advanced, faultBefore, isOwn, nameOfTenant, unsealed } from './writer.ts'

/** What a look at every set found. */
export type Seen = {
  /** Tenants that serve no more, and why. */
  readonly stopped: ReadonlyMap<string, string>
  /** Rows that the server did not write, by name: they grant nothing. */
  readonly forged: readonly string[]
  /** What the forged rows and those of stopped tenants hold, in short: whoever accepts them accepts this. */
  readonly content: string
  /** The same rows as they are. */
  readonly rows: readonly ForgedRow[]
}

/** The newest state of each tenant, outside the database: a whole database that is put back is behind it. */
export type Pins = {
  read(): Promise<readonly Advanced[]>
  write(heads: readonly Advanced[]): Promise<void>
}

/** Rows after which others have their turn. */
const batch = 500

/** Many rows take longer than a request may; whoever holds a lock keeps nobody from serving for long without its being seen. */
export const unhurried = (work: Kysely<Tables>) =>
  sql`select set_config('statement_timeout', '60s', true), set_config('lock_timeout', '5s', true)`.execute(
    work,
  )

/** As of one moment, so that a change of another server is seen whole. */
export function atOneMoment<T>(pool: Kysely<Tables>, work: (from: Kysely<Tables>) => Promise<T>): Promise<T> {
  return pool
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (from) => {
      await unhurried(from)
      return work(from)
    })
}

export async function rowsOf<N extends AuthorityTable>(
  from: Kysely<Tables>,
  table: N,
  ...more: readonly RawBuilder<unknown>[]
): Promise<StoredRow<N>[]> {
  const covered = columnsOf(table).flatMap(({ name, covered: is }) => (is ? [name] : []))
  const names = [...covered, 'authority_tenant', 'authority_mac'].map((name) => sql.ref(name))
  const { rows } = await sql<
    StoredRow<N>
  >`select ${sql.join([...names, ...more])} from ${sql.table(table)}`.execute(from)
  return rows
}

export async function look(
  pool: Kysely<Tables>,
  keys: AuthorityKeys,
  {
    newest,
    pins,
    live,
  }: { readonly newest: ReadonlyMap<string, Advanced>; readonly pins: Pins; readonly live: LiveRows },
): Promise<Seen & { readonly newest: readonly Advanced[]; pin(): Promise<void> }> {
  // Before the moment that is looked at: what this server changes meanwhile is no older state.
  const pinned = await pins.read()
  const atLeast = newestOf(newest, pinned)
  const everything = await atOneMoment(pool, async (from) => {
    const all = await readAll(from)
    // Change by change where that is possible: who read a row in between is still believed.
    for (const { tenant, counter } of all.stored)
      if (live.counterOf(tenant) > 0n && live.counterOf(tenant) < BigInt(counter))
        await catchUp(from, keys, live, tenant)
    return all
  })
  const { stopped, forged, content, rows, heads, learned } = await judge(keys, everything, atLeast, live)
  for (const [tenant, { head, macs }] of learned) live.learn(tenant, head, macs)
  const moved = heads.some(
    ({ tenant, counter }) => pinned.find((one) => one.tenant === tenant)?.counter !== counter,
  )
  return {
    ...{ stopped, forged, content, rows, newest: [...atLeast.values(), ...heads] },
    async pin() {
      // Of one that is stopped, what was pinned stays.
      if (moved) await pins.write([...pinned.filter(({ tenant }) => stopped.has(tenant)), ...heads])
    },
  }
}

export function newestOf(known: ReadonlyMap<string, Advanced>, pinned: readonly Advanced[]) {
  const atLeast = new Map(known)
  for (const one of pinned)
    if (one.counter > (atLeast.get(one.tenant)?.counter ?? 0n)) atLeast.set(one.tenant, one)
  return atLeast
}

type Everything = Awaited<ReturnType<typeof readAll>>

export const readAll = async (from: Kysely<Tables>) => ({
  stored: await from.selectFrom('authority_set').selectAll().execute(),
  tables: await eachTable((table) => rowsOf(from, table)),
})

export async function judge(
  keys: AuthorityKeys,
  { stored, tables }: Everything,
  atLeast: ReadonlyMap<string, Advanced>,
  live: LiveRows | null = null,
): Promise<
  Seen & {
    readonly heads: readonly Advanced[]
    /** The rows of whole states that are newer than those that are live. */
    readonly learned: ReadonlyMap<string, { readonly head: Head; readonly macs: Set<string> }>
  }
> {
  const sums = new Map<string, bigint>()
  const opened = new Map(stored.map((row) => [row.tenant, openHead(keys, row.tenant, row)]))
  const learned = new Map<string, { readonly head: Head; readonly macs: Set<string> }>()
  for (const [tenant, head] of opened)
    if (live !== null && head !== null && head.counter > live.counterOf(tenant))
      learned.set(tenant, { head, macs: new Set() })
  const forged: string[] = []
  let foreign = 0n
  const others: ForgedRow[] = []
  for (const [table, rows] of tables)
    for (const [at, row] of rows.entries()) {
      if (at % batch === batch - 1) await turn()
      const { authority_mac: mac, authority_tenant: tenant } = row
      sums.set(tenant, sums.get(tenant) ?? 0n)
      if (mac !== null && isOwn(keys, table, row)) {
        sums.set(tenant, plus(sums.get(tenant) ?? 0n, contribution(keys, mac)))
        learned.get(tenant)?.macs.add(nameOfMac(mac))
      } else {
        forged.push(nameOfRow(table, row))
        foreign = plus(foreign, contribution(keys, rowMac(keys, table, tenant, row)))
        // The rows of a table are read with its name.
        others.push({ table, row } as ForgedRow)
      }
    }
  const heads: Advanced[] = []
  const stopped = new Map<string, string>()
  for (const tenant of new Set([...atLeast.keys(), ...opened.keys(), ...sums.keys()])) {
    const head = opened.get(tenant) ?? null
    const fault = faultOf(keys, { tenant, head, sum: sums.get(tenant) ?? 0n, atLeast: atLeast.get(tenant) })
    if (fault !== null) {
      stopped.set(tenant, fault)
      learned.delete(tenant)
    } else if (head !== null)
      heads.push({ tenant, counter: head.counter, digest: headDigest(keys, tenant, head) })
  }
  const held = [...stopped.keys()].toSorted().map((tenant) => [tenant, String(sums.get(tenant) ?? 0n)])
  return { stopped, forged, content: JSON.stringify([held, String(foreign)]), rows: others, heads, learned }
}

async function eachTable<T>(read: (table: AuthorityTable) => Promise<T>): Promise<[AuthorityTable, T][]> {
  const all: [AuthorityTable, T][] = []
  for (const table of authorityNames) all.push([table, await read(table)])
  return all
}

function faultOf(
  keys: AuthorityKeys,
  {
    tenant,
    head,
    sum,
    atLeast,
  }: {
    readonly tenant: string
    readonly head: Head | null
    readonly sum: bigint
    readonly atLeast: Advanced | undefined
  },
): string | null {
  if (head === null) return unsealed(tenant)
  if (head.sum !== sum)
    return `rows of authority of ${nameOfTenant(tenant)} are gone, changed, or of an older state (state ${head.counter})`
  return faultBefore(keys, tenant, head, atLeast)
}
