import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256Hex } from '@lux/crypto'
import { checkDealing, dealAndSeal } from '../../../src/core/key-child/deal-and-seal.ts'
import { writeFact } from '../../../src/core/key-child/make-key.ts'
import { phases } from '../../../src/core/key-child/phases.ts'
import type { FromChild, KeyChildRequest } from '../../../src/core/key-child/protocol.ts'
import { emptyString } from './empty-string.ts'

// The key child with the frozen key of packages/crypto/vectors/native in place of a fresh one, whose server key takes two
// minutes and 331 MB, and of a reference string, which takes one: dealing, sealing and writing are the product's own. Native tfhe-rs computed the frozen results with that
// server key; here it is a file that nothing computes with.

const native = new URL('../../../../../packages/crypto/vectors/native/', import.meta.url)
const frozen = (name: string) => new Uint8Array(readFileSync(new URL(name, native)))

process.once('message', async (request: KeyChildRequest) => {
  const send = (message: FromChild) => new Promise((done) => process.send?.(message, undefined, {}, done))
  if (request.do !== 'keygen-and-deal') throw new Error(`the frozen key is dealt only: ${request.do}`)
  const { params } = request
  const running = phases(async (start) => void (await send({ kind: 'phase', ...start })))
  checkDealing(params)
  const clientKey = frozen('client-key.bin')
  const { proofBits: bits } = params
  const made = {
    clientKey,
    clientKeySha256: sha256Hex(clientKey),
    keyId: '',
    publicKey: writeFact(join(params.outDir, 'compact-public-key.bin'), frozen('compact-public-key.bin')),
    serverKey: writeFact(join(params.outDir, 'server-key.bin'), new TextEncoder().encode('not kept')),
    ...(bits === undefined ? {} : { crs: writeFact(join(params.outDir, 'crs.bin'), emptyString(bits)) }),
  }
  const result = await dealAndSeal(made, params, running)
  await send({ kind: 'done', result: { ...result, timings: running.times, peakMemoryMiB: 0 } })
  process.exit(0)
})
