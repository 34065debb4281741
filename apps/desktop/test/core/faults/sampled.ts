import { afterAll, beforeAll, vi } from 'vitest'
import {
  type CallPoint,
  openWorkshop,
  type Result,
  recordCalls,
  runCell,
  type Verdict,
  type Workshop,
} from './matrix.ts'

export type Chosen = readonly [
  ceremony: string,
  step: string,
  name: string,
  fault: string,
  verdict: Verdict,
  code: string,
]

/** Runs cells out of the whole matrix, for a test file: the calls of their ceremonies are recorded before its tests. */
export function sampled(chosen: readonly Chosen[]): (...cell: Chosen) => Promise<Result> {
  vi.setConfig({ testTimeout: 120_000 })
  let shop: Workshop
  const points: CallPoint[] = []
  beforeAll(async () => {
    shop = await openWorkshop()
    for (const name of new Set(chosen.map(([ceremony]) => ceremony)))
      points.push(...(await recordCalls(shop, name)))
  }, 600_000)
  afterAll(() => shop.close())

  return (ceremony, step, name, fault) => {
    // The last call of its kind in the step: the one whose work would be lost.
    const point = points.findLast(
      (one) => one.ceremony === ceremony && one.step === step && one.name === name,
    )
    if (point === undefined) throw new Error(`${ceremony}: ${step} makes no ${name}`)
    return runCell(shop, { ...point, fault })
  }
}
