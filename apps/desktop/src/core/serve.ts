import { HsmError } from '@lux/hsm/error'
import { ExpectedError, fromSystemError } from '@lux/node-files'
import * as v from 'valibot'
import {
  type Asked,
  type Caller,
  type CorePort,
  contractVersion,
  type EventName,
  type Events,
  type Grant,
  inputFault,
  isOfCore,
  limits,
  type MainToCore,
  type PaperEnd,
  paperFailures,
  type Result,
  useCases,
} from '../contract/index.ts'

/** A call that nobody has looked up yet. */
type Call = { id: number; api: string; input: unknown }

/**
 * Serves core over a port: requests in, one response each, events out. A handler's expected failure is answered by
 * its code; anything else is INTERNAL with no detail, and goes to `report`.
 */
export function serve(options: {
  port: CorePort
  generation: number
  /** Who is at the other end of the port. */
  caller: Caller
  handle: (asked: Asked) => unknown
  report: (error: unknown) => void
  grant: (grant: Grant) => void
  /** Main has printed, or could not. */
  printed: (id: number, end: PaperEnd) => void
  stop: () => Promise<void>
}): { emit: <N extends EventName>(event: N, payload: Events[N]) => void } {
  const { port, generation, caller, handle, report, grant, printed, stop } = options
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

  async function counted(request: Call): Promise<Result<unknown>> {
    open += 1
    try {
      return await call(request)
    } finally {
      open -= 1
    }
  }

  async function call({ api, input }: Call): Promise<Result<unknown>> {
    if (!isOfCore(api)) return failed('API-UNKNOWN', 'core has no such call')
    const callers: readonly Caller[] = useCases[api].callers
    if (!callers.includes(caller)) return failed('API-UNKNOWN', `not from a ${caller}`)
    try {
      const fault = inputFault(api, input)
      if (fault !== null) return failed('INPUT-INVALID', fault)
      // The fields of this use case were held against the input on the line before.
      return { ok: true, value: await handle({ name: api, input } as Asked) }
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

function failed(code: string, detail: string): Result<never> {
  return { ok: false, error: { code, detail } }
}

function parse(frame: string): Call | null {
  try {
    const value: unknown = JSON.parse(frame)
    if (typeof value !== 'object' || value === null) return null
    const { id, api, input }: { id?: unknown; api?: unknown; input?: unknown } = value
    return typeof id === 'number' && typeof api === 'string' ? { id, api, input } : null
  } catch {
    return null
  }
}

const schema = v.union([
  v.string(),
  v.strictObject({ stop: v.literal(true) }),
  v.strictObject({ beat: v.literal(true) }),
  v.strictObject({
    grant: v.strictObject({
      use: v.picklist(['read', 'write', 'folder']),
      path: v.pipe(v.string(), v.minLength(1), v.maxLength(4096)),
    }),
  }),
  v.strictObject({
    paper: v.strictObject({
      id: v.number(),
      end: v.union([
        v.strictObject({ made: v.boolean() }),
        v.strictObject({ code: v.picklist(paperFailures), detail: v.pipe(v.string(), v.maxLength(4400)) }),
      ]),
    }),
  }),
])

/** What main sent over the child's channel; null for anything that is not of the contract, which is then left alone. */
export function readMainMessage(message: unknown): MainToCore | null {
  const read = v.safeParse(schema, message)
  return read.success ? read.output : null
}
