import type { Capability } from '../device.ts'
import type { TokenSession } from './session.ts'

export const capabilities = (token: TokenSession): Capability[] => {
  token.requireUser()
  return []
}
