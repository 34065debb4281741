import { test } from 'vitest'
import { heldOnStandIn } from './support/on-stand-in.ts'

test('a Luna holds a root by what its documents say, and both verifiers accept its bundle', () =>
  heldOnStandIn('luna', 'network'))
