import { describe, expect, test } from 'vitest'
import { type Chosen, sampled } from './sampled.ts'

/** One of each kind out of the whole matrix, whose last results are results/crash-matrix.json, and which runs at night. */
const chosen: readonly Chosen[] = [
  ['chain', 'initialise-token', 'C_InitPIN', 'after:CKR_DEVICE_ERROR', 'exception', 'HSM-DEVICE-ERROR'],
  ['chain', 'log-in', 'C_Login', 'flags:USER_PIN_LOCKED', 'exception', 'HSM-PIN-LOCKED'],
  ['chain', 'probe-token', 'C_CopyObject', 'session-lost', 'resumed', 'HSM-SESSION-LOST'],
  ['chain', 'make-ceremony-key', 'C_GenerateKeyPair', 'after:segv', 'resumed', 'HSM-CRASHED'],
  ['chain', 'open-run', 'C_Sign', 'hang', 'resumed', 'HSM-TIMEOUT'],
  ['chain', 'generate-root', 'C_CreateObject', 'removed', 'stopped', 'HSM-TOKEN-ABSENT'],
  ['chain', 'generate-root', 'C_WrapKey', 'truncate', 'exception', 'HSM-DEVICE-ERROR'],
  ['chain', 'generate-data', 'C_UnwrapKey', 'exit', 'resumed', 'HSM-CRASHED'],
  ['chain', 'generate-data', 'C_GenerateKey', 'CKR_SESSION_HANDLE_INVALID', 'resumed', 'HSM-SESSION-LOST'],
  ['replicate-root', 'replicate-root', 'C_WrapKey', 'CKR_DEVICE_REMOVED', 'stopped', 'HSM-TOKEN-ABSENT'],
  ['chain', 'close', 'C_DestroyObject', 'after:CKR_DEVICE_ERROR', 'exception', 'HSM-DEVICE-ERROR'],
]
const run = sampled(chosen)

describe.concurrent('a ceremony over a token that goes wrong at one call', () => {
  test.each(chosen)('%s, %s: %s=%s is %s as %s and ends right', async (...cell) => {
    const [, , , , verdict, code] = cell
    expect(await run(...cell)).toMatchObject({ verdict, code })
  })
})
