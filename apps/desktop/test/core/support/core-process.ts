import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Result } from '../../../src/contract/index.ts'

/** Core as main starts it: a process of its own, from its source. */
export type CoreChild = {
  pid: number
  /** Resolves once core may be sent anything. */
  hello: Promise<void>
  call(api: string, input: unknown): Promise<Result<unknown>>
  /** Resolves once it answers whether it still takes its messages. */
  beat(): Promise<void>
  /** Addresses of the modules that it has loaded. */
  loaded(): string[]
  stop(): Promise<void>
}

const entry = join(import.meta.dirname, '../../../src/core/main.ts')
const noteLoaded = join(import.meta.dirname, 'note-loaded.mjs')

export function startCoreProcess(folder: string): CoreChild {
  const list = join(folder, 'loaded.txt')
  const child = spawn(process.execPath, ['--import', noteLoaded, entry], {
    env: { LUX_GENERATION: '1', LUX_STORE: join(folder, 'store'), LUX_TRAINING: '1', LOADED_MODULES: list },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const waiting = new Map<number, (result: Result<unknown>) => void>()
  let last = 0
  const hello = new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`core ended with ${code}`)))
    child.on('message', (message) => {
      if (typeof message === 'object' && 'hello' in message) resolve()
      if (typeof message !== 'string') return
      const { id, result } = JSON.parse(message)
      waiting.get(id)?.(result)
    })
  })
  return {
    pid: child.pid ?? 0,
    hello,
    call: (api, input) =>
      new Promise((resolve) => {
        last += 1
        waiting.set(last, resolve)
        child.send(JSON.stringify({ id: last, api, input }))
      }),
    beat: () =>
      new Promise((resolve) => {
        child.on('message', (message) => {
          if (typeof message === 'object' && 'beat' in message) resolve()
        })
        child.send({ beat: true })
      }),
    loaded: () => readFileSync(list, 'utf8').trim().split('\n'),
    async stop() {
      child.kill('SIGTERM')
      await exited
    },
  }
}
