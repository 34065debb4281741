import { type ChildProcess, spawn } from 'node:child_process'
import {
  type CoreEnvironment,
  type CoreStatus,
  type CoreToMain,
  contractVersion,
  type Grant,
  limits,
  type MainToCore,
  type PaperAsked,
  type PaperEnd,
} from '../contract/index.ts'
import { type Pulse, watchPulse } from './core-pulse.ts'

export type CoreProgram = {
  entry: string
  execPath: string
  cwd: string
  environment: CoreEnvironment & Record<string, string>
  /** The file that is not as it was packed, asked before each start; null for a checkout, whose files change. */
  changed: (() => Promise<string | null>) | null
  /** Milliseconds without any answer after which core is ended as one that hangs. Left out: `hangsAfter`. */
  patienceMs?: number
}

export type CoreListeners = {
  status(status: CoreStatus): void
  frame(text: string): void
  attention(on: boolean): void
  print(asked: PaperAsked): Promise<PaperEnd>
}

/** Crashes that end in `stopped`; a core that stayed ready for `forgiveAfter` ms starts again from none. */
const strikesAllowed = 3
const forgiveAfter = 60_000
const helloWithin = 20_000
const stopWithin = 5_000
/** Core hashes and writes in pieces of well below a second; what is whole work runs in its children. */
const hangsAfter = 60_000

export type CoreProcess = {
  status(): CoreStatus
  pid(): number | null
  /** False when core cannot take it now. */
  send(frame: string): boolean
  /** Tells core what a person chose in a dialog; a core that is gone never hears of it, and asks for it again. */
  grant(grant: Grant): void
  start(): void
  /** Ends the child: asks first, then kills. */
  stop(): Promise<void>
}

/** Starts core, starts it again when it dies or hangs, and gives up after three strikes. Knows nothing of what frames say. */
export function superviseCore(program: CoreProgram, listeners: CoreListeners): CoreProcess {
  let child: ChildProcess | null = null
  let status: CoreStatus = { state: 'stopped', generation: 0, reason: null }
  let strikes = 0
  let readySince: number | null = null
  let stopping = false
  let refusal: string | null = null
  let checking = false
  let pulse: Pulse | null = null
  let hung = false

  const change = (state: CoreStatus['state'], reason: string | null): void => {
    status = { state, generation: status.generation, reason }
    listeners.status(status)
  }

  const died = (reason: string): void => {
    child = null
    pulse?.stop()
    pulse = null
    listeners.attention(false)
    if (readySince !== null && performance.now() - readySince > forgiveAfter) strikes = 0
    readySince = null
    strikes += 1
    if (stopping) change('stopped', null)
    else if (refusal !== null) change('stopped', refusal)
    else if (strikes >= strikesAllowed) change('stopped', 'CORE-STOPPED')
    else {
      change('restarting', reason)
      setTimeout(launch, 200 * strikes)
    }
  }

  const take = (from: ChildProcess, message: CoreToMain): void => {
    if (from !== child) return
    pulse?.heard()
    if (typeof message === 'string') {
      if (message.length <= limits.responseLength) listeners.frame(message)
      return
    }
    if (typeof message !== 'object' || message === null) return
    if ('hello' in message) {
      const { hello, version, generation } = message
      if (hello !== 'lux-core' || version !== contractVersion || generation !== status.generation) {
        refusal = 'CORE-VERSION'
        from.kill('SIGKILL')
        return
      }
      readySince = performance.now()
      pulse = watchPulse({
        patienceMs: program.patienceMs ?? hangsAfter,
        ask: () => from.connected && from.send({ beat: true } satisfies MainToCore, () => undefined),
        silent() {
          hung = true
          from.kill('SIGKILL')
        },
      })
      change('ready', null)
    } else if ('attention' in message) {
      listeners.attention(message.attention === true)
    } else if ('paper' in message) {
      const { id } = message.paper
      void listeners.print(message.paper).then((end) => {
        if (from.connected) from.send({ paper: { id, end } } satisfies MainToCore, () => undefined)
      })
    } else if ('refused' in message) {
      refusal = String(message.refused.code).slice(0, limits.apiNameLength)
    }
  }

  function launch(): void {
    if (stopping || checking || child !== null) return
    status = { ...status, generation: status.generation + 1 }
    change(status.generation === 1 ? 'starting' : 'restarting', status.reason)
    if (program.changed === null) run()
    else void check(program.changed)
  }

  /** What core is made of is looked at before any of it runs. */
  async function check(changed: () => Promise<string | null>): Promise<void> {
    checking = true
    const file = await changed().catch(() => 'unknown')
    checking = false
    if (stopping) return
    if (file === null) return run()
    refusal = 'PROGRAM-CHANGED'
    process.stderr.write(`PROGRAM-CHANGED: ${file} is not as it was packed\n`)
    change('stopped', refusal)
  }

  function run(): void {
    const { generation } = status
    hung = false
    // Electron's own fork() would add ELECTRON_RUN_AS_NODE to the environment.
    const started = spawn(program.execPath, [program.entry], {
      cwd: program.cwd,
      env: { ...program.environment, LUX_GENERATION: String(generation) },
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    child = started
    const late = setTimeout(() => status.state !== 'ready' && started.kill('SIGKILL'), helloWithin)
    let gone = false
    const gotOnce = (reason: string): void => {
      clearTimeout(late)
      if (gone) return
      gone = true
      died(reason)
    }
    // The sender is our own child and the messages are of its contract; each field is checked before it is used.
    started.on('message', (message) => take(started, message as CoreToMain))
    started.on('error', () => started.pid === undefined && gotOnce('CORE-MISSING'))
    started.on('exit', (code, signal) => gotOnce(hung ? 'CORE-HUNG' : (signal ?? `exit ${code}`)))
  }

  return {
    status: () => status,
    pid: () => child?.pid ?? null,
    send(frame) {
      if (!child?.connected || status.state !== 'ready') return false
      child.send(frame satisfies MainToCore, () => undefined)
      return true
    },
    grant(grant) {
      if (child?.connected) child.send({ grant } satisfies MainToCore, () => undefined)
    },
    start() {
      strikes = 0
      refusal = null
      status = { ...status, reason: null }
      launch()
    },
    async stop() {
      stopping = true
      const running = child
      if (!running) return
      await new Promise<void>((resolve) => {
        const kill = setTimeout(() => running.kill('SIGKILL'), stopWithin)
        running.once('exit', () => {
          clearTimeout(kill)
          resolve()
        })
        if (running.connected) running.send({ stop: true } satisfies MainToCore, () => undefined)
        else running.kill('SIGKILL')
      })
    },
  }
}
