import { randomBytes } from 'node:crypto'
import type { Entropy } from '@lux/crypto'

/** The operating system's generator. */
export const systemEntropy: Entropy = { bytes: (n) => new Uint8Array(randomBytes(n)) }
