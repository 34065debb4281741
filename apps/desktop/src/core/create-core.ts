import { ExpectedError } from '@lux/node-files'
import type { Asked, CorePort } from '../contract/index.ts'
import type { CoreOptions } from './core-options.ts'
import type { Services, ServicesOptions } from './open-services.ts'
import { serve } from './serve.ts'
import { readSettings, writeSettings } from './services/settings.ts'
import { GrantedPaths } from './services/shared/granted-paths.ts'
import { PrintDesk } from './services/shared/print-desk.ts'
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
