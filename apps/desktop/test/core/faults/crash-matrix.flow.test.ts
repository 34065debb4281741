import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type CallPoint, openWorkshop, recordCalls, runCell, type Verdict, type Workshop } from './matrix.ts'

vi.setConfig({ testTimeout: 120_000 })

/** One of each kind out of the whole matrix, which is docs/CRASH-MATRIX.md and runs at night. */
const chosen: [
  ceremony: string,
  step: string,
  name: string,
  fault: string,
  verdict: Verdict,
  code: string,
][] = [
  ['chain', 'initialise-token', 'C_InitPIN', 'after:CKR_DEVICE_ERROR', 'exception', 'HSM-DEVICE-ERROR'],
  ['chain', 'log-in', 'C_Login', 'flags:USER_PIN_LOCKED', 'exception', 'HSM-PIN-LOCKED'],
  ['chain', 'probe-token', 'C_CopyObject', 'session-lost', 'resumed', 'HSM-SESSION-LOST'],
  ['chain', 'make-ceremony-key', 'C_GenerateKeyPair', 'after:segv', 'resumed', 'HSM-CRASHED'],
  ['chain', 'open-run', 'C_Sign', 'hang', 'resumed', 'HSM-TIMEOUT'],
  ['chain', 'generate-root', 'C_CreateObject', 'removed', 'stopped', 'HSM-TOKEN-ABSENT'],
  ['chain', 'generate-root', 'C_WrapKey', 'truncate', 'exception', 'HSM-DEVICE-ERROR'],
  ['chain', 'generate-root', 'C_CopyObject', 'after:segv', 'resumed', 'HSM-CRASHED'],
  ['chain', 'generate-project', 'C_WrapKey', 'garbage-length', 'exception', 'HSM-DEVICE-ERROR'],
  ['chain', 'generate-data', 'C_UnwrapKey', 'exit', 'resumed', 'HSM-CRASHED'],
  ['chain', 'generate-data', 'C_GenerateKey', 'CKR_SESSION_HANDLE_INVALID', 'resumed', 'HSM-SESSION-LOST'],
  ['attested-root', 'attest-root', 'C_Sign', 'CKR_GENERAL_ERROR', 'exception', 'HSM-DEVICE-ERROR'],
  ['replicate-root', 'replicate-root', 'C_WrapKey', 'CKR_DEVICE_REMOVED', 'stopped', 'HSM-TOKEN-ABSENT'],
  ['replicate-root', 'replicate-root', 'C_Login', 'after:segv', 'resumed', 'HSM-CRASHED'],
  ['hierarchy-rsa', 'generate-data', 'C_WrapKey', 'truncate', 'exception', 'HSM-DEVICE-ERROR'],
  ['hierarchy-ec', 'generate-data', 'C_GenerateKeyPair', 'hang', 'resumed', 'HSM-TIMEOUT'],
  ['chain', 'close', 'C_DestroyObject', 'after:CKR_DEVICE_ERROR', 'exception', 'HSM-DEVICE-ERROR'],
]

let shop: Workshop
const points: CallPoint[] = []
beforeAll(async () => {
  shop = await openWorkshop()
  for (const name of new Set(chosen.map(([ceremony]) => ceremony)))
    points.push(...(await recordCalls(shop, name)))
}, 240_000)
afterAll(() => shop.close())

describe.concurrent('a ceremony over a token that goes wrong at one call', () => {
  test.each(chosen)(
    '%s, %s: %s=%s is %s as %s and ends right',
    async (ceremony, step, name, fault, verdict, code) => {
      // The last call of its kind in the step: the one whose work would be lost.
      const point = points.findLast(
        (one) => one.ceremony === ceremony && one.step === step && one.name === name,
      )
      if (point === undefined) throw new Error(`${ceremony}: ${step} makes no ${name}`)
      const result = await runCell(shop, { ...point, fault })
      expect(result).toMatchObject({ verdict, code })
    },
  )
})
