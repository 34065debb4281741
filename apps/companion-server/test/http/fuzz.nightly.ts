import { expect, test } from 'vitest'
import { fuzz } from '../support/fuzzer.ts'
import { openKms } from '../support/kms-under-test.ts'

test('OPENAPI-04 every bound of every field, and many more calls than npm test makes', {
  timeout: 3_600_000,
}, async () => {
  const kms = await openKms()
  try {
    const { status, said } = await fuzz(kms, { phases: ['coverage', 'fuzzing'], examples: 50 })
    expect(status, said).toBe(0)
  } finally {
    await kms.close()
  }
})
