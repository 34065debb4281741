import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formats, verdictOf } from './formats.ts'
import { changes, spoil } from './hostile.ts'
import { samples } from './samples.ts'

const honest = samples()

test.each(Object.keys(formats))('%s: a long night of spoiled files', (format) => {
  fc.assert(
    fc.property(changes, (all) => {
      expect(verdictOf(format, spoil(honest[format]!, all))).toMatch(
        /^(taken|(FHE|JSON|DOC|UTF8)-[A-Z0-9-]+)$/,
      )
    }),
    { numRuns: 20_000 },
  )
})
