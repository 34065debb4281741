import type { Policy } from '@lux/ceremony/policy'
import { largestBudgets } from '@lux/crypto/fhe'
import { sql, type Transaction } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { OpenedEpoch, StoredFheKey } from './key-store.ts'

/** Blocks of one width: what may be answered in the key's whole life, what was, and what open requests hold back. */
export type Budget = { readonly total: number; readonly spent: number; readonly reserved: number }

type Work = Pick<Transaction<Tables>, 'selectFrom'>

/**
 * The server's own count: a ciphertext costs once in an epoch, every epoch of the key counts, and the total is what the
 * policy and the noise of this quorum allow a holder. A holder who answered everything has no more, and after a move less, since the
 * largest canary there is was taken off: THRESHOLD-FHE section 7.
 */
export async function budgetOfKey(
  work: Work,
  key: StoredFheKey,
  { parsed: { header, pub128 } }: OpenedEpoch,
  { policy, now }: { policy: Policy; now: Date },
): Promise<Budget> {
  const width = key.mode === 'S' ? 128 : 64
  const largest = largestBudgets(header, { mode: key.mode === 'S' ? 'S' : 'F', squash: pub128.length > 0 })
  const { k64, k128 } = policy.fhe.budgets
  const total = !largest.ok
    ? 0
    : width === 128
      ? Math.min(largest.value.at128, k128)
      : Math.min(largest.value.at64, k64)
  // Reserved before spent: a first answer in between is then counted twice, never not at all.
  const { reserved } = await work
    .selectFrom('decrypt_request')
    .select(sql<string>`coalesce(sum(reserved), 0)`.as('reserved'))
    .where('fhe_key_id', '=', key.id)
    .where('width', '=', width)
    .where('state', '=', 'open')
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow()
  const { spent } = await work
    .selectFrom('fhe_spent')
    .select(sql<string>`coalesce(sum(blocks), 0)`.as('spent'))
    .where('fhe_key_id', '=', key.id)
    .where('width', '=', width)
    .executeTakeFirstOrThrow()
  return { total, spent: Number(spent), reserved: Number(reserved) }
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
