import { treeMemory } from '../memory.ts'
import { median, type Row } from '../row.ts'

const rounds = 9

export type Work = {
  readonly work: string
  readonly ours: () => void
  /** The same work with nothing of ours around it. */
  readonly limit?: () => void
  readonly goal?: number
}

/** Median milliseconds of ours and the limit, by turns. Each runs twice first, so that its code is optimised. */
export function timed({ work, ours, limit, goal }: Work): Row {
  for (let warm = 0; warm < 2; warm++) {
    limit?.()
    ours()
  }
  const times: { ours: number[]; limit: number[] } = { ours: [], limit: [] }
  for (let round = 0; round < rounds; round++) {
    if (limit) times.limit.push(milliseconds(limit))
    times.ours.push(milliseconds(ours))
  }
  const mine = median(times.ours)
  const least = limit ? median(times.limit) : null
  return {
    work,
    unit: 'ms',
    ours: digits(mine),
    limit: least === null ? null : digits(least),
    ratio: least === null ? null : digits(least / mine),
    goal: goal ?? null,
    memoryMiB: Math.round(treeMemory(process.pid)),
  }
}

/** A figure that was measured elsewhere, beside a limit in milliseconds that it must keep. */
export function measured(work: string, ours: number, limit: number | null, goal: number | null): Row {
  return {
    work,
    unit: 'ms',
    ours: digits(ours),
    limit: limit === null ? null : digits(limit),
    ratio: limit === null ? null : digits(limit / ours),
    goal,
    memoryMiB: null,
  }
}

function milliseconds(run: () => void): number {
  const began = performance.now()
  run()
  return performance.now() - began
}

function digits(value: number): number {
  return Number(value.toPrecision(3))
}
