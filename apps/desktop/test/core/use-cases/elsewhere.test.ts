import type { Plan } from '@lux/ceremony'
import { expect, test } from 'vitest'
import { elsewhere } from '../../../src/core/use-cases/make-plan.ts'

const soft = { role: 'ceremony', maker: 'SoftHSM project', model: 'SoftHSM v2', firmware: '2.6' }
const planOf = (token: object) => ({ tokens: [{ role: 'ceremony', ...token }] }) as Pick<Plan, 'tokens'>
const details = (token: object, ran = [soft]) => elsewhere(planOf(token), ran).map(({ detail }) => detail)

test('REHEARSED-ELSEWHERE a plan for a Luna that was rehearsed on SoftHSM is told to whoever approves it', () => {
  expect(details({ profile: 'luna' })).toEqual([
    'ceremony: planned luna, rehearsed on SoftHSM project, SoftHSM v2',
  ])
  expect(details({ profile: 'softhsm' })).toEqual([])
  expect(details({ profile: 'luna' }, [{ ...soft, maker: 'SafeNet', model: 'LunaSA 7.7.1' }])).toEqual([])
})

test('REHEARSED-ELSEWHERE a measured token is of no make, but for the device that the plan names', () => {
  expect(details({ profile: 'measured' })).toEqual([])
  const device = { maker: 'Kryoptic Project', model: 'v1' }
  expect(details({ profile: 'measured', device })).toHaveLength(1)
  expect(details({ profile: 'measured', device: { maker: soft.maker, model: soft.model } })).toEqual([])
})
