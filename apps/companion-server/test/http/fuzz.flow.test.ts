import { expect, test } from 'vitest'
import { fuzz } from '../support/fuzzer.ts'
import { openKms } from '../support/kms-under-test.ts'

test('OPENAPI-04 whatever fits the document or does not, no call makes the server fail or answer what the document does not have', {
  timeout: 300_000,
}, async () => {
  const kms = await openKms()
  try {
    const { status, said } = await fuzz(kms, { phases: ['fuzzing'], examples: 4 })
    expect(status, said).toBe(0)
  } finally {
    await kms.close()
  }
})
