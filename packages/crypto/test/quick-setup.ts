import { expect } from 'vitest'
import { passphraseCost } from '../src/seal.ts'
import { ownSignatures, quickSignatures } from './quick-signatures.ts'

// Before each test file. Those of this package are about the signatures and the cost of a passphrase themselves.
const own = expect.getState().testPath?.includes('/packages/crypto/test/')
if (own) ownSignatures()
else quickSignatures()
passphraseCost.workFactor = own ? 18 : 8
