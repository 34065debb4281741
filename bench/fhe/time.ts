import { treeMemory } from '../memory.ts'
import { median, type Row } from '../row.ts'

const rounds = 9
/** A thread's clock moves in steps of 4 ms, so a round repeats the work until a step is a small part. */
const roundMs = 80

export type Work = {
  readonly work: string
  readonly ours: () => void
  /** The same work with nothing of ours around it. */
  readonly limit?: () => void
  readonly goal?: number
}

/** Median milliseconds of processor time of ours and the limit, by turns. Each is warmed, so that its code is optimised. */
export function timed({ work, ours, limit, goal }: Work): Row {
  const times = { ours: repeated(ours), limit: limit === undefined ? null : repeated(limit) }
  for (let round = 0; round < rounds; round++) {
    times.limit?.round()
    times.ours.round()
  }
  const mine = median(times.ours.milliseconds)
  const least = times.limit === null ? null : median(times.limit.milliseconds)
  return {
    work,
    unit: 'ms',
    ours: digits(mine),
    limit: least === null ? null : digits(least),
    // Of each turn: what else the machine does slows both alike.
    ratio:
      times.limit === null ? null : digits(median(turns(times.limit.milliseconds, times.ours.milliseconds))),
    goal: goal ?? null,
    memoryMiB: Math.round(treeMemory(process.pid)),
  }
}

function turns(limit: readonly number[], ours: readonly number[]): number[] {
  return limit.map((one, turn) => one / (ours[turn] ?? Number.NaN))
}

function repeated(run: () => void): { readonly milliseconds: number[]; round(): void } {
  run()
  // The shortest of three: the others may have been interrupted.
  const once = Math.min(...[1, 2, 3].map(() => wall(run)))
  const times = Math.max(1, Math.ceil(roundMs / once))
  const milliseconds: number[] = []
  return {
    milliseconds,
    round() {
      const before = process.threadCpuUsage()
      for (let time = 0; time < times; time++) run()
      const { user, system } = process.threadCpuUsage(before)
      milliseconds.push((user + system) / 1000 / times)
    },
  }
}

function wall(run: () => void): number {
  const began = performance.now()
  run()
  return performance.now() - began
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

function digits(value: number): number {
  return Number(value.toPrecision(3))
}
