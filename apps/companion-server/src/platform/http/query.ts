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

/**
 * The one range of `bytes=a-b`, `a-` or `-n` as [first, last], RFC 9110 section 14.1.2. Null without a Range header or with
 * one of another form, which is then ignored; `outside` where nothing of it is in a file of `size` bytes.
 */
export function byteRange(header: string | undefined, size: number): [number, number] | 'outside' | null {
  const found = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '')
  if (found === null) return null
  const [, from = '', to = ''] = found
  if (from === '' && to === '') return null
  if (from === '') {
    const length = Math.min(Number(to), size)
    return length === 0 ? 'outside' : [size - length, size - 1]
  }
  const first = Number(from)
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (to !== '' && Number(to) < first) return null
  return first >= size ? 'outside' : [first, last]
}
