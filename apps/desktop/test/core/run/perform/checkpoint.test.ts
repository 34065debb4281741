import { expect, test } from 'vitest'
import { makeCheckpoint } from '../../../../src/core/run/perform/checkpoint.ts'

const expiry = '2026-01-31T09:30:00.000Z'

/** What the checkpoint asks first of the run whose policy expires then; after that the test ends it. */
function made(reason: 'opening' | 'step', now: string) {
  const head = () => {
    throw new Error('goes on to the ceremony key')
  }
  const run = { clock: { now: () => now }, policy: { policy: { expiry } }, folder: { headAt: head } }
  return makeCheckpoint({ kind: 'make-checkpoint', reason } as never, run as never)
}

test('POLICY-EXPIRED the ceremony key signs no opening checkpoint after the expiry, and every later one', async () => {
  const late = '2026-01-31T09:30:00.001Z'
  await expect(made('opening', late)).rejects.toMatchObject({ code: 'POLICY-EXPIRED' })
  await expect(made('opening', expiry)).rejects.toThrow('goes on')
  await expect(made('step', late)).rejects.toThrow('goes on')
})
