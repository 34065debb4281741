import { expect, it } from 'vitest'
import { quickSignatures } from '../../../crypto/test/quick-signatures.ts'
import { judged } from '../support/mutation-verdicts.ts'

it('both verifiers give the same verdict for some 40 mutations of each part of each kind of bundle', async () => {
  quickSignatures()
  const { count, differ, accepted } = await judged(40)
  expect(differ).toEqual([])
  expect(accepted).toEqual([])
  expect(count).toBeGreaterThan(1500)
})
