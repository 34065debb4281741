/**
 * An ISO-8601 time as people read it, to the second and in UTC: screens are compared with transcripts and printed sheets,
 * which carry nothing else. What is no time is shown as it is.
 */
export function shownTime(locale: string, iso: string): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return iso
  return new Intl.DateTimeFormat(locale, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZone: 'UTC',
    timeZoneName: 'short',
  }).format(date)
}
