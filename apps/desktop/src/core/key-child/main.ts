import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FormatError, wipe } from '@lux/crypto'
import { CoreError } from '../core-error.ts'
import { checkDealing, dealAndSeal } from './deal-and-seal.ts'
import { dealFile } from './deal-file.ts'
import { makeKey, seedWords, writeFact } from './make-key.ts'
import { type Phases, phases } from './phases.ts'
import type { DealResult, FromChild, KeyChildRequest, KeygenAndDealResult, KeygenResult } from './protocol.ts'

// The throw-away process that holds a whole key: it does one request and ends, and its end is what clears memory.

protectMemory()
process.on('disconnect', () => process.exit(1))
process.once('message', (request: KeyChildRequest) => {
  const running = phases((start) => send({ kind: 'phase', ...start }))
  serve(request, running)
    .then((result) => send({ kind: 'done', result }))
    .catch((error: unknown) => send(failure(error)))
    .finally(() => process.exit(0))
})

async function serve(
  request: KeyChildRequest,
  running: Phases,
): Promise<KeygenAndDealResult | KeygenResult | DealResult> {
  const measured = () => ({
    timings: running.times,
    peakMemoryMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  })
  if (request.do === 'deal') return { ...(await dealFile(request.params, running)), ...measured() }
  if (request.do === 'keygen-and-deal') {
    const { params } = request
    checkDealing(params)
    const made = await makeKey(params, { fromSeed: false, outDir: params.outDir, phases: running })
    return { ...(await dealAndSeal(made, params, running)), ...measured() }
  }
  const { params } = request
  const made = await makeKey(params, { fromSeed: params.words, outDir: params.outDir, phases: running })
  const clientKey = await running.run('write', 1, () =>
    writeFact(join(params.outDir, 'client-key.bin'), made.clientKey, 0o600),
  )
  const words = made.seed ? seedWords(made.seed) : null
  wipe(made.clientKey)
  if (made.seed) wipe(made.seed)
  return { clientKey, publicKey: made.publicKey, serverKey: made.serverKey, words, ...measured() }
}

function failure(error: unknown): FromChild {
  if (error instanceof CoreError) {
    const { code, detail, remedy } = error
    return remedy === undefined ? { kind: 'failed', code, detail } : { kind: 'failed', code, detail, remedy }
  }
  if (error instanceof FormatError) return { kind: 'failed', code: error.rule, detail: error.detail }
  // A bug's message could quote key material: it stays here.
  return { kind: 'failed', code: 'INTERNAL', detail: 'the key process failed' }
}

/** Resolves when the message is on its way, so that it leaves before synchronous work starts. */
function send(message: FromChild): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!process.send) throw new Error('the key process is started by core only')
    process.send(message, undefined, undefined, (error) => (error ? reject(error) : resolve()))
  })
}

/** Linux: a core dump of this process holds no memory at all. */
function protectMemory(): void {
  if (process.platform !== 'linux') return
  try {
    writeFileSync('/proc/self/coredump_filter', '0')
  } catch {
    // Kernels without core dumps have no such file, and then nothing is to be kept out of one.
  }
}
