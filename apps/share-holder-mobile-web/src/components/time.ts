/** An instant to the minute, in UTC: everybody in the room reads the same. */
export const timeOf = (iso: string): string => `${iso.slice(0, 16).replace('T', ' ')} UTC`

/** The same of a value that is nothing but an instant; any other stays as it is. */
export const readable = (value: string): string =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) ? timeOf(value) : value
