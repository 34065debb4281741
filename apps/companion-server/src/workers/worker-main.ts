import { endWithParent, protectProcess } from '@lux/hsm/protect'
import { guardContainer } from '../platform/container.ts'
import { variable } from '../platform/environment.ts'
import { stateFolder } from '../platform/state-folder/folder.ts'
import { type OpenServer, openServer } from '../server.ts'
import { containFaults } from './contain-faults.ts'
import { consoleAt, openDoors } from './doors.ts'
import { lentToken } from './lent-token.ts'
import { openLog } from './log.ts'
import type { Figures, FromWorker, ToWorker, WorkerStart } from './messages.ts'
import { errorOf, thrownOf } from './thrown.ts'
import { openWaiting } from './waiting.ts'
import { openWorkerCounts } from './worker-counts.ts'

// Unwrapped keys are in this process. The main process ends it in order; without that process it has no token.
protectProcess()
endWithParent()
guardContainer()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
process.on('disconnect', () => process.exit(1))

const waiting = openWaiting()
const tell = (message: FromWorker) => {
  process.send?.(message)
}
const counts = openWorkerCounts((told) => tell({ kind: 'counts', counts: told }))
let server: OpenServer | null = null
let tokenChanged: ReturnType<typeof lentToken>['changed'] = () => undefined
let ownFigures: () => Promise<Figures> = async () => []

async function begin(start: WorkerStart): Promise<void> {
  const log = openLog(variable('LOG_LEVEL'))
  const lent = lentToken(start.token, {
    ask: (call) => waiting.ask((id) => tell({ kind: 'token-call', id, call })),
    // What `unseal` of the main process answers.
    unseal: async () => (await waiting.ask((id) => tell({ kind: 'unseal', id }))) as never,
  })
  tokenChanged = lent.changed
  let listensAt: string | null = null
  server = await openServer(stateFolder(start.state), log, {
    tls: start.tls,
    listensAt: () => listensAt,
    worker: {
      database: start.database,
      token: lent.token,
      counts,
      onFigures(give) {
        ownFigures = give
      },
      // What every worker's `onFigures` gave.
      allFigures: async () => (await waiting.ask((id) => tell({ kind: 'all-figures', id }))) as Figures[],
    },
  })
  const open = await openDoors(server, log, start)
  listensAt = consoleAt(start, open.address)
  containFaults(log)
  tell({ kind: 'listening', ...open })
}

async function close(): Promise<void> {
  await counts.close()
  await server?.app.close()
  process.exit(0)
}

const failed = (error: unknown) => {
  process.send?.({ kind: 'failed', error: thrownOf(error) } satisfies FromWorker, () => process.exit(1))
}

process.on('message', (message: ToWorker) => {
  if (message.kind === 'start') begin(message.start).catch(failed)
  else if (message.kind === 'answer') {
    const { id, answer } = message
    if (answer.ok) waiting.answered(id, answer.value)
    else waiting.refused(id, errorOf(answer.error))
  } else if (message.kind === 'token') tokenChanged(message.state)
  else if (message.kind === 'counts') counts.heard(message.counts)
  else if (message.kind === 'figures-wanted') {
    const { id } = message
    ownFigures().then((figures) => tell({ kind: 'figures', id, figures }), failed)
  } else if (message.kind === 'drain') server?.services.draining.begin()
  else close().catch(failed)
})
