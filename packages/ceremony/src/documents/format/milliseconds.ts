const form =
  /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,3}))?)?Z$/

/** Milliseconds since 1970 of an ISO-8601 time in UTC, NaN of any other text: it reads a text and no clock. */
export function millisecondsOf(time: string): number {
  const [year = NaN, month = NaN, day = NaN, hour = NaN, minute = NaN, second = 0, part = 0] = [
    ...(form.exec(time)?.slice(1, 7) ?? []),
    form.exec(time)?.[7]?.padEnd(3, '0'),
  ].map((digits) => (digits === undefined ? undefined : Number(digits)))
  // Days of the civil calendar, its year beginning in March so that a leap day is the last.
  const ofMarch = month > 2 ? year : year - 1
  const days =
    365 * ofMarch +
    Math.floor(ofMarch / 4) -
    Math.floor(ofMarch / 100) +
    Math.floor(ofMarch / 400) +
    Math.floor((153 * ((month + 9) % 12) + 2) / 5) +
    day -
    719_469
  return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + part
}
