import { describe, expect, it } from 'vitest'
import { rulesOf, vendors } from './rules.ts'

describe('the rules of stand-ins', () => {
  it.each(vendors)('of %s each have a mark and a source', (vendor) => {
    const { rules, variants } = rulesOf(vendor)
    for (const { text, mark, source, variant } of rules) {
      expect([text, mark]).toEqual([text, expect.stringMatching(/^[SDT?]$/)])
      expect([text, source.length > 3]).toEqual([text, true])
      if (variant !== null) expect([text, variants]).toEqual([text, expect.arrayContaining([variant])])
    }
  })

  it.each(vendors)(
    'of %s that nobody knows stand in a variant, or are what a token calls itself',
    (vendor) => {
      const unknown = rulesOf(vendor).rules.filter(({ mark }) => mark === '?')
      expect(unknown.filter(({ text, variant }) => variant === null && !text.startsWith('say '))).toEqual([])
    },
  )
})
