import { expect, test } from 'vitest'
import { auditRemedy } from '../../../src/cli/fhe/canary.ts'

const ABORT = 'abort the run: the old epoch stays'

test.each(['FHE-INCONSISTENT', 'FHE-PADDING', 'FHE-NOISE', 'FHE-BOOL-RANGE'])(
  '%s a canary that came out wrong aborts the run',
  (rule) => {
    expect(auditRemedy(rule)).toContain(ABORT)
  },
)

test('FHE-CANARY-VALUE the value given is checked before the run is aborted', () => {
  expect(auditRemedy('FHE-CANARY-VALUE')).toMatch(new RegExp(`^check the --value given first; .*${ABORT}`))
})

test.each([
  'FHE-CANARY-HOLDERS',
  'FHE-CANARY-SIZE',
  'FHE-CIPHERTEXT-OTHER',
  'FHE-PARTIALS-MIXED',
  'FHE-PARTIALS-FEW',
  'FHE-EPOCH-MIXED',
  'FHE-HOLDER-DUPLICATE',
  'FHE-WIDTH-MIXED',
  'FHE-NO-SQUASH-KEY',
])('%s files that are missing, doubled, mixed or others decide nothing and abort no run', (rule) => {
  expect(auditRemedy(rule)).toBe(
    'give the missing or the right files and audit again: nothing was decided about the epoch',
  )
})
