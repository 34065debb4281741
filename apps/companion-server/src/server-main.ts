import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { protectProcess } from '@lux/hsm/protect'
import { initServer } from './commands/init.ts'
import { linesOf, running, say } from './commands/result.ts'
import { startServer, stopSignal } from './commands/start.ts'
import { stateFolder } from './platform/state-folder/folder.ts'
import { makeFolder } from './state/make-folder.ts'

const ownState = '.lux/server'

// `npm run server`: a rehearsal server on a SoftHSM training token, made on the first start.
async function serve(): Promise<void> {
  const { values } = parseArgs({
    options: {
      state: { type: 'string', default: ownState },
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '8443' },
      once: { type: 'boolean', default: false },
    },
  })

  protectProcess()
  if (values.state === ownState) await makeFolder(dirname(ownState))
  const state = stateFolder(values.state)
  const made = await initServer({ state, domain: 'rehearsal', token: 'soft-token', pinFile: null })
  if (!made.ok && made.rule !== 'STATE-EXISTS') {
    say(linesOf('refused', { code: made.rule, detail: made.detail }))
    process.exitCode = 1
    return
  }
  const stopped = stopSignal()
  const server = await startServer(state, { host: values.host, port: Number(values.port) })
  process.stdout.write(`ready: rehearsal server, ${server.address}, state ${state.root}\n`)
  if (server.sealed !== null) say(linesOf('sealed', server.sealed))
  if (!values.once) await stopped
  await server.close()
}

await running({ json: false }, serve)
