import { equalBytes } from '@lux/crypto'
import {
  type Insertable,
  type Kysely,
  type Selectable,
  type SelectQueryBuilder,
  sql,
  type Transaction,
  type Updateable,
} from 'kysely'
import { EnvironmentError } from '../../../refusal.ts'
import type { AuthorityRows, Tables } from '../tables.ts'
import { changeRow, type Net, nameOfMac, sumOf } from './live.ts'
import {
  type AuthorityKeys,
  asGiven,
  asRead,
  type Head,
  headDigest,
  openHead,
  plus,
  rowMac,
  sealHead,
} from './marks.ts'
import { type AuthorityTable, authorityTables, columnsOf, nameOfRow, type StoredRow } from './tables.ts'

/**
 * What a query asked for, by columns: this value, or any of several. The database may answer with another row, which is as the server
 * wrote it too.
 */
export type Asked<N extends AuthorityTable> = {
  readonly [C in keyof Selectable<AuthorityRows[N]>]?:
    | Selectable<AuthorityRows[N]>[C]
    | readonly Selectable<AuthorityRows[N]>[C][]
}

/** The rows that a change is about: by columns that are equal, or as a query finds them. */
export type Where<N extends AuthorityTable> =
  | Partial<Selectable<AuthorityRows[N]>>
  | ((its: SelectQueryBuilder<Tables, N, StoredRow<N>>) => SelectQueryBuilder<Tables, N, StoredRow<N>>)

type NewRow<N extends AuthorityTable> = Insertable<AuthorityRows[N]> &
  (N extends 'identity' ? { readonly tenant: string } : object)
type Changed<N extends AuthorityTable> = Updateable<AuthorityRows[N]>

/** The one way by which rows of authority change. What is not as the server wrote it is not changed: ROW-FORGED. */
export type Writing = {
  insert<N extends AuthorityTable>(table: N, row: NewRow<N>): Promise<Selectable<AuthorityRows[N]>>
  /** `taken` where the database has one already that it may not stand beside. */
  insertUnlessTaken<N extends AuthorityTable>(
    table: N,
    row: NewRow<N>,
  ): Promise<Selectable<AuthorityRows[N]> | 'taken'>
  /** The rows as they are from now on. */
  update<N extends AuthorityTable>(
    table: N,
    where: Where<N>,
    set: Changed<N> | ((old: StoredRow<N>) => Changed<N>),
  ): Promise<Selectable<AuthorityRows[N]>[]>
  /** How many there were. */
  remove<N extends AuthorityTable>(table: N, where: Where<N>): Promise<number>
}

type Loose = Readonly<Record<string, unknown>>
/** What a transaction has done to the rows of each tenant, the rows that are live within it alone, and the tenants that it founds. */
export type Deltas = {
  readonly nets: Map<string, Net>
  readonly own: Set<string>
  readonly founded: Set<string>
}

/** A row that the server wrote, and that no change took since. Throws ROW-FORGED. */
export type RequireLive = <N extends AuthorityTable>(table: N, row: StoredRow<N>) => Promise<void>

