import { join } from 'node:path'
import { protectProcess } from '@lux/hsm/protect'
import { ExpectedError } from '@lux/node-files'
import type { CorePort, CoreToMain } from '../contract/index.ts'
import { createCore } from './create-core.ts'
import { findProgram } from './program.ts'
import { readMainMessage } from './serve.ts'
import { systemClock, systemEntropy } from './system.ts'

process.umask(0o077)
// PINs pass through here, so this comes before core can be sent anything.
protectProcess()

const generation = Number(process.env.LUX_GENERATION ?? '1')
const storePath = process.env.LUX_STORE
if (process.send === undefined || storePath === undefined) {
  process.stderr.write('core: started by the workstation alone\n')
  process.exit(2)
}

const port: CorePort = {
  post: (message: CoreToMain) => {
    if (process.connected) process.send?.(message)
  },
  onMessage: (listener) => {
    process.on('message', (message) => {
      const read = readMainMessage(message)
      if (read !== null) listener(read)
    })
  },
  onClose: (listener) => {
    process.on('disconnect', listener)
  },
}

/** Type and place of a bug, never its message, which may quote what it choked on. */
function report(error: unknown): void {
  const kind = error instanceof Error ? error.name : typeof error
  const stack =
    error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at ')) : []
  process.stderr.write(`core: ${kind}\n${stack.slice(0, 12).join('\n')}\n`)
}

function refuse({ code, detail }: ExpectedError): void {
  port.post({ refused: { code, detail } })
  setTimeout(() => process.exit(3), 200)
}

try {
  const core = await createCore(port, {
    storePath,
    library: async () => (await import('./own-library.ts')).ownLibrary(storePath),
    trainingFolder: process.env.LUX_PKCS11 ? null : join(storePath, 'soft-token'),
    training: process.env.LUX_TRAINING === '1',
    program: findProgram(),
    clock: systemClock,
    entropy: systemEntropy,
    generation,
    refuse,
    report,
  })
  const leave = () => void core.stop().finally(() => process.exit(0))
  port.onClose(leave)
  process.on('SIGTERM', leave)
} catch (error) {
  if (!(error instanceof ExpectedError)) report(error)
  refuse(error instanceof ExpectedError ? error : new ExpectedError('INTERNAL', 'core could not start'))
}
process.on('unhandledRejection', report)
