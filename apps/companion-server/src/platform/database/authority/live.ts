import { type Kysely, sql } from 'kysely'
import type { Tables } from '../tables.ts'
import { type AuthorityKeys, contribution, type Head, openHead, plus } from './marks.ts'

/** How often each row is there more than before, by its MAC. */
export type Net = Map<string, number>

/** A MAC as a member of a set. */
export const nameOfMac = (mac: Buffer): string => mac.toString('latin1')
const macOfName = (name: string) => Buffer.from(name, 'latin1')

/** What the set of a tenant has more, once these rows came and went. */
export function sumOf(keys: AuthorityKeys, net: Net): bigint {
  let sum = 0n
  for (const [name, times] of net) sum = plus(sum, BigInt(times) * contribution(keys, macOfName(name)))
  return sum
}

/** One change, as it lies in the database for other servers: the sum of the state that it led to says whether it is right. */
export type ChangeRow = { readonly added: Buffer; readonly removed: Buffer }

export function changeRow(net: Net): ChangeRow {
  const of = (sign: number) =>
    Buffer.concat([...net].flatMap(([name, times]) => (times * sign > 0 ? [macOfName(name)] : [])))
  return { added: of(1), removed: of(-1) }
}

const macLength = 32
function* namesIn(macs: Buffer): Generator<string> {
  for (let at = 0; at + macLength <= macs.length; at += macLength)
    yield nameOfMac(macs.subarray(at, at + macLength))
}

/** Whoever read a row before it was changed may decide by it for this long. In ms. */
const grace = 30_000
/** Changes of a tenant that are kept for other servers; one that is behind further looks at the whole. */
export const keptChanges = 10_000

type State = Head & { readonly macs: Set<string> }
export type Following = ReadonlyMap<bigint, ChangeRow>

/** The rows of the newest whole state of each tenant that this process knows. A row of an older state is none of them, though the server wrote it. */
export function openLiveRows() {
  const states = new Map<string, State>()
  const ended = new Map<string, number>()

  function end(name: string): void {
    const now = performance.now()
    // Again, so that the oldest stand first.
    ended.delete(name)
    ended.set(name, now)
    for (const [old, at] of ended) {
      if (now - at <= grace) break
      ended.delete(old)
    }
  }

  return {
    has: (tenant: string, mac: string) => states.get(tenant)?.macs.has(mac) ?? false,
    /** A change took it a moment ago. */
    ended(mac: string): boolean {
      const at = ended.get(mac)
      return at !== undefined && performance.now() - at <= grace
    },
    counterOf: (tenant: string) => states.get(tenant)?.counter ?? 0n,

    /** Of a whole look: these are the rows of that state. */
    learn(tenant: string, head: Head, macs: Set<string>): void {
      const before = states.get(tenant)
      if (before !== undefined && before.counter >= head.counter) return
      for (const name of before?.macs ?? []) if (!macs.has(name)) end(name)
      states.set(tenant, { ...head, macs })
    },

    /** False where the changes do not lead from what is known to that state. */
    follow(keys: AuthorityKeys, tenant: string, head: Head, changes: Following): boolean {
      const state = states.get(tenant) ?? { counter: 0n, sum: 0n, macs: new Set<string>() }
      if (head.counter <= state.counter) return head.counter === state.counter
      if (head.counter - state.counter > BigInt(keptChanges)) return false
      const net: Net = new Map()
      const gone: string[] = []
      for (let at = state.counter + 1n; at <= head.counter; at++) {
        const change = changes.get(at)
        if (change === undefined) return false
        for (const name of namesIn(change.removed)) {
          gone.push(name)
          net.set(name, (net.get(name) ?? 0) - 1)
        }
        for (const name of namesIn(change.added)) net.set(name, (net.get(name) ?? 0) + 1)
      }
      for (const [name, times] of net)
        if (times !== 0 && times !== (state.macs.has(name) ? -1 : 1)) return false
      if (plus(state.sum, sumOf(keys, net)) !== head.sum) return false
      for (const name of gone) end(name)
      for (const [name, times] of net) {
        if (times > 0) state.macs.add(name)
        if (times < 0) state.macs.delete(name)
      }
      states.set(tenant, { ...head, macs: state.macs })
      return true
    },
  }
}

export type LiveRows = ReturnType<typeof openLiveRows>

/** Reads what changed since, as of one moment. False where that does not lead to the state of now: the whole has to be looked at. */
export async function catchUp(
  from: Kysely<Tables>,
  keys: AuthorityKeys,
  live: LiveRows,
  tenant: string,
): Promise<boolean> {
  const { rows } = await sql<
    { counter: string; sealed: Buffer; at: string | null } & ChangeRow
  >`select its.counter, its.sealed, change.counter as at, change.added, change.removed
    from authority_set its left join authority_change change on change.tenant = its.tenant
      and change.counter > ${live.counterOf(tenant)} and change.counter <= its.counter
    where its.tenant = ${tenant} limit ${keptChanges}`.execute(from)
  const [row] = rows
  const head = row ? openHead(keys, tenant, row) : null
  if (head === null) return false
  const changes = new Map(rows.flatMap(({ at, ...one }) => (at === null ? [] : [[BigInt(at), one] as const])))
  return live.follow(keys, tenant, head, changes)
}

export const forgetOldChanges = (pool: Kysely<Tables>) =>
  sql`delete from authority_change change using authority_set its
    where change.tenant = its.tenant and change.counter <= its.counter - ${keptChanges}`.execute(pool)
