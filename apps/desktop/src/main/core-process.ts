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
import { type LifeEvent, live, unborn } from './core-life.ts'

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
  let life = unborn
  let pulse: Pulse | null = null

  function happen(event: LifeEvent): void {
    const before = life.status
    const [after, task] = live(life, event, performance.now())
    life = after
    if (life.status !== before) listeners.status(life.status)
    if (task?.do === 'check') void check()
    if (task?.do === 'kill') child?.kill('SIGKILL')
    if (task?.do === 'launch') setTimeout(() => happen({ is: 'launch' }), task.afterMs)
  }

  function take(from: ChildProcess, message: CoreToMain): void {
    if (from !== child) return
    pulse?.heard()
    if (typeof message === 'string') {
      if (message.length <= limits.responseLength) listeners.frame(message)
      return
    }
    if (typeof message !== 'object' || message === null) return
    if ('hello' in message) {
      const { hello, version, generation } = message
      if (hello !== 'lux-core' || version !== contractVersion || generation !== life.status.generation) {
        happen({ is: 'refused', reason: 'CORE-VERSION' })
        from.kill('SIGKILL')
        return
      }
      pulse = watchPulse({
        patienceMs: program.patienceMs ?? hangsAfter,
        ask: () => from.connected && from.send({ beat: true } satisfies MainToCore, () => undefined),
        silent: () => happen({ is: 'silent' }),
      })
      happen({ is: 'hello' })
    } else if ('attention' in message) {
      listeners.attention(message.attention === true)
    } else if ('paper' in message) {
      const { id } = message.paper
      void listeners.print(message.paper).then((end) => {
        if (from.connected) from.send({ paper: { id, end } } satisfies MainToCore, () => undefined)
      })
    } else if ('refused' in message) {
      happen({ is: 'refused', reason: String(message.refused.code).slice(0, limits.apiNameLength) })
    }
  }

  /** What core is made of is looked at before any of it runs. */
  async function check(): Promise<void> {
    const file = program.changed === null ? null : await program.changed().catch(() => 'unknown')
    if (file !== null) process.stderr.write(`PROGRAM-CHANGED: ${file} is not as it was packed\n`)
    happen({ is: 'checked', file })
    if (life.at === 'running') run()
  }

  function run(): void {
    // Electron's own fork() would add ELECTRON_RUN_AS_NODE to the environment.
    const started = spawn(program.execPath, [program.entry], {
      cwd: program.cwd,
      env: { ...program.environment, LUX_GENERATION: String(life.status.generation) },
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    child = started
    const late = setTimeout(() => life.status.state !== 'ready' && started.kill('SIGKILL'), helloWithin)
    let gone = false
    const goneBy = (reason: string): void => {
      clearTimeout(late)
      if (gone) return
      gone = true
      child = null
      pulse?.stop()
      pulse = null
      listeners.attention(false)
      happen({ is: 'died', reason })
    }
    // The sender is our own child and the messages are of its contract; each field is checked before it is used.
    started.on('message', (message) => take(started, message as CoreToMain))
    started.on('error', () => started.pid === undefined && goneBy('CORE-MISSING'))
    started.on('exit', (code, signal) => goneBy(signal ?? `exit ${code}`))
  }

  async function stop(): Promise<void> {
    happen({ is: 'stop' })
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
  }

  return {
    status: () => life.status,
    pid: () => child?.pid ?? null,
    send(frame) {
      if (!child?.connected || life.status.state !== 'ready') return false
      child.send(frame satisfies MainToCore, () => undefined)
      return true
    },
    grant(grant) {
      if (child?.connected) child.send({ grant } satisfies MainToCore, () => undefined)
    },
    start: () => happen({ is: 'start' }),
    stop,
  }
}

/** `ask` puts one question; `silent` is called once where nothing came for `patienceMs` of our own running time. */
type PulseOptions = {
  readonly patienceMs: number
  readonly ask: () => void
  readonly silent: () => void
}

export type Pulse = {
  /** Core said something, whatever it was. */
  heard(): void
  stop(): void
}

const ticks = 12

/**
 * Watches whether core still takes its messages. Time is counted in ticks of this process and by no clock: while the machine
 * sleeps, or this process itself gets no turn, none is counted, and one that comes late counts as one.
 */
export function watchPulse({ patienceMs, ask, silent }: PulseOptions): Pulse {
  let asked = false
  let unanswered = 0
  const timer = setInterval(() => {
    if (!asked) {
      asked = true
      ask()
      return
    }
    unanswered += 1
    if (unanswered < ticks) return
    clearInterval(timer)
    silent()
  }, patienceMs / ticks)
  timer.unref()
  return {
    heard() {
      asked = false
      unanswered = 0
    },
    stop: () => clearInterval(timer),
  }
}
