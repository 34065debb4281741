import { expect, it } from 'vitest'
import { judged } from '../support/mutation-verdicts.ts'
import { sampleKinds } from '../support/sample-kinds.ts'

it('both verifiers give the same verdict and name the same checks for at least 300 mutations over every kind of bundle', async () => {
  const { count, kinds, differ, accepted } = await judged(4)
  expect(differ).toEqual([])
  expect(accepted).toEqual([])
  expect(kinds).toEqual(Object.keys(sampleKinds))
  expect(count).toBeGreaterThanOrEqual(300)
}, 400_000)
