import { HsmError } from '@lux/hsm/error'
import { ExpectedError, fromSystemError } from '@lux/node-files'
import type { CoreApiName, CorePort, EventName, Events, Grant, PaperEnd, Result } from '../contract/index.ts'
import { apis, contractVersion, limits } from '../contract/index.ts'

/** One API by name: takes what the renderer sent, checked by its own schema, and answers with a value or throws. */
export type Handler = (input: unknown) => unknown | Promise<unknown>

/** A Request whose API nobody has looked up yet. */
type Asked = { id: number; api: string; input: unknown }

/**
 * Serves core over a port: requests in, one response each, events out. A handler's expected failure is answered by
 * its code; anything else is INTERNAL with no detail, and goes to `report`.
 */
export function serve(options: {
  port: CorePort
  generation: number
  handle: (api: CoreApiName, input: unknown) => unknown | Promise<unknown>
  report: (error: unknown) => void
  grant: (grant: Grant) => void
  /** Main has printed, or could not. */
  printed: (id: number, end: PaperEnd) => void
  stop: () => Promise<void>
}): { emit: <N extends EventName>(event: N, payload: Events[N]) => void } {
  const { port, generation, handle, report, grant, printed, stop } = options
  let open = 0
  port.onMessage((message) => {
    if (typeof message === 'string') void answer(message)
    else if ('grant' in message) grant(message.grant)
    else if ('paper' in message) printed(message.paper.id, message.paper.end)
    else if ('beat' in message) port.post({ beat: true })
    else void stop().finally(() => process.exit(0))
  })
  port.post({ hello: 'lux-core', version: contractVersion, generation })

  async function answer(frame: string): Promise<void> {
    const request = parse(frame)
    if (request === null) return
    const result =
      open < limits.requestsInFlight
        ? await counted(request)
        : failed('FRAME-TOO-MANY', `${open} requests are not answered yet`)
    port.post(JSON.stringify({ id: request.id, result }))
  }

  async function counted(request: Asked): Promise<Result<unknown>> {
    open += 1
    try {
      return await call(request)
    } finally {
      open -= 1
    }
  }

  async function call({ api, input }: Asked): Promise<Result<unknown>> {
    if (!isCoreApi(api)) return failed('API-UNKNOWN', 'core has no such call')
    try {
      return { ok: true, value: await handle(api, input) }
    } catch (error) {
      const expected =
        error instanceof HsmError || error instanceof ExpectedError ? error : fromSystemError(error)
      if (expected === null) {
        report(error)
        return failed('INTERNAL', '')
      }
      return failed(expected.code, expected.detail)
    }
  }

  return { emit: (event, payload) => port.post(JSON.stringify({ event, payload })) }
}

function isCoreApi(api: string): api is CoreApiName {
  return Object.hasOwn(apis, api)
}

function failed(code: string, detail: string): Result<never> {
  return { ok: false, error: { code, detail } }
}

function parse(frame: string): Asked | null {
  try {
    const value: unknown = JSON.parse(frame)
    if (typeof value !== 'object' || value === null) return null
    const { id, api, input }: { id?: unknown; api?: unknown; input?: unknown } = value
    return typeof id === 'number' && typeof api === 'string' ? { id, api, input } : null
  } catch {
    return null
  }
}
