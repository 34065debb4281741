import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type CallPoint, openWorkshop, recordCalls, runCell, type Verdict, type Workshop } from './matrix.ts'

export type Chosen = readonly [
  ceremony: string,
  step: string,
  name: string,
  fault: string,
  verdict: Verdict,
  code: string,
]

/** Cells out of the whole matrix, each with the verdict and the code that it must have. */
export function testCells(chosen: readonly Chosen[]): void {
  vi.setConfig({ testTimeout: 120_000 })
  let shop: Workshop
  const points: CallPoint[] = []
  beforeAll(async () => {
    shop = await openWorkshop()
    for (const name of new Set(chosen.map(([ceremony]) => ceremony)))
      points.push(...(await recordCalls(shop, name)))
  }, 240_000)
  afterAll(() => shop.close())

  describe.concurrent('a ceremony over a token that goes wrong at one call', () => {
    test.each(chosen)(
      '%s, %s: %s=%s is %s as %s and ends right',
      async (ceremony, step, name, fault, verdict, code) => {
        // The last call of its kind in the step: the one whose work would be lost.
        const point = points.findLast(
          (one) => one.ceremony === ceremony && one.step === step && one.name === name,
        )
        if (point === undefined) throw new Error(`${ceremony}: ${step} makes no ${name}`)
        const result = await runCell(shop, { ...point, fault })
        expect(result).toMatchObject({ verdict, code })
      },
    )
  })
}
