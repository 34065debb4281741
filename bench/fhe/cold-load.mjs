// A process of its own: from the kernel's text in the source to a first dot product, no code compiled before.

import { ringVector } from '../../packages/crypto/src/sharing/kernel.ts'
import { KERNEL_BASE64 } from '../../packages/crypto/src/sharing/kernel-bytes.ts'

const began = performance.now()
const vector = ringVector(128, 1)
vector.dot(new Uint8Array(16))
process.stdout.write(`${performance.now() - began} ${(KERNEL_BASE64.length * 3) / 4}\n`)
