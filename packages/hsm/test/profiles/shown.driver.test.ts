import { describe, expect, it } from 'vitest'
import { shownBefore } from './shown.ts'
import { shownTokens, showToken } from './shown-tokens.ts'

const rows = shownBefore()

describe('the table of tokens', () => {
  it.each(shownTokens)(
    'says of %s what it shows: its maker, and with this library its attacks, its marks and what it can do',
    async (name) => {
      const row = rows.find(({ token }) => token === name)
      const found = await showToken(name)
      expect(found.maker).toBe(row?.maker)
      // Another distribution has another version, of which the table says nothing.
      if (found.library === row?.library) expect(found).toEqual(row)
    },
    180_000,
  )
})
