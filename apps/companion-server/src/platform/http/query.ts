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
