import type { Policy } from '@lux/ceremony/policy'
import { carriedBudgets, largestBudgets } from '@lux/crypto/fhe'
import { sql, type Transaction } from 'kysely'
import type { Tables } from '../platform/database/tables.ts'
import type { OpenedEpoch, StoredEpoch, StoredFheKey } from './keys.ts'

/** Blocks of one width: what one holder may answer in this epoch, what was answered, and what open requests hold back. */
export type Budget = { readonly total: number; readonly spent: number; readonly reserved: number }

type Work = Pick<Transaction<Tables>, 'selectFrom'>
type Key = Pick<StoredFheKey, 'id' | 'mode'>
type Epoch = { readonly row: StoredEpoch; readonly parsed: Pick<OpenedEpoch['parsed'], 'pub128'> }
/** The policy under which an epoch's shares were dealt. */
type PolicyOf = (row: StoredEpoch) => Promise<Pick<Policy, 'fhe'>>

const widthOf = ({ mode }: Key) => (mode === 'S' ? 128 : 64)

/**
 * The server's own count in an epoch: the total is the budget of a share of that epoch, and a ciphertext costs once. It is
 * no more generous than a holder who answered everything, but after an aborted move: the canary that was tried there `keep` counts on
 * devices alone, and the holder refuses what the server still lets through. What earlier epochs spent is in the total, `carriedBudgets`.
 */
export async function budgetOfKey(
  work: Work,
  key: Key,
  { row, parsed }: Epoch,
  { policyOf, now }: { policyOf: PolicyOf; now: Date },
): Promise<Budget> {
  // Reserved before spent: a first answer in between is then counted twice, never not at all.
  const { reserved } = await work
    .selectFrom('decrypt_request')
    .select(sql<string>`coalesce(sum(reserved), 0)`.as('reserved'))
    .where('fhe_key_id', '=', key.id)
    .where('epoch', '=', row.epoch)
    .where('width', '=', widthOf(key))
    .where('state', '=', 'open')
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow()
  const spent = await spentIn(work, key, row)
  const total = await totalOf(work, key, row, { squash: parsed.pub128.length > 0, policyOf })
  return { total, spent, reserved: Number(reserved) }
}

/** From the newest epoch on of which the old holders' word was kept, or the first, which has none. */
async function totalOf(
  work: Work,
  key: Key,
  { epoch }: StoredEpoch,
  { squash, policyOf }: { squash: boolean; policyOf: PolicyOf },
): Promise<number> {
  const rows = await work
    .selectFrom('fhe_epoch')
    .selectAll()
    .where('fhe_key_id', '=', key.id)
    .where('epoch', '<=', epoch)
    .orderBy('epoch')
    .execute()
  const from = rows.findLastIndex(({ carried }) => carried !== null)
  let before: { readonly row: StoredEpoch; readonly total: number } | null = null
  for (const row of rows.slice(Math.max(0, from))) {
    const most = await mostOf(key, row, { squash, policyOf })
    const carried: number =
      row.carried !== null
        ? Number(row.carried)
        : before === null
          ? most
          : carriedHere(key, { ...before, spent: await spentIn(work, key, before.row) }, row, squash)
    before = { row, total: Math.min(most, carried) }
  }
  return before?.total ?? 0
}

/** What noise and policy allow a holder of this quorum. */
async function mostOf(
  key: Key,
  row: StoredEpoch,
  { squash, policyOf }: { squash: boolean; policyOf: PolicyOf },
): Promise<number> {
  const { budgets } = (await policyOf(row)).fhe
  const largest = largestBudgets(row, { mode: key.mode === 'S' ? 'S' : 'F', squash })
  if (!largest.ok) return 0
  const { at64, at128 } = largest.value
  return widthOf(key) === 128 ? Math.min(at128, budgets.k128) : Math.min(at64, budgets.k64)
}

/** Of rows from before the old holders' word was kept: as if each of them had answered everything that this server counted. */
function carriedHere(
  key: Key,
  { row: from, total, spent }: { row: StoredEpoch; total: number; spent: number },
  to: StoredEpoch,
  squash: boolean,
): number {
  const blocks = Math.max(0, total - spent)
  const left = Array.from({ length: from.n }, () => ({ at64: blocks, at128: blocks }))
  const { at64, at128 } = carriedBudgets({ from, to, left, squash })
  return widthOf(key) === 128 ? at128 : at64
}

async function spentIn(work: Work, key: Key, { epoch_id }: StoredEpoch): Promise<number> {
  const { spent } = await work
    .selectFrom('fhe_spent')
    .select(sql<string>`coalesce(sum(blocks), 0)`.as('spent'))
    .where('fhe_key_id', '=', key.id)
    .where('epoch_id', '=', epoch_id)
    .where('width', '=', widthOf(key))
    .executeTakeFirstOrThrow()
  return Number(spent)
}

/** Blocks of ciphertexts that were not answered in this epoch: the others cost nothing again. */
export async function freshBlocks(
  work: Work,
  keyId: string,
  epochId: string,
  ciphertexts: readonly { readonly digest: string; readonly blocks: number }[],
): Promise<number> {
  if (ciphertexts.length === 0) return 0
  const rows = await work
    .selectFrom('fhe_spent')
    .select('digest')
    .where('fhe_key_id', '=', keyId)
    .where('epoch_id', '=', epochId)
    .where(
      'digest',
      'in',
      ciphertexts.map(({ digest }) => digest),
    )
    .execute()
  const known = new Set(rows.map(({ digest }) => digest))
  return ciphertexts.reduce((sum, { digest, blocks }) => sum + (known.has(digest) ? 0 : blocks), 0)
}