export function writerOf(
  work: Transaction<Tables>,
  keys: AuthorityKeys,
  deltas: Deltas,
  requireLive: RequireLive,
): Writing {
  function count(tenant: string, mac: Buffer, times: 1 | -1): void {
    const net = deltas.nets.get(tenant) ?? new Map<string, number>()
    deltas.nets.set(tenant, net)
    const name = nameOfMac(mac)
    net.set(name, (net.get(name) ?? 0) + times)
    if (times > 0) deltas.own.add(name)
    else deltas.own.delete(name)
  }

  async function tenantOf(table: AuthorityTable, row: Loose): Promise<string> {
    const { tenant } = authorityTables[table]
    if (tenant === 'told') return String(row.tenant)
    if (tenant === 'deployment') return ''
    if ('column' in tenant) return String(row[tenant.column] ?? '')
    const above = row[tenant.by]
    const { rows } = await sql<{ authority_tenant: string }>`
      select authority_tenant from ${sql.table(tenant.of)} where id = ${above}`.execute(work)
    const [found] = rows
    if (!found) throw new Error(`${table}: there is no ${tenant.of} ${String(above)}`)
    return found.authority_tenant
  }

  /** Held until the transaction ends, and each as the server wrote it. */
  async function held<N extends AuthorityTable>(table: N, where: Where<N>): Promise<StoredRow<N>[]> {
    // The builder cannot follow a table that is a parameter: the signature says which rows come of it.
    const all = (work as unknown as Kysely<Record<N, Loose>>).selectFrom(table as never).selectAll()
    let found = all as unknown as SelectQueryBuilder<Tables, N, StoredRow<N>>
    if (typeof where === 'function') found = where(found)
    else found = found.where(sql<boolean>`${equal(where as Loose)}`)
    const order = sql.join(authorityTables[table].key.map((column) => sql.ref(column)))
    // As selected: every column of the table. What a query of its own finds, whoever made it looks at.
    const asked: Asked<N> = typeof where === 'function' ? {} : where
    const rows = (await found.orderBy(order).forUpdate().execute()) as StoredRow<N>[]
    for (const row of rows) {
      requireAsked(table, row, asked)
      requireOwn(keys, table, row)
      await requireLive(table, row)
    }
    return rows
  }

  async function inserted<N extends AuthorityTable>(
    table: N,
    given: NewRow<N>,
    onConflict = sql``,
  ): Promise<Selectable<AuthorityRows[N]> | 'taken'> {
    const tenant = await tenantOf(table, given)
    // Each table has its own columns there: here they are asked for by name.
    const fresh = authorityTables[table].fresh as Readonly<Record<string, () => unknown>>
    const row: Record<string, unknown> = {}
    const params: Record<string, unknown> = {}
    for (const { name, kind } of columnsOf(table)) {
      // By its name, which is a column of this table.
      const one = (given as Loose)[name]
      row[name] = asRead(kind, one === undefined ? fresh[name]?.() : one)
      params[name] = asGiven(kind, row[name])
    }
    const mac = rowMac(keys, table, tenant, row)
    const names = [...Object.keys(params), 'authority_tenant', 'authority_mac']
    const values = [...Object.values(params), tenant, mac]
    const { numAffectedRows } = await sql`
        insert into ${sql.table(table)} (${sql.join(names.map((name) => sql.ref(name)))})
        values (${sql.join(values)}) ${onConflict}`.execute(work)
    if (numAffectedRows === 0n) return 'taken'
    // Nothing of a tenant is there before its own row.
    if (table === 'organisation' || table === 'deployment') deltas.founded.add(tenant)
    count(tenant, mac, 1)
    return row as never
  }

  return {
    // Without the clause, a conflict throws.
    insert: async (table, given) => (await inserted(table, given)) as never,
    insertUnlessTaken: (table, given) => inserted(table, given, sql`on conflict do nothing`),

    async update(table, where, set) {
      const changed: Loose[] = []
      for (const old of await held(table, where)) {
        const wanted: Loose = typeof set === 'function' ? set(old) : set
        // By name again: what is changed is a column of this table.
        const row: Record<string, unknown> = { ...(old as Loose) }
        const params: Record<string, unknown> = {}
        for (const { name, kind } of columnsOf(table)) {
          if (wanted[name] === undefined) continue
          row[name] = asRead(kind, wanted[name])
          params[name] = asGiven(kind, row[name])
        }
        const mac = rowMac(keys, table, old.authority_tenant, row)
        const columns = Object.entries({ ...params, authority_mac: mac })
        const sets = columns.map(([name, value]) => sql`${sql.ref(name)} = ${value}`)
        await sql`update ${sql.table(table)} set ${sql.join(sets)} where ${own(table, old)}`.execute(work)
        count(old.authority_tenant, macOf(old), -1)
        count(old.authority_tenant, mac, 1)
        changed.push({ ...row, authority_mac: mac })
      }
      // Each is the row as it stands now.
      return changed as never
    },

    async remove(table, where) {
      const rows = await held(table, where)
      for (const row of rows) {
        await sql`delete from ${sql.table(table)} where ${own(table, row)}`.execute(work)
        count(row.authority_tenant, macOf(row), -1)
      }
      return rows.length
    },
  }
}

const macOf = ({ authority_mac }: { readonly authority_mac: Buffer | null }) =>
  authority_mac ?? Buffer.alloc(0)

/** Throws ROW-FORGED. */
export function requireAsked<N extends AuthorityTable>(table: N, row: StoredRow<N>, asked: Asked<N>): void {
  const its: Readonly<Record<string, unknown>> = row
  for (const [column, wanted] of Object.entries<unknown>(asked)) {
    const any: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted]
    if (!any.some((one) => isSame(one, its[column])))
      throw new EnvironmentError('ROW-FORGED', `${nameOfRow(table, row)} is not what was asked for`)
  }
}

function isSame(one: unknown, other: unknown): boolean {
  if (one instanceof Uint8Array && other instanceof Uint8Array) return equalBytes(one, other)
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime()
  return one === other
}

/** Throws ROW-FORGED. */
export function requireOwn<N extends AuthorityTable>(keys: AuthorityKeys, table: N, row: StoredRow<N>): void {
  if (!isOwn(keys, table, row))
    throw new EnvironmentError('ROW-FORGED', `${nameOfRow(table, row)} is not as the server wrote it`)
}

