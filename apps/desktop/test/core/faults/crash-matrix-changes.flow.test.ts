import { describe, expect, test } from 'vitest'
import { type Chosen, sampled } from './sampled.ts'

/** Of backup, restore and change, where each makes, opens or destroys something; the rest of their cells run at night. */
const chosen: readonly Chosen[] = [
  ['root-several', 'bring-spare', 'C_UnwrapKey', 'after:segv', 'resumed', 'HSM-CRASHED'],
  ['restore-drill', 'restore-root', 'C_UnwrapKey', 'removed', 'stopped', 'HSM-TOKEN-ABSENT'],
  [
    'restore-drill',
    'zeroise-root',
    'C_DestroyObject',
    'after:CKR_DEVICE_ERROR',
    'exception',
    'HSM-DEVICE-ERROR',
  ],
  ['kek-rotation', 'generate-organisation', 'C_GenerateKey', 'after:segv', 'resumed', 'HSM-CRASHED'],
  ['decommission', 'decommission-spare', 'C_DestroyObject', 'after:segv', 'resumed', 'HSM-CRASHED'],
  ['decommission', 'decommission-ceremony', 'C_DestroyObject', 'session-lost', 'resumed', 'HSM-SESSION-LOST'],
]
const run = sampled(chosen)

describe.concurrent('a ceremony over a token that goes wrong at one call', () => {
  test.each(chosen)('%s, %s: %s=%s is %s as %s and ends right', async (...cell) => {
    const [, , , , verdict, code] = cell
    expect(await run(...cell)).toMatchObject({ verdict, code })
  })
})
