import { clockReadMs } from '../../../contract/index.ts'

/**
 * When another clock was read, by this workstation's own: `readAt`, where it lies shortly before `now`, so that the time until somebody
 * presses the button is no difference of the clocks; else `now`. The transcript has `now` alone, so the two are never far apart.
 */
export function readMoment(readAt: string | undefined, now: string): string {
  if (readAt === undefined) return now
  const before = Date.parse(now) - Date.parse(readAt)
  return before >= 0 && before <= clockReadMs ? readAt : now
}
