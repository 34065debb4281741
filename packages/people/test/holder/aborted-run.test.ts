import type { Entry } from '@lux/ceremony/transcript'
import { describe, expect, test } from 'vitest'
import { canaryOf, freshState, keptState, saysAssembled, saysLive } from '../../src/index.ts'
import { ruleOf } from '../support/outcome.ts'

const place = { seq: '7', time: '2026-01-31T09:30:00.000Z', stepId: 'epoch-live', salt: '00'.repeat(16) }
const entry = (kind: string, fact: Record<string, string>): Entry => ({ ...place, kind, fact })
const signing = (kind: string, more: Record<string, string> = {}) =>
  entry(kind, { effect: 'sign-epoch-live', ...more })

describe('EPOCH-LIVE what a log says of the next epoch', () => {
  const begun = signing('step.intended')
  test.each<[string, Entry[], boolean]>([
    ['nothing', [entry('step.performed', { effect: 'assemble-epoch' })], false],
    ['signed', [begun, signing('step.performed')], true],
    ['begun, and nobody knows how it ended', [begun], true],
    ['failed', [begun, signing('step.failed')], false],
    ['looked for and not there', [begun, signing('step.reconciled', { found: 'absent' })], false],
    ['looked for and there', [begun, signing('step.reconciled', { found: 'adopted' })], true],
    ['failed, and signed when tried again', [begun, signing('step.failed'), signing('step.performed')], true],
  ])('%s', (_, entries, live) => {
    expect(saysLive(entries)).toEqual({ ok: true, value: live })
  })

  test('EPOCH-LOG a redacted entry could hide it', () => {
    const { salt: _, ...rest } = place
    const hidden: Entry = { ...rest, kind: 'step.performed', factHash: 'ab'.repeat(32) }
    expect(ruleOf(saysLive([hidden]))).toBe('EPOCH-LOG')
  })
})

describe('what a holder counts who keeps a share', () => {
  test('a canary from the assembly of the epoch on, whether its answers stand in the log or not', () => {
    const assembly = entry('step.performed', { effect: 'assemble-epoch' })
    expect(saysAssembled([entry('redeal.taken', {})])).toBe(false)
    expect(saysAssembled([assembly])).toBe(true)
    expect(saysAssembled([entry('step.failed', { effect: 'assemble-epoch' })])).toBe(true)
  })

  test.each([
    ['F', { at64: 65_536 + 4, at128: 7 }],
    ['S', { at64: 4, at128: 256 + 7 }],
  ] as const)('at the width of mode %s, beside what was spent before', (mode, spent) => {
    const old = Array.from({ length: 3 }, () => ({ name: '', keys: {} }))
    // What the cost is computed from: no device reads more of a run for it.
    const run = { terms: { oldT: 2, old, t: 2, n: 3 }, plan: { fhe: { mode } } } as unknown as Parameters<
      typeof canaryOf
    >[0]
    const before = { ...freshState(), spent: { at64: 4, at128: 7 }, leaving: 'ab'.repeat(32) }
    expect(keptState(before, canaryOf(run))).toEqual({ ...before, spent, leaving: null })
  })
})
