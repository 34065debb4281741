import { describe, expect, it } from 'vitest'
import { HsmError } from '../../../src/index.ts'
import { requirePinLength } from '../../../src/pkcs11/session/pin-tries.ts'

const softHsm = ['SoftHSM project', 'SoftHSM v2'] as const
const card = ['www.CardContact.de', 'PKCS#15 emulated'] as const
const cloud = ['Marvell Semiconductors, Inc.', 'NITROX-HSM'] as const

describe('the limits that a token tells for a PIN', () => {
  const allOnes = 2 ** 64
  it.each([
    ['too short', [4, 8], softHsm, 'user', 3, false],
    ['the least', [4, 8], softHsm, 'user', 4, true],
    ['the most', [4, 8], softHsm, 'so', 8, true],
    ['too long', [4, 8], softHsm, 'so', 9, false],
    ['no limits told', [0, 0], softHsm, 'user', 3, true],
    ['less than a least one alone', [4, 0], softHsm, 'user', 3, false],
    ['a least one alone', [4, 0], softHsm, 'user', 300, true],
    ['limits that nothing meets', [8, 4], softHsm, 'user', 6, true],
    ['unavailable', [allOnes, allOnes], softHsm, 'user', 6, true],
    ['unavailable in 32 bits', [0xffff_ffff, 0xffff_ffff], softHsm, 'user', 6, true],
    ['no greatest told', [4, allOnes], softHsm, 'user', 300, true],
    ['the user’s limits are not the security officer’s', [6, 15], card, 'so', 16, true],
    ['and hold for the user', [6, 15], card, 'user', 16, false],
    ['a password’s limits say nothing of a name with it', [8, 32], cloud, 'user', 64, true],
  ] as const)('%s: %j', (_, [minPinLength, maxPinLength], [manufacturer, model], user, length, taken) => {
    const info = { minPinLength, maxPinLength, manufacturer, model }
    const check = () => requirePinLength(info, user, new Uint8Array(length))
    if (taken) expect(check).not.toThrow()
    else expect(check).toThrow(HsmError)
  })
})
