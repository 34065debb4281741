import { rm } from 'node:fs/promises'
import { carriedBudgets } from '@lux/crypto/fhe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenDatabase, openDatabase } from '../../src/platform/database/open.ts'
import { budgetOfKey } from '../../src/threshold/budget.ts'
import { makeFolder } from '../support/temporary-folder.ts'

// Rows as imports and answers write them, in a real PostgreSQL. The policy is the one that `custody policy new` writes.
let opened: OpenDatabase
let folder = ''
beforeAll(async () => {
  folder = await makeFolder()
  opened = await openDatabase({ folder: `${folder}/postgres` })
})
afterAll(async () => {
  await opened.close()
  await rm(folder, { recursive: true, force: true })
})

type Quorum = { readonly t: number; readonly n: number }
type Life = Quorum & { readonly carried?: number; readonly spent?: number; readonly allows?: number }
const policyBlocks = 1 << 20
const first = { t: 2, n: 3 }
const hex = (number: number) => number.toString(16).padStart(64, '0')
let keys = 0

/** The server's count in the last of these epochs of a new key. */
async function budgetAfter(epochs: readonly Life[], mode: 'S' | 'F' = 'S') {
  const { database } = opened
  const id = hex(++keys)
  const common = { commitments: id, bundle_digest: id }
  const { t, n } = epochs.at(-1)!
  await database
    .insertInto('fhe_key')
    .values({
      ...common,
      id,
      organisation_id: null,
      type: 'TFHE_INTEGER',
      mode,
      t,
      n,
      epoch: epochs.length - 1,
      evidence: '{}',
    })
    .execute()
  for (const [epoch, { spent = 0, carried = null, ...quorum }] of epochs.entries()) {
    const epochId = hex(1000 * keys + epoch)
    await database
      .insertInto('fhe_epoch')
      .values({
        ...common,
        fhe_key_id: id,
        epoch,
        epoch_id: epochId,
        t: quorum.t,
        n: quorum.n,
        public: id,
        policy_digest: id,
        carried,
      })
      .execute()
    if (spent > 0)
      await database
        .insertInto('fhe_spent')
        .values({
          fhe_key_id: id,
          epoch_id: epochId,
          digest: id,
          width: mode === 'S' ? 128 : 64,
          blocks: spent,
        })
        .execute()
  }
  const row = await database
    .selectFrom('fhe_epoch')
    .selectAll()
    .where('fhe_key_id', '=', id)
    .orderBy('epoch', 'desc')
    .executeTakeFirstOrThrow()
  const parsed = { pub128: new Uint8Array(1) }
  return budgetOfKey(
    database,
    { id, mode },
    { row, parsed },
    {
      policyOf: async ({ epoch }) => {
        const blocks = epochs[epoch]?.allows ?? policyBlocks
        return { fhe: { floorBits: 20, blockFloorBits: 40, budgets: { k64: blocks, k128: blocks } } }
      },
      now: new Date(),
    },
  )
}

/** What each holder of the next epoch may answer when all old ones have so much left. */
function carriedTo(from: Quorum, to: Quorum, left: number): number {
  const each = Array.from({ length: from.n }, () => ({ at64: left, at128: left }))
  return Math.min(policyBlocks, carriedBudgets({ from, to, left: each, squash: true }).at128)
}

const moves: readonly (readonly [Quorum, number])[] = [
  [{ t: 2, n: 3 }, policyBlocks],
  [{ t: 3, n: 5 }, policyBlocks],
  [{ t: 5, n: 9 }, policyBlocks],
  [{ t: 7, n: 13 }, 599_186],
]

describe.each(moves)('REQUEST-BUDGET moved from 2 of 3 to $t of $n', (to, dealt) => {
  test('the server allows what a new holder has and no more, though a first dealing would have more', async () => {
    const carried = carriedTo(first, to, policyBlocks)
    expect(carried).toBeLessThan(dealt)
    expect(await budgetAfter([to])).toMatchObject({ total: dealt })
    expect(await budgetAfter([first, { ...to, carried }])).toEqual({ total: carried, spent: 0, reserved: 0 })
  })

  test('where nobody kept the old holders’ word, the server’s own count stands for it', async () => {
    expect(await budgetAfter([first, to])).toMatchObject({ total: carriedTo(first, to, policyBlocks) })
    const spent = 1_000_000
    const after = carriedTo(first, to, policyBlocks - spent)
    expect(await budgetAfter([{ ...first, spent }, to])).toMatchObject({ total: after, spent: 0 })
  })
})

test('REQUEST-BUDGET what an earlier epoch spent is in the total and is not taken off again', async () => {
  const carried = carriedTo(first, first, policyBlocks - 1000)
  const lives = [
    { ...first, spent: 1000 },
    { ...first, carried, spent: 30 },
  ]
  expect(await budgetAfter(lives)).toEqual({ total: carried, spent: 30, reserved: 0 })
})

test('REQUEST-BUDGET the policy of an epoch bounds it, and what it carries on', async () => {
  expect(await budgetAfter([first, { ...first, carried: 900, allows: 500 }])).toMatchObject({ total: 500 })
  const twice = [first, { ...first, allows: 500 }, first]
  expect(await budgetAfter(twice)).toMatchObject({ total: carriedTo(first, first, 500) })
  // From the newest word on: what came before is in it.
  const known = [{ ...first, allows: 0 }, { ...first, carried: 900 }, first]
  expect(await budgetAfter(known)).toMatchObject({ total: carriedTo(first, first, 900) })
})

test('REQUEST-BUDGET fresh ciphertexts have no budget where too few bits would hide', async () => {
  expect(await budgetAfter([{ t: 3, n: 5 }], 'F')).toMatchObject({ total: 0 })
  expect(await budgetAfter([first, { t: 3, n: 5, carried: 0 }], 'F')).toMatchObject({ total: 0 })
})
