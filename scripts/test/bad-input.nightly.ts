import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { apart, badInputVerdicts, frozenVerdicts } from '../bad-input/verdicts.ts'

const checkout = fileURLToPath(new URL('../../', import.meta.url))

test('every hostile bundle, plan, card, policy, document, key and ciphertext gets the verdict that it got before version 2', async () => {
  const frozen = frozenVerdicts()
  expect(frozen.length).toBeGreaterThan(2900)
  const now = await badInputVerdicts(checkout)
  expect(apart(frozen, now)).toEqual([])
  // What once broke the code off is refused by a rule, and is not said to be so because it was mended.
  expect(now.filter(({ verdict }) => verdict.startsWith('threw'))).toEqual([])
})
