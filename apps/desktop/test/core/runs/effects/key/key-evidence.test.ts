import type { AttributeReport } from '@lux/hsm'
import { describe, expect, it } from 'vitest'
import type { RunContext } from '../../../../../src/core/runs/effects/context.ts'
import { toEvidence } from '../../../../../src/core/runs/effects/key/key-evidence.ts'

const tokens = [{ role: 'ceremony', profile: 'measured', probed: true }]
// The evidence asks nothing else of a run.
const run = { folder: { state: { plan: { tokens }, tokens } } } as unknown as RunContext

const shown = (attribute: string, actual: string): AttributeReport => ({
  attribute,
  expected: null,
  actual,
  ok: !actual.startsWith('unreadable:'),
})
const of = (...reports: AttributeReport[]) =>
  toEvidence(run, 'ceremony', { ckaId: '0a', label: 'root' }, reports)

describe('the evidence of a key', () => {
  it.each(['unreadable:absent', 'unreadable:CKR_ATTRIBUTE_TYPE_INVALID'])(
    'keeps an attribute that was only shown and that the token does not have, as it reads: %s',
    (actual) => {
      expect(of(shown('SENSITIVE', 'true'), shown('WRAP_TEMPLATE', actual))).toEqual({
        ckaId: '0a',
        label: 'root',
        level: 'E1',
        attributes: { SENSITIVE: true, WRAP_TEMPLATE: actual },
      })
    },
  )

  it.each<[string, AttributeReport, string]>([
    [
      'that was asked for and is absent',
      { attribute: 'COPYABLE', expected: 'false', actual: 'unreadable:absent', ok: false },
      'COPYABLE: asked false, is absent: the token does not have this attribute',
    ],
    [
      'that the token failed to read',
      shown('TRUSTED', 'unreadable:CKR_DEVICE_ERROR'),
      'TRUSTED: is unreadable (CKR_DEVICE_ERROR)',
    ],
    [
      'that is another than was asked for',
      { attribute: 'WRAP', expected: 'true', actual: 'false', ok: false },
      'WRAP: asked true, is false',
    ],
  ])('KEY-TEMPLATE-MISMATCH refuses an attribute %s', (_, report, detail) => {
    expect(() => of(report)).toThrow(
      expect.objectContaining({ code: 'KEY-TEMPLATE-MISMATCH', message: expect.stringContaining(detail) }),
    )
  })
})
