import { expect, test } from 'vitest'
import type { ProbeCheck } from '../../src/contract/index.ts'
import { attackIds, outcomesOf } from '../../src/renderer/tokens/attack-grid.tsx'
import { softTokenChecks } from '../support/fake-probe.ts'

test('TOKENS-GRID a soft token’s thirteen attacks stand in one order for both kinds of keys', () => {
  expect(attackIds(softTokenChecks)).toHaveLength(13)
  const ours = outcomesOf(softTokenChecks, 'hardened')
  expect(ours.filter((outcome) => outcome === 'held').length).toBe(
    softTokenChecks.filter(({ template, outcome }) => template === 'hardened' && outcome === 'held').length,
  )
  expect(outcomesOf(softTokenChecks, 'default')).toContain('broken')
})

test('TOKENS-GRID of several answers to one attack the worst counts, and one that was not made stays empty', () => {
  const [some] = softTokenChecks
  if (some === undefined) throw new Error('the soft token has no checks')
  const check = (
    id: ProbeCheck['id'],
    template: ProbeCheck['template'],
    outcome: ProbeCheck['outcome'],
  ): ProbeCheck => ({ ...some, id, template, outcome })
  const checks = [
    check('silent-unwrap', 'hardened', 'held'),
    check('silent-unwrap', 'hardened', 'broken'),
    check('wrap-then-decrypt', 'default', 'undecided'),
  ]
  expect(outcomesOf(checks, 'hardened')).toEqual(['broken', null])
  expect(outcomesOf(checks, 'default')).toEqual([null, 'undecided'])
})
