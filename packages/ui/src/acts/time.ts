import { visibleDirection } from '../components/visible-direction.ts'

const utcOf = (iso: string): string => iso.slice(0, 16).replace('T', ' ')

/** The same instant on this phone's clock, where the day may be another. */
function localOf(iso: string): string {
  const at = new Date(iso)
  return utcOf(new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString())
}

/**
 * A value inside one of our sentences, isolated in its own direction. Without that, Arabic shows a time backwards and a name turns the
 * sentence round.
 */
export const isolated = (value: string): string => `\u2068${visibleDirection(value)}\u2069`

/** An instant to the minute, by this phone's clock and in UTC, which is the same for everybody in the room. */
export function timeOf(iso: string): string {
  const utc = utcOf(iso)
  const local = localOf(iso)
  if (local === utc) return isolated(`${utc} UTC`)
  const [day] = local.split(' ')
  return isolated(`${local} (${utc.startsWith(`${day} `) ? utc.slice(11) : utc} UTC)`)
}

/** Whether the whole value is one instant. */
export const isTime = (value: string): boolean => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)
