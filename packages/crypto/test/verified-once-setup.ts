import { expect } from 'vitest'
import { verifyAlways, verifyOnce } from './verified-once.ts'

// Before each test file. Those of this package are about the signatures themselves.
if (expect.getState().testPath?.includes('/packages/crypto/test/')) verifyAlways()
else verifyOnce()
