import { type Kysely, sql, type Transaction } from 'kysely'
import { EnvironmentError } from '../../../refusal.ts'
import type { Tables } from '../tables.ts'
import { judge, newestOf, type Pins, readAll, rowsOf, type Seen, unhurried } from './look.ts'
import { type AuthorityKeys, contribution, headDigest, openHead, plus, rowMac, sealHead } from './marks.ts'
import { type AuthorityTable, authorityNames, authorityTables, type StoredRow } from './tables.ts'
import { type Advanced, isOwn } from './writer.ts'

/** Above whatever another server saw of the state that is gone, and had not pinned yet. */
const beyond = 1n << 20n
/** Rows of one query. */
const batch = 1000

type Accepting = {
  readonly pins: Pins
  readonly newest: ReadonlyMap<string, Advanced>
  readonly shown: Seen
}

const listed = ({ stopped, forged, content }: Seen) =>
  JSON.stringify([[...stopped].toSorted(), forged.toSorted(), content])

/** Every row as it is now is the server's own, and every set whole. Nothing else may change meanwhile, nor since it was shown: AUTHORITY-OTHER. */
export async function acceptState(
  pool: Kysely<Tables>,
  keys: AuthorityKeys,
  { pins, newest, shown }: Accepting,
): Promise<readonly Advanced[]> {
  const pinned = newestOf(newest, await pins.read())
  const heads = await pool.transaction().execute(async (work) => {
    await unhurried(work)
    const names = ['authority_set', ...authorityNames].map((table) => sql.table(table))
    await sql`lock table ${sql.join(names)} in share row exclusive mode`.execute(work)
    if (listed(await judge(keys, await readAll(work), pinned)) !== listed(shown))
      throw new EnvironmentError('AUTHORITY-OTHER', 'the database was changed since it was shown: look again')
    const sums = new Map<string, bigint>()
    const tenants: Tenants = new Map()
    for (const table of authorityNames)
      for (const { tenant, mac } of await sealRows(work, keys, table, tenants))
        sums.set(tenant, plus(sums.get(tenant) ?? 0n, contribution(keys, mac)))
    const stored = await work.selectFrom('authority_set').selectAll().execute()
    const before = new Map(stored.map((row) => [row.tenant, openHead(keys, row.tenant, row)?.counter ?? 0n]))
    const heads: Advanced[] = []
    for (const tenant of new Set(['', ...sums.keys(), ...before.keys()])) {
      const known = later(before.get(tenant) ?? 0n, pinned.get(tenant)?.counter ?? 0n)
      // The clock: checkpoints of the audit log may name a state that nothing here knows any more.
      const last = later(known, BigInt(Date.now()))
      const head = { counter: last + beyond, sum: sums.get(tenant) ?? 0n }
      const row = { counter: head.counter, sealed: sealHead(keys, tenant, head) }
      await work
        .insertInto('authority_set')
        .values({ tenant, ...row })
        .onConflict((is) => is.column('tenant').doUpdateSet(row))
        .execute()
      heads.push({ tenant, counter: head.counter, digest: headDigest(keys, tenant, head) })
    }
    return heads
  })
  await pins.write(heads)
  return heads
}

function later(one: bigint, other: bigint): bigint {
  if (one < other) return other
  return one
}

type Tenants = Map<string, string>

async function sealRows(
  work: Transaction<Tables>,
  keys: AuthorityKeys,
  table: AuthorityTable,
  tenants: Tenants,
): Promise<readonly { readonly tenant: string; readonly mac: Buffer }[]> {
  const rows = await rowsOf(work, table, sql`ctid::text as place`)
  const sealed = rows.map((row) => {
    const tenant = tenantOf(table, row, tenants)
    if ('id' in row) tenants.set(`${table} ${row.id}`, tenant)
    const isSame = tenant === row.authority_tenant && isOwn(keys, table, row)
    return { tenant, mac: rowMac(keys, table, tenant, row), place: 'place' in row ? row.place : '', isSame }
  })
  const changed = sealed.filter(({ isSame }) => !isSame)
  for (let at = 0; at < changed.length; at += batch) {
    const some = changed.slice(at, at + batch)
    await sql`update ${sql.table(table)} set authority_tenant = new.tenant, authority_mac = new.mac
      from unnest(${some.map(({ place }) => place)}::text[], ${some.map(({ tenant }) => tenant)}::text[],
        ${some.map(({ mac }) => mac)}::bytea[]) as new (place, tenant, mac)
      where ${sql.table(table)}.ctid = new.place::tid`.execute(work)
  }
  return sealed
}

/** As the writer finds it; of an identity, what the row says. */
function tenantOf(table: AuthorityTable, row: StoredRow<AuthorityTable>, tenants: Tenants): string {
  const { tenant } = authorityTables[table]
  if (tenant === 'told') return row.authority_tenant
  if (tenant === 'deployment') return ''
  const columns: Readonly<Record<string, unknown>> = row
  if ('column' in tenant) return String(columns[tenant.column] ?? '')
  return tenants.get(`${tenant.of} ${String(columns[tenant.by])}`) ?? ''
}
