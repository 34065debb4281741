// A process of its own: what key-worker.mjs does in a page, with node-tfhe on its one thread.
import { createRequire } from 'node:module'

const tfhe = createRequire(new URL('../../apps/desktop/package.json', import.meta.url))('node-tfhe')
const key = tfhe.TfheClientKey.generate(tfhe.TfheConfigBuilder.default().build())
const began = performance.now()
const { length } = tfhe.TfheCompressedServerKey.new(key).safe_serialize(1n << 30n)
const milliseconds = performance.now() - began
const { user, system } = process.threadCpuUsage()
process.stdout.write(`${JSON.stringify({ milliseconds, length, busiest: (user + system) / 1000 })}\n`)
