import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { apart, badInputVerdicts, frozenVerdicts } from '../bad-input/verdicts.ts'

const checkout = fileURLToPath(new URL('../../', import.meta.url))

test('every hostile plan, card, policy, document, key and ciphertext gets the verdict that it got before version 2', async () => {
  const now = await badInputVerdicts(checkout, { withBundles: false })
  // Those of bundles are compared at night.
  const frozen = frozenVerdicts().filter(({ name }) => !/^(bundle|statement|transcript): /.test(name))
  expect(frozen).toHaveLength(2431)
  expect(apart(frozen, now)).toEqual([])
  expect(apart(frozen, now.slice(1))).toHaveLength(1)
  expect(now.filter(({ verdict }) => verdict.startsWith('threw'))).toEqual([])
})
