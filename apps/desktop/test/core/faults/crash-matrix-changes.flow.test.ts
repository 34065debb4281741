import { describe, expect, test } from 'vitest'
import { type Chosen, sampled } from './sampled.ts'

/** Of backup, restore and change, where each makes, opens or destroys something; the rest of their cells run at night. */
const chosen: readonly Chosen[] = [
  ['root-backup', 'generate-root', 'C_CopyObject', 'after:segv', 'resumed', 'HSM-CRASHED'],
  ['root-backup', 'generate-root', 'C_WrapKey', 'truncate', 'exception', 'HSM-DEVICE-ERROR'],
  ['root-several', 'bring-spare', 'C_UnwrapKey', 'after:segv', 'resumed', 'HSM-CRASHED'],
  ['share-check', 'seal', 'C_Sign', 'CKR_GENERAL_ERROR', 'exception', 'HSM-DEVICE-ERROR'],
  ['restore-drill', 'restore-root', 'C_UnwrapKey', 'removed', 'stopped', 'HSM-TOKEN-ABSENT'],
  [
    'restore-drill',
    'zeroise-root',
    'C_DestroyObject',
    'after:CKR_DEVICE_ERROR',
    'exception',
    'HSM-DEVICE-ERROR',
  ],
  ['root-restore', 'restore-root', 'C_GenerateKeyPair', 'after:segv', 'resumed', 'HSM-CRASHED'],
  ['kek-rotation', 'generate-organisation', 'C_GenerateKey', 'after:segv', 'resumed', 'HSM-CRASHED'],
  ['revocation', 'revoke-keys', 'C_Sign', 'hang', 'resumed', 'HSM-TIMEOUT'],
  ['decommission', 'decommission-spare', 'C_DestroyObject', 'after:segv', 'resumed', 'HSM-CRASHED'],
  ['decommission', 'decommission-ceremony', 'C_DestroyObject', 'session-lost', 'stopped', 'HSM-SESSION-LOST'],
  ['officer-change', 'sign-policy', 'C_Sign', 'exit', 'resumed', 'HSM-CRASHED'],
]
const run = sampled(chosen)

describe.concurrent('a ceremony over a token that goes wrong at one call', () => {
  test.each(chosen)('%s, %s: %s=%s is %s as %s and ends right', async (...cell) => {
    const [, , , , verdict, code] = cell
    expect(await run(...cell)).toMatchObject({ verdict, code })
  })
})
