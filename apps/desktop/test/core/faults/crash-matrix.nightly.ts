import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ceremonies } from './ceremonies.ts'
import { cellsOf, openWorkshop, recordCalls, runMatrix, type Workshop } from './matrix.ts'

vi.setConfig({ testTimeout: 4 * 3_600_000 })

let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop()
})
afterAll(() => shop.close())

test.each(ceremonies.map(({ name }) => name))(
  '%s: every cell of the matrix leads to a right end',
  async (name) => {
    const cells = cellsOf(await recordCalls(shop, name))
    expect(cells.length).toBeGreaterThan(name === 'chain' ? 1_000 : 50)
    const results = await runMatrix(shop, cells, { workers: 2 })
    expect(results.length).toBe(cells.length)
    expect(results.filter(({ verdict }) => verdict === 'failed' || verdict === 'not-reached')).toEqual([])
  },
)
