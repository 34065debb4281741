/** An instant to the minute, in UTC: everybody in the room reads the same. */
export const timeOf = (iso: string): string => `${iso.slice(0, 16).replace('T', ' ')} UTC`
