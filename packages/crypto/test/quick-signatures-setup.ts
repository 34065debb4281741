import { expect } from 'vitest'
import { ownSignatures, quickSignatures } from './quick-signatures.ts'

// Before each test file. Those of this package are about the signatures themselves.
if (expect.getState().testPath?.includes('/packages/crypto/test/')) ownSignatures()
else quickSignatures()
