import { fromHex, toWords } from '@lux/crypto'
import { policyDigest } from './check.ts'
import type { Policy } from './schema.ts'

/** The whole digest as 32 PGP words: the other side may have chosen the bytes, so none is left out. */
export function fingerprintWords(policy: Policy): string[] {
  return toWords(fromHex(policyDigest(policy), 32))
}
