import { newPolicy, type Policy } from '@lux/ceremony/policy'
import { expect, test } from 'vitest'
import { makePerson } from '../../../../../../packages/ceremony/test/support/people.ts'
import { policyFaults } from '../../../../src/core/services/setups/setup-policy.ts'
import type { Setup } from '../../../../src/core/services/setups/setup-state.ts'

const { oldest: _, ...made } = newPolicy({
  organisation: { id: 'acme', name: 'Acme' },
  domain: 'production',
  expiry: '2027-01-01T00:00:00.000Z',
  officers: [makePerson('officer', 'Ada', 'production').card],
  officerQuorum: 1,
})

test('POLICY-OLDEST a policy of before is not made here, and one that its officers signed is still brought', () => {
  const before: Policy = { ...made, v: 2 }
  const codes = (adopted: Setup['adopted']) =>
    policyFaults({ adopted } as Setup, before).map(({ code }) => code)
  expect(codes(null)).toEqual(['POLICY-OLDEST'])
  expect(codes({ policy: before, signatures: [] })).toEqual([])
})
