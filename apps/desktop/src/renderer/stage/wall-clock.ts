const day = 86_400_000

/** `10:50`, `10:50:15`, `105015`, or a whole ISO-8601 time in UTC. */
const shapes = /^(?:(\d{4}-\d\d-\d\d)T)?([01]\d|2[0-3]):?([0-5]\d)(?::?([0-5]\d)(?:\.\d+)?)?Z?$/

/**
 * What was read off a clock on the wall as ISO-8601 UTC, or null while it is no time. Such a clock shows no date: it is the one
 * that brings its time nearest to the workstation's own, so that midnight is no day away.
 */
export function readWallClock(typed: string, now: number): string | null {
  const [, date, hours, minutes, seconds] = shapes.exec(typed.trim()) ?? []
  if (hours === undefined) return null
  const time = `${hours}:${minutes}:${seconds ?? '00'}Z`
  if (date !== undefined) return valid(`${date}T${time}`)
  const days = [-1, 0, 1].map((away) => new Date(now + away * day).toISOString().slice(0, 10))
  const near = days
    .map((one) => `${one}T${time}`)
    .toSorted((a, b) => Math.abs(Date.parse(a) - now) - Math.abs(Date.parse(b) - now))
  return near[0] ?? null
}

/** Seconds by which the wall is ahead of the workstation; a clock without seconds shows its minute from the first to the last. */
export function secondsApart(read: string, typed: string, now: number): number {
  const seconds = (Date.parse(read) - now) / 1000
  const hasSeconds = /:\d\d:\d\d|^\d{6}$/.test(typed.trim())
  if (hasSeconds) return Math.round(seconds)
  return seconds > 0 ? Math.round(seconds) : Math.min(0, Math.round(seconds) + 59)
}

function valid(iso: string): string | null {
  return Number.isNaN(Date.parse(iso)) ? null : iso
}
