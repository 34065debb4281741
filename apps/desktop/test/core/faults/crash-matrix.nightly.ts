import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { cellsOf, openWorkshop, recordCalls, runMatrix, type Workshop } from './matrix.ts'

vi.setConfig({ testTimeout: 2 * 3_600_000 })

let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop()
})
afterAll(() => shop.close())

test('every call of a ceremony, each with every fault, leads to a right end', async () => {
  const cells = cellsOf(await recordCalls(shop))
  expect(cells.length).toBeGreaterThan(500)
  const results = await runMatrix(shop, cells, { workers: 2 })
  expect(results.length).toBe(cells.length)
  expect(results.filter(({ verdict }) => verdict === 'failed' || verdict === 'not-reached')).toEqual([])
})
