import { FormatError } from '@lux/crypto'
import { endWithParent, protectProcess } from '@lux/hsm/protect'
import { ExpectedError } from '@lux/node-files'
import { checkDealing, dealAndSeal } from './deal-and-seal.ts'
import { dealRootBackup } from './deal-backup.ts'
import { dealFile, recoverFile } from './deal-file.ts'
import { encryptSamples } from './encrypt.ts'
import { keygen, makeKey } from './make-key.ts'
import { type Phases, phases } from './phases.ts'
import type { AnyResult, FromChild, KeyChildRequest, WrappedToBackup } from './protocol.ts'
import { restoreBackup } from './restore-backup.ts'

// The throw-away process that holds a whole key: it does one request and ends, and its end is what clears memory.

protectProcess()
endWithParent()
process.on('disconnect', () => process.exit(1))
process.once('message', (request: KeyChildRequest) => {
  const running = phases((start) => send({ kind: 'phase', ...start }))
  serve(request, running)
    .then((result) => send({ kind: 'done', result }))
    .catch((error: unknown) => send(failure(error)))
    .finally(() => process.exit(0))
})

async function serve(request: KeyChildRequest, running: Phases): Promise<AnyResult> {
  const measured = () => ({
    timings: running.times,
    peakMemoryMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  })
  switch (request.do) {
    case 'deal':
      return { ...(await dealFile(request.params, running)), ...measured() }
    case 'deal-backup':
      return { ...(await dealRootBackup(request.params, running, ask)), ...measured() }
    case 'restore-backup':
      return { ...(await restoreBackup(request.params, running)), ...measured() }
    case 'encrypt':
      return { ...(await encryptSamples(request.params, running)), ...measured() }
    case 'recover':
      return { ...(await recoverFile(request.params, running)), ...measured() }
    case 'keygen':
      return { ...(await keygen(request.params, running)), ...measured() }
    case 'keygen-and-deal': {
      const { params } = request
      checkDealing(params)
      const made = await makeKey(params, { seed: null, outDir: params.outDir, phases: running })
      return { ...(await dealAndSeal(made, params, running)), ...measured() }
    }
  }
}

/** Core answers once, with what the window gave. */
async function ask(publicKey: Uint8Array): Promise<WrappedToBackup> {
  const answered = new Promise<WrappedToBackup>((resolve) => process.once('message', resolve))
  await send({ kind: 'asks', publicKey })
  return answered
}

function failure(error: unknown): FromChild {
  if (error instanceof ExpectedError) {
    const { code, detail } = error
    return { kind: 'failed', code, detail }
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
