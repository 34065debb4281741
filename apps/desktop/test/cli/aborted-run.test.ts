import type { Entry } from '@lux/ceremony/transcript'
import { describe, expect, test } from 'vitest'
import { saysLive } from '../../src/cli/aborted-run.ts'

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
    expect(saysLive(entries)).toBe(live)
  })

  test('EPOCH-LOG a redacted entry could hide it', () => {
    const { salt: _, ...rest } = place
    const hidden: Entry = { ...rest, kind: 'step.performed', factHash: 'ab'.repeat(32) }
    expect(() => saysLive([hidden])).toThrow(expect.objectContaining({ code: 'EPOCH-LOG' }))
  })
})
