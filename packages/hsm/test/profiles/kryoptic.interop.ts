import { expect, it } from 'vitest'
import { shownBefore } from './shown.ts'
import { kryoptic, showToken } from './shown-tokens.ts'

it('kryoptic holds every attack on the hardened template, as the table says', async () => {
  const library = process.env.LUX_KRYOPTIC
  if (library === undefined) throw new Error('LUX_KRYOPTIC is not set: npm run interop -- --token')
  const found = await showToken('kryoptic', kryoptic(library))
  expect(found.broken).toEqual([])
  expect(found.passed).toBe(true)
  const row = shownBefore().find(({ token }) => token === 'kryoptic')
  expect(found).toMatchObject({ maker: row?.maker, model: row?.model, held: row?.held, wrap: row?.wrap })
}, 300_000)
