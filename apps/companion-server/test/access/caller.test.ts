import { expect, test } from 'vitest'
import { bearerOf } from '../../src/access/caller.ts'

test('ACCESS-REFUSED the scheme of an access token is in letters of any case, as RFC 9110 has it', () => {
  const token = 'aB3_-'.repeat(9).slice(0, 43)
  const of = (authorization?: string) => bearerOf({ headers: { authorization } } as never)
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) expect(of(`${scheme} ${token}`)).toBe(token)
  for (const other of [undefined, token, `Basic ${token}`, `Bearer${token}`, `Bearer ${token}x`])
    expect(of(other)).toBe(null)
})
