// A process of its own: from the kernel's text in the source to a first dot product, no code compiled before.

import { ringVector } from '../../packages/crypto/src/sharing/kernel.ts'

const began = process.threadCpuUsage()
const vector = ringVector(128, 1)
vector.dot(new Uint8Array(16))
const { user, system } = process.threadCpuUsage(began)
process.stdout.write(`${(user + system) / 1000}\n`)
