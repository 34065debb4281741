import { misfit } from './http-error.ts'

/** A number of a query string within bounds, or its default. Throws 422. */
export function numberIn(
  name: string,
  text: string | undefined,
  least: number,
  most: number,
  absent: number,
): number {
  if (text === undefined) return absent
  const value = Number(text)
  if (!Number.isInteger(value) || value < least || value > most) {
    throw misfit(`${name}: expected ${least} to ${most}`)
  }
  return value
}

/** A time of a query string; a form that fits can still name no day. Throws 422. */
export function timeIn(name: string, text: string): Date {
  const value = new Date(text)
  if (Number.isNaN(value.getTime()) || value.getUTCFullYear() < 1)
    throw misfit(`${name}: there is no such time`)
  return value
}
