import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ExpectedError } from '@lux/node-files'
import type { FromChild, KeyChildRequest, KeyChildResult, PhaseStart, WrappedToBackup } from './protocol.ts'

export type RunKeyChildOptions = {
  readonly onPhase?: (start: PhaseStart) => void
  /** Kills the process, and with it the key. */
  readonly signal?: AbortSignal
  /** What a child is told that asks for the root wrapped to its key. A throw kills it. */
  readonly answer?: (publicKey: Uint8Array) => Promise<WrappedToBackup>
  /** Node 24; this process's own by default. */
  readonly execPath?: string
  /** main.ts beside this file by default; the built file when bundled. */
  readonly entry?: string
}

const MAX_STDERR = 2048

/**
 * Makes or deals a key in a process of its own that ends with the work. Throws ExpectedError: KEY-CHILD-CANCELLED,
 * KEY-CHILD-CRASHED, the FHE- and SEAL- rules of the work, DISK-FULL, FOLDER-READ-ONLY, FILE-MISSING.
 */
export function runKeyChild<Request extends KeyChildRequest>(
  request: Request,
  { onPhase, signal, answer, execPath = process.execPath, entry }: RunKeyChildOptions = {},
): Promise<KeyChildResult<Request>> {
  if (signal?.aborted) return Promise.reject(cancelled())
  const child = fork(entry ?? fileURLToPath(new URL('./main.ts', import.meta.url)), [], {
    execPath,
    execArgv: [],
    serialization: 'advanced',
    env: {},
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  return new Promise((resolve, reject) => {
    let phase: string | null = null
    let startUp = ''
    let outcome: Exclude<FromChild, { kind: 'phase' | 'asks' }> | null = null
    let unanswered: unknown = null
    const abort = () => {
      child.kill('SIGKILL')
    }
    signal?.addEventListener('abort', abort, { once: true })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      // Only what comes before there is a key may be repeated.
      if (phase === null) startUp = (startUp + text).slice(-MAX_STDERR)
    })
    child.on('message', (message: FromChild) => {
      if (message.kind === 'asks') {
        Promise.resolve(message.publicKey)
          .then((publicKey) => answer?.(publicKey))
          .then((told) => child.send(told ?? {}))
          .catch((error: unknown) => {
            unanswered = error
            abort()
          })
      } else if (message.kind !== 'phase') outcome = message
      else {
        phase = message.phase
        onPhase?.({ phase: message.phase, expectedSeconds: message.expectedSeconds })
      }
    })
    child.on('error', (error) => {
      signal?.removeEventListener('abort', abort)
      reject(crashed(`it cannot be started: ${error.message}`))
    })
    // After `exit` the key is gone; only then is the result handed on. `close` comes once all that it said was heard, which on a
    // busy machine `exit` does not wait for.
    child.on('close', (code, killed) => {
      signal?.removeEventListener('abort', abort)
      if (outcome?.kind === 'done') {
        // The cast holds: the child answers a request with the result of its own `do`.
        resolve(outcome.result as KeyChildResult<Request>)
      } else if (outcome?.kind === 'failed') {
        reject(new ExpectedError(outcome.code, outcome.detail))
      } else if (unanswered !== null) reject(unanswered)
      else if (signal?.aborted) reject(cancelled())
      else {
        const where = phase === null ? `before its first step. ${startUp}`.trim() : `in ${phase}`
        reject(crashed(`it ended (${killed ?? `exit ${code}`}) ${where}`))
      }
    })
    child.send(request, (error) => {
      if (error) abort()
    })
  })
}

function cancelled(): ExpectedError {
  return new ExpectedError('KEY-CHILD-CANCELLED', 'the key was not made; nothing of it is left')
}

function crashed(detail: string): ExpectedError {
  return new ExpectedError('KEY-CHILD-CRASHED', detail)
}
