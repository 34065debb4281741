const longest = 60 * 60_000

/**
 * When another clock was read, by this workstation's own: `readAt`, where it lies in the hour before `now`, so that the time until somebody
 * presses the button is no difference of the clocks; else `now`.
 */
export function readMoment(readAt: string | undefined, now: string): string {
  if (readAt === undefined) return now
  const before = Date.parse(now) - Date.parse(readAt)
  return before >= 0 && before <= longest ? readAt : now
}
