import { test } from 'vitest'
import { heldOnStandIn } from './support/on-stand-in.ts'

// A Luna in FIPS mode seals the ceremony key under a nonce of its own.
test.each([
  ['luna', 'fips'],
  ['nshield', 'lenient'],
])('a root is made on %s (%s), and both verifiers accept its bundle', (vendor, variant) =>
  heldOnStandIn(vendor, variant),
)
