import { expect, test } from 'vitest'
import { servedBefore, servedOn } from '../support/on-stand-in.ts'

test('a server on the stand-in of a Luna in FIPS mode imports a bundle and opens its keys, as its row has it', async () => {
  const row = servedBefore().find(({ variant }) => variant === 'fips')
  expect({ vendor: 'luna', variant: 'fips', refused: await servedOn('luna', 'fips') }).toEqual(row)
})
