/**
 * One figure. `ours` and `limit`: medians in `unit`. The limit is the same work with nothing of ours around it; null where there is no such
 * thing. `ratio`: limit/ours for times and frames, ours/limit for rates, so 1 is the limit and higher is better. `goal`: the lowest ratio
 * that passes. `peers`: the same work by other programs, in the same unit. `memoryMiB`: the proportional set size of all its processes, at
 * the end or at the peak.
 */
export type Row = {
  work: string
  unit: 'ms' | 'us' | '1/s' | 'frames' | 'KB/s' | 'KB'
  ours: number
  limit: number | null
  peers?: Readonly<Record<string, number>>
  ratio: number | null
  goal: number | null
  memoryMiB: number | null
}

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('values: expected at least one')
  const sorted = [...values].sort((a, b) => a - b)
  const upper = sorted[sorted.length >> 1] ?? 0
  const lower = sorted[(sorted.length - 1) >> 1] ?? 0
  return (upper + lower) / 2
}

export type Times = {
  work: string
  ours: readonly number[]
  limit?: readonly number[]
  goal?: number
  memoryMiB?: number
}

/** A row of times in milliseconds. */
export function timeRow({ work, ours, limit, goal, memoryMiB }: Times): Row {
  const mine = median(ours)
  const least = limit === undefined ? null : median(limit)
  return {
    work,
    unit: 'ms',
    ours: round(mine, 0),
    limit: least === null ? null : round(least, 0),
    ratio: least === null || mine === 0 ? null : round(least / mine, 3),
    goal: goal === undefined ? null : round(goal, 3),
    memoryMiB: memoryMiB === undefined ? null : round(memoryMiB, 0),
  }
}

type Rates = {
  work: string
  /** Operations per second. */
  ours: readonly number[]
  limit?: readonly number[]
  peers?: Readonly<Record<string, readonly number[]>>
  goal?: number
  memoryMiB?: number
}

/** A row of operations per second. */
export function rateRow({ work, ours, limit, peers, goal, memoryMiB }: Rates): Row {
  const mine = median(ours)
  const most = limit === undefined ? null : median(limit)
  const others = Object.entries(peers ?? {}).map(([name, rates]) => [name, round(median(rates), 0)])
  return {
    work,
    unit: '1/s',
    ours: round(mine, 0),
    limit: most === null ? null : round(most, 0),
    ...(others.length === 0 ? {} : { peers: Object.fromEntries(others) }),
    ratio: most === null || most === 0 ? null : round(mine / most, 3),
    goal: goal === undefined ? null : round(goal, 3),
    memoryMiB: memoryMiB === undefined ? null : round(memoryMiB, 0),
  }
}

export function misses({ ratio, goal }: Row): boolean {
  return goal !== null && (ratio === null || ratio < goal)
}

/** Rows as the cells of a table. */
export function cells(rows: readonly Row[]): { columns: string[]; rows: string[][] } {
  const peers = [...new Set(rows.flatMap((row) => Object.keys(row.peers ?? {})))]
  const columns = ['work', 'ours', 'limit', ...peers, 'ratio', 'goal', 'memory']
  const lines = rows.map((row) => [
    row.work,
    `${row.ours} ${row.unit}`,
    row.limit === null ? '-' : `${row.limit} ${row.unit}`,
    ...peers.map((name) => (row.peers?.[name] === undefined ? '-' : `${row.peers[name]} ${row.unit}`)),
    row.ratio?.toString() ?? '-',
    row.goal === null ? '-' : `${row.goal}${misses(row) ? ' MISSED' : ''}`,
    row.memoryMiB === null ? '-' : `${row.memoryMiB} MiB`,
  ])
  return { columns, rows: lines }
}

/** Rows as an aligned table for people. */
export function table(rows: readonly Row[]): string {
  const { columns, rows: lines } = cells(rows)
  const widths = columns.map((title, at) =>
    Math.max(title.length, ...lines.map((line) => line[at]?.length ?? 0)),
  )
  const align = (line: readonly string[]): string =>
    line
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
  return [columns, ...lines].map(align).join('\n')
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