export function isOwn<N extends AuthorityTable>(keys: AuthorityKeys, table: N, row: StoredRow<N>): boolean {
  const { authority_mac: mac, authority_tenant: tenant } = row
  return mac !== null && rowMac(keys, table, tenant, row).equals(mac)
}

/** `=` finds no null, and only it is looked for in an index. */
const equal = (columns: Loose) =>
  sql.join(
    [
      sql`true`,
      ...Object.entries(columns).map(([name, value]) =>
        value === null ? sql`${sql.ref(name)} is null` : sql`${sql.ref(name)} = ${value}`,
      ),
    ],
    sql` and `,
  )

export const own = (table: AuthorityTable, row: Loose) =>
  equal(Object.fromEntries(authorityTables[table].key.map((column) => [column, row[column] ?? null])))

export type Advanced = { readonly tenant: string; readonly counter: bigint; readonly digest: string }
/** The state, and the rows that led to it. */
export type Step = Advanced & { readonly head: Head; readonly change: ReturnType<typeof changeRow> }

/**
 * The set of each tenant as the transaction leaves it. It comes last: heads are locked in one order, and no row after them. `newest` is
 * what is known of states that were committed: none of an older one becomes newer than it. Throws AUTHORITY-OTHER.
 */
export async function advance(
  work: Transaction<Tables>,
  keys: AuthorityKeys,
  { nets, founded }: Deltas,
  newest: ReadonlyMap<string, Advanced>,
): Promise<Step[]> {
  const tenants = [...nets.keys()]
  if (tenants.length === 0) return []
  const rows = await work
    .selectFrom('authority_set')
    .selectAll()
    .where('tenant', 'in', tenants)
    .orderBy('tenant')
    .forUpdate()
    .execute()
  const there = new Map(rows.map((row) => [row.tenant, row]))
  const advanced: Step[] = []
  for (const tenant of tenants.toSorted()) {
    const row = there.get(tenant)
    const old = row ? openHead(keys, tenant, row) : founded.has(tenant) ? { counter: 0n, sum: 0n } : null
    if (old === null) throw new EnvironmentError('AUTHORITY-OTHER', unsealed(tenant))
    const older = faultBefore(keys, tenant, old, newest.get(tenant))
    if (older !== null) throw new EnvironmentError('AUTHORITY-OTHER', older)
    const net: Net = nets.get(tenant) ?? new Map()
    const head = { counter: old.counter + 1n, sum: plus(old.sum, sumOf(keys, net)) }
    const stored = { counter: head.counter, sealed: sealHead(keys, tenant, head) }
    await (row
      ? work.updateTable('authority_set').set(stored).where('tenant', '=', tenant).execute()
      : work
          .insertInto('authority_set')
          .values({ tenant, ...stored })
          .execute())
    const change = changeRow(net)
    await work
      .insertInto('authority_change')
      .values({ tenant, counter: head.counter, ...change })
      // Of a state that is gone, where the database was put back.
      .onConflict((is) => is.columns(['tenant', 'counter']).doUpdateSet(change))
      .execute()
    advanced.push({
      ...{ tenant, counter: head.counter, digest: headDigest(keys, tenant, head) },
      ...{ head, change },
    })
  }
  return advanced
}

export const nameOfTenant = (tenant: string) => (tenant === '' ? 'the deployment' : tenant)

export const unsealed = (tenant: string) =>
  `the authority of ${nameOfTenant(tenant)} is not sealed by this server`

/** Why a state cannot follow from the newest one that is known; null where it can. */
export function faultBefore(
  keys: AuthorityKeys,
  tenant: string,
  head: Head,
  atLeast: Advanced | undefined,
): string | null {
  const name = nameOfTenant(tenant)
  if (atLeast === undefined || head.counter > atLeast.counter) return null
  if (head.counter < atLeast.counter)
    return `the authority of ${name} is at state ${head.counter}, and was at ${atLeast.counter} before`
  return headDigest(keys, tenant, head) === atLeast.digest
    ? null
    : `the authority of ${name} is another state ${head.counter} than the one before`
}

/** Throws AUTHORITY-OTHER where the database is from before authority was sealed, or its seals were taken away. */
export async function requireSealed(database: Kysely<Tables>): Promise<void> {
  const head = await database
    .selectFrom('authority_set')
    .select('tenant')
    .where('tenant', '=', '')
    .executeTakeFirst()
  if (!head) throw new EnvironmentError('AUTHORITY-OTHER', unsealed(''))
}
