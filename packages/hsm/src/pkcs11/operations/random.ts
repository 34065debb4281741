import { call } from '../library/errors.ts'
import type { TokenSession } from '../session/session.ts'

const maxRandomBytes = 1 << 20

export function random(token: TokenSession, length: number): Uint8Array {
  if (!Number.isInteger(length) || length < 1 || length > maxRandomBytes)
    throw new RangeError(`length: expected 1 to ${maxRandomBytes}, got ${length}`)
  return call('drawing random bytes', () =>
    token.module.p11.C_GenerateRandom(token.session, Buffer.alloc(length)),
  )
}
