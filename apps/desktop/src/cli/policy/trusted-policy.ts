import type { Policy } from '@lux/ceremony/policy'
import { readBounded } from '@lux/node-files'
import { trustedPolicy } from '@lux/people'
import { accepted } from '../shell/accepted.ts'

export const maxPolicy = 1 << 20

/** The policy that its holder took by hand. Errors: POLICY-…, SIGNATURE-…, QUORUM-SHORT. */
export function readTrustedPolicy(path: string): Policy {
  return accepted(trustedPolicy(readBounded(path, maxPolicy)), { policy: path })
}
