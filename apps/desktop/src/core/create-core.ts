import { ExpectedError } from '@lux/node-files'
import {
  type Asked,
  type CorePort,
  fieldFault,
  group,
  type InputOf,
  type Paper,
  type PaperAsked,
  type PaperEnd,
  type Settings,
  settingFields,
} from '../contract/index.ts'
import type { CoreOptions } from './core-options.ts'
import type { Services, ServicesOptions } from './open-services.ts'
import { serve } from './serve.ts'
import { GrantedPaths } from './services/shared/granted-paths.ts'
import { Store } from './store/store.ts'

const openAfterMs = 3000

/** The whole app without a window, served over a port. Throws ExpectedError when the store cannot be opened. */
export async function createCore(
  port: CorePort,
  options: CoreOptions,
): Promise<{ stop: () => Promise<void> }> {
  const store = new Store(options.storePath)
  const paths = new GrantedPaths(store.path)
  const desk = new PrintDesk((asked) => port.post({ paper: asked }))
  // Settings and an empty list of ceremonies are all that a first screen needs, and neither a primitive nor a token has a
  // part in them: the rest of core is read, tested and opened when it is asked for, and shortly after the start in any case.
  const opened = new OpenOnce<Services>(
    () =>
      openServices({
        ...options,
        store,
        paths,
        print: (paper, to) => desk.print(paper, to),
        emit: (event, payload) => served.emit(event, payload),
        attention: (attention) => port.post({ attention }),
      }),
    openAfterMs,
  )

  function handle(asked: Asked): unknown {
    if (asked.name === 'settings.get') return readSettings(store)
    if (asked.name === 'settings.set') return writeSettings(store, asked.input)
    if (asked.name === 'ceremonies.list' && store.runs().length === 0)
      return { ceremonies: [], unreadable: [] }
    const late = asked
    return opened.done().then(({ run }) => run(late))
  }

  async function stop(): Promise<void> {
    const engine = await opened.settle()
    await engine?.close()
    store.close()
  }
  const served = serve({
    port,
    generation: options.generation,
    caller: options.training ? 'training window' : 'window',
    handle,
    report: options.report,
    grant: (grant) => paths.take(grant),
    printed: (id, end) => desk.ended(id, end),
    stop,
  })
  return { stop }
}

/** A core of which only this much can be read must not go on. */
async function openServices(options: ServicesOptions): Promise<Services> {
  const { openServices } = await import('./open-services.ts').catch((error: unknown) => {
    options.report(error)
    const failed = new ExpectedError('INTERNAL', 'core could not be read')
    options.refuse(failed)
    throw failed
  })
  return openServices(options)
}

/** Work that begins when it is first waited for, or by itself after a while, and is done once. */
export class OpenOnce<T> {
  readonly #work: () => Promise<T>
  readonly #timer: NodeJS.Timeout
  #begun: Promise<T> | null = null

  /** `afterMs`: when it begins without anybody having waited for it. */
  constructor(work: () => Promise<T>, afterMs: number) {
    this.#work = work
    this.#timer = setTimeout(() => void this.done().catch(() => undefined), afterMs)
  }

  /** Rejects with what the work threw, each time. */
  done(): Promise<T> {
    clearTimeout(this.#timer)
    this.#begun ??= this.#work()
    return this.#begun
  }

  /** Waits for work that has begun; what has not, never will by itself. Gives null where there is nothing. */
  async settle(): Promise<T | null> {
    clearTimeout(this.#timer)
    return (await this.#begun?.catch(() => null)) ?? null
  }
}

const initial: Settings = {
  language: 'system',
  theme: 'system',
  contrast: 'system',
  textSize: 100,
  motion: 'system',
  lockAfter: 10,
  clearClipboard: 60,
}

/** A stored value that no longer fits is left out: settings never keep the app from starting. */
function readSettings(store: Store): Settings {
  try {
    const kept: Partial<Settings> = JSON.parse(store.setting('ui') ?? '{}')
    return fieldFault(group(settingFields), kept) === null ? { ...initial, ...kept } : initial
  } catch {
    return initial
  }
}

/** Only the named ones change. */
function writeSettings(store: Store, change: InputOf<'settings.set'>): Settings {
  const settings = { ...readSettings(store), ...change }
  store.setSetting('ui', JSON.stringify(settings))
  return settings
}

/** Has main print pages that the window must not see, and waits for each to end. */
class PrintDesk {
  readonly #post: (asked: PaperAsked) => void
  readonly #waiting = new Map<number, PromiseWithResolvers<boolean>>()
  #last = 0

  constructor(post: (asked: PaperAsked) => void) {
    this.#post = post
  }

  /** False where somebody closed the system's dialog. Errors: PAPER-FAILED, PRINTER-…, DISK-FULL, FOLDER-READ-ONLY. */
  print(paper: Paper, to: string | null): Promise<boolean> {
    this.#last += 1
    const waiting = Promise.withResolvers<boolean>()
    this.#waiting.set(this.#last, waiting)
    this.#post({ id: this.#last, paper, to })
    return waiting.promise
  }

  ended(id: number, end: PaperEnd): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if ('made' in end) waiting?.resolve(end.made)
    else waiting?.reject(new ExpectedError(end.code, end.detail))
  }
}
