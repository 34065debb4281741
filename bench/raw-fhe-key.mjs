// The key library alone: client key, compact public key and compressed server key, serialized, and nothing else around
// them. Prints the milliseconds, loading of the library included.
import { createRequire } from 'node:module'

const began = performance.now()
const tfhe = createRequire(new URL('../apps/desktop/package.json', import.meta.url))('node-tfhe')
const limit = 1n << 30n
const key = tfhe.TfheClientKey.generate(tfhe.TfheConfigBuilder.default().build())
key.safe_serialize(limit)
tfhe.TfheCompactPublicKey.new(key).safe_serialize(limit)
tfhe.TfheCompressedServerKey.new(key).safe_serialize(limit)
process.stdout.write(`${performance.now() - began}\n`)
