import { expect, test } from 'vitest'
import { makeCheckpoint } from '../../../../src/core/runs/effects/opening/opening.ts'

const expiry = '2026-01-31T09:30:00.000Z'

/** What the checkpoint asks first of the run whose policy expires then; after that the test ends it. */
function made(reason: 'opening' | 'exception' | 'step', previous: string | null, now: string) {
  const head = () => {
    throw new Error('goes on to the ceremony key')
  }
  const run = { clock: { now: () => now }, policy: { policy: { expiry } }, folder: { headAt: head } }
  return makeCheckpoint({ kind: 'make-checkpoint', reason, previous } as never, run as never)
}

test('POLICY-EXPIRED the ceremony key signs no first checkpoint after the expiry, whatever it is for, and every later one', async () => {
  const late = '2026-01-31T09:30:00.001Z'
  for (const reason of ['opening', 'exception'] as const) {
    await expect(made(reason, null, late)).rejects.toMatchObject({ code: 'POLICY-EXPIRED' })
    await expect(made(reason, null, expiry)).rejects.toThrow('goes on')
  }
  await expect(made('step', 'aa'.repeat(32), late)).rejects.toThrow('goes on')
})
