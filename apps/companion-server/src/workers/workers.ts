import cluster, { type Worker } from 'node:cluster'
import { fileURLToPath } from 'node:url'
import type { ServerToken } from '../platform/hsm/server-token.ts'
import { callToken } from './lent-token.ts'
import type { Log } from './log.ts'
import type { Answer, Figures, FromWorker, ToWorker, WorkerStart } from './messages.ts'
import { errorOf, thrownOf } from './thrown.ts'
import { openWaiting } from './waiting.ts'

export type Workers = {
  readonly address: string
  readonly kmipPort: number | null
  /** Of those that live now. */
  readonly pids: readonly number[]
  drain(): void
  /** What is under way is answered first. */
  close(): Promise<void>
}

const firstWaitMs = 100
const longestWaitMs = 5000
const tellMs = 200
/** One that has not ended by then is killed. */
const closeMs = 30_000

/**
 * Forks the workers of one server, all behind the same doors, and lends them the one token. A worker that ends is started anew; its
 * chain of the audit log stays as it is. Throws what the first of them threw that could not begin.
 */
export async function startWorkers(
  count: number,
  start: Omit<WorkerStart, 'token'>,
  token: ServerToken,
  log: Log,
): Promise<Workers> {
  const live = new Set<Worker>()
  const figures = openWaiting()
  let closing = false

  cluster.setupPrimary({
    exec: fileURLToPath(new URL('./worker-main.ts', import.meta.url)),
    args: [],
    execArgv: ['--disable-warning=ExperimentalWarning'],
    serialization: 'advanced',
  })

  const tokenState = () => ({ sealed: token.sealed, tokens: token.tokens })
  /** Of every worker that answers; one that ends meanwhile has none. */
  async function allFigures(): Promise<Figures[]> {
    const all = [...live].map(async (worker) => {
      const gone = new Promise<null>((done) => worker.once('exit', () => done(null)))
      const asked = figures.ask((id) => tell(worker, { kind: 'figures-wanted', id }))
      // What a worker's `figures` carries.
      return (await Promise.race([asked, gone])) as Figures | null
    })
    return (await Promise.all(all)).filter((one) => one !== null)
  }

  function heard(worker: Worker, message: FromWorker): void {
    if (message.kind === 'token-call') void answer(worker, message.id, callToken(token, message.call))
    else if (message.kind === 'unseal') void answer(worker, message.id, token.unseal())
    else if (message.kind === 'all-figures') void answer(worker, message.id, allFigures())
    else if (message.kind === 'figures') figures.answered(message.id, message.figures)
    else if (message.kind === 'counts') {
      for (const other of live) if (other !== worker) tell(other, { kind: 'counts', counts: message.counts })
    }
  }

  /** Resolves once it listens; whatever becomes of it later is seen to here. */
  function fork(waitMs: number): Promise<Omit<Workers, 'pids' | 'drain' | 'close'>> {
    const worker = cluster.fork()
    live.add(worker)
    let listened = false
    return new Promise((done, failed) => {
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'failed') {
          log.error({ error: message.error }, 'a worker could not begin')
          failed(errorOf(message.error))
        } else if (message.kind === 'listening') {
          listened = true
          done({ address: message.address, kmipPort: message.kmipPort })
        } else heard(worker, message)
      })
      worker.on('error', () => undefined)
      worker.once('exit', (code, signal) => {
        live.delete(worker)
        failed(new Error(`a worker ended before it listened: ${signal ?? code}`))
        if (closing || (!listened && waitMs === 0)) return
        log.error({ code, signal }, 'a worker ended: it is started anew')
        const wait = listened ? firstWaitMs : Math.min(2 * waitMs, longestWaitMs)
        setTimeout(() => {
          if (!closing) fork(wait).catch(() => undefined)
        }, wait)
      })
      tell(worker, {
        kind: 'start',
        start: { ...start, token: { serial: token.serial, root: token.root, ...tokenState() } },
      })
    })
  }

  async function close(): Promise<void> {
    closing = true
    clearInterval(teller)
    await Promise.all(
      [...live].map((worker) => {
        const gone = new Promise((done) => worker.once('exit', done))
        tell(worker, { kind: 'close' })
        setTimeout(() => worker.process.kill('SIGKILL'), closeMs).unref()
        return gone
      }),
    )
  }

  let told = JSON.stringify(tokenState())
  const teller = setInterval(() => {
    const state = tokenState()
    const now = JSON.stringify(state)
    if (now === told) return
    told = now
    for (const worker of live) tell(worker, { kind: 'token', state })
  }, tellMs)
  teller.unref()

  try {
    const first = await fork(0)
    await Promise.all(Array.from({ length: count - 1 }, () => fork(0)))
    return {
      ...first,
      get pids() {
        return [...live].map(({ process }) => process.pid ?? 0)
      },
      drain() {
        for (const worker of live) tell(worker, { kind: 'drain' })
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

type Told = Pick<Worker, 'isConnected' | 'send'>

function tell(worker: Told, message: ToWorker, onSent: () => void = () => undefined): void {
  // One that is gone by now is started anew, and its questions with it.
  if (worker.isConnected()) worker.send(message, onSent)
  else onSent()
}

/** Exported for its test. */
export async function answer(worker: Told, id: number, work: Promise<unknown>): Promise<void> {
  const given = await work.then(
    (value): Answer => ({ ok: true, value }),
    (error: unknown): Answer => ({ ok: false, error: thrownOf(error) }),
  )
  tell(worker, { kind: 'answer', id, answer: given }, () => {
    // It may be a key. Node copies a message when it writes it, which is later where a connection is on its way to the worker.
    if (given.ok && given.value instanceof Uint8Array) given.value.fill(0)
  })
}
