import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { softTokenEnvironment } from '@lux/hsm'
import type {
  CoreToMain,
  Grant,
  MainToCore,
  PaperAsked,
  PaperEnd,
  Result,
} from '../../../src/contract/index.ts'
import { createCore } from '../../../src/core/create-core.ts'
import type { Program } from '../../../src/core/program.ts'
import { type Clock, systemClock, systemEntropy } from '../../../src/core/system.ts'

/** The whole core without a window or a process of its own, served over a port as main would. */
export type CoreInTest = {
  call(api: string, input: unknown): Promise<Result<unknown>>
  /** What main says after a person chose something in a dialog. */
  grant(grant: Grant): void
  /** What main was asked to print, and how each ends. */
  readonly printer: { readonly asked: PaperAsked[]; end: PaperEnd }
  stop(): Promise<void>
}

export async function startCore(
  folder: string,
  program: Program,
  library?: string,
  clock: Clock = systemClock,
): Promise<CoreInTest> {
  const soft = softTokenEnvironment(join(folder, 'token'))
  mkdirSync(join(folder, 'store'), { recursive: true })
  const waiting = new Map<number, (result: Result<unknown>) => void>()
  let tell: (message: MainToCore) => void = () => undefined
  let last = 0
  const printer: CoreInTest['printer'] = { asked: [], end: { made: true } }
  const core = await createCore(
    {
      post(message: CoreToMain) {
        if (typeof message === 'object' && 'paper' in message) {
          printer.asked.push(message.paper)
          tell({ paper: { id: message.paper.id, end: printer.end } })
        }
        if (typeof message !== 'string') return
        const { id, result } = JSON.parse(message)
        waiting.get(id)?.(result)
      },
      onMessage(listener) {
        tell = listener
      },
      onClose: () => undefined,
    },
    {
      storePath: join(folder, 'store'),
      library: async () => ({ path: library ?? soft.library, environment: { ...soft.environment } }),
      training: false,
      trainingFolder: null,
      program,
      clock,
      entropy: systemEntropy,
      generation: 1,
      report: (error) => {
        throw error
      },
      refuse: (error) => {
        throw error
      },
    },
  )
  return {
    call: (api, input) =>
      new Promise((resolve) => {
        last += 1
        waiting.set(last, resolve)
        tell(JSON.stringify({ id: last, api, input }))
      }),
    grant: (grant) => tell({ grant }),
    printer,
    stop: core.stop,
  }
}
