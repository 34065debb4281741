import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type CallPoint, openWorkshop, recordCalls, runCell, type Verdict, type Workshop } from './matrix.ts'

vi.setConfig({ testTimeout: 60_000 })

/** One of each kind out of the whole matrix, which is docs/CRASH-MATRIX.md and runs at night. */
const chosen: [step: string, name: string, fault: string, verdict: Verdict, code: string][] = [
  ['initialise-token', 'C_InitPIN', 'after:CKR_DEVICE_ERROR', 'exception', 'HSM-DEVICE-ERROR'],
  ['log-in', 'C_Login', 'flags:USER_PIN_LOCKED', 'exception', 'HSM-PIN-LOCKED'],
  ['probe-token', 'C_CopyObject', 'session-lost', 'resumed', 'HSM-SESSION-LOST'],
  ['make-ceremony-key', 'C_GenerateKeyPair', 'after:segv', 'resumed', 'HSM-CRASHED'],
  ['open-run', 'C_Sign', 'hang', 'resumed', 'HSM-TIMEOUT'],
  ['generate-root', 'C_CreateObject', 'removed', 'stopped', 'HSM-TOKEN-ABSENT'],
  ['generate-root', 'C_WrapKey', 'truncate', 'exception', 'HSM-DEVICE-ERROR'],
  ['generate-root', 'C_CopyObject', 'after:segv', 'resumed', 'HSM-CRASHED'],
  ['generate-project', 'C_WrapKey', 'garbage-length', 'exception', 'HSM-DEVICE-ERROR'],
  ['generate-data', 'C_UnwrapKey', 'exit', 'resumed', 'HSM-CRASHED'],
  ['close', 'C_DestroyObject', 'after:CKR_DEVICE_ERROR', 'exception', 'HSM-DEVICE-ERROR'],
]

let shop: Workshop
let points: CallPoint[]
beforeAll(async () => {
  shop = await openWorkshop()
  points = await recordCalls(shop)
})
afterAll(() => shop.close())

describe.concurrent('a ceremony over a token that goes wrong at one call', () => {
  test.each(chosen)('%s: %s=%s is %s as %s and ends right', async (step, name, fault, verdict, code) => {
    // The last call of its kind in the step: the one whose work would be lost.
    const point = points.findLast((one) => one.step === step && one.name === name)
    if (point === undefined) throw new Error(`${step} makes no ${name}`)
    const result = await runCell(shop, { ...point, fault })
    expect(result).toMatchObject({ verdict, code })
  })
})
