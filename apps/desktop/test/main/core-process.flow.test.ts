import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { CoreStatus, Response, RunView } from '../../src/contract/index.ts'
import { type CoreProcess, superviseCore } from '../../src/main/core-process.ts'

vi.setConfig({ testTimeout: 300_000 })

const entry = join(import.meta.dirname, '../../src/core/main.ts')
const resources = join(import.meta.dirname, '../../../../resources')

let folder: string
let core: CoreProcess
let states: CoreStatus[]
let waiting: Map<number, (response: Response) => void>
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lux-hung-'))
  states = []
  waiting = new Map()
  const environment = {
    LUX_GENERATION: '0',
    LUX_STORE: join(folder, 'store'),
    LUX_RESOURCES: resources,
    LUX_TRAINING: '1',
    HOME: folder,
    PATH: process.env.PATH ?? '',
  }
  const program = { entry, execPath: process.execPath, cwd: folder, environment, changed: null }
  core = superviseCore(
    { ...program, patienceMs: 12_000 },
    {
      status: (status) => states.push(status),
      attention: () => undefined,
      print: async () => ({ made: false }),
      frame(text) {
        const message: Response = JSON.parse(text)
        waiting.get(message.id)?.(message)
      },
    },
  )
  core.start()
})
afterEach(async () => {
  await core.stop()
  rmSync(folder, { recursive: true, force: true })
})

const ready = (generation: number) =>
  vi.waitFor(() => expect(core.status()).toMatchObject({ state: 'ready', generation }), {
    timeout: 120_000,
    interval: 50,
  })

async function call<T>(api: string, input: object): Promise<T> {
  const id = waiting.size + 1
  const answered = new Promise<Response>((resolve) => waiting.set(id, resolve))
  expect(core.send(JSON.stringify({ id, api, input }))).toBe(true)
  const { result } = await answered
  if (!result.ok) throw new Error(`${api}: ${result.error.code}: ${result.error.detail}`)
  // Each of these calls is of the contract, whose types the test names.
  return result.value as T
}

test('CORE-HUNG a core that stands still is ended and started again, says why, and its run goes on where it stood', async () => {
  await ready(1)
  const { id } = await call<{ id: string }>('ceremonies.startRehearsal', { script: 'first-run', values: {} })
  const first = await call<RunView>('ceremonies.view', { id })
  const step = first.current?.id ?? ''
  const before = await call<RunView>('ceremonies.proceed', { id, step, by: first.current?.actor.name ?? '' })
  expect(before.current?.id).not.toBe(step)

  const hanging = core.pid() ?? 0
  states.length = 0
  process.kill(hanging, 'SIGSTOP')
  await ready(2)
  expect(states).toEqual([
    { state: 'restarting', generation: 1, reason: 'CORE-HUNG' },
    { state: 'restarting', generation: 2, reason: 'CORE-HUNG' },
    { state: 'ready', generation: 2, reason: null },
  ])
  expect(() => process.kill(hanging, 0)).toThrow('ESRCH')

  const paused = await call<RunView>('ceremonies.view', { id })
  expect(paused).toMatchObject({ paused: { cause: 'restart' }, current: { id: before.current?.id } })
  const by = paused.people.find(({ role }) => role === 'administrator')?.name ?? ''
  const after = await call<RunView>('ceremonies.resume', { id, by })
  const next = after.current?.id ?? ''
  const moved = await call<RunView>('ceremonies.proceed', {
    id,
    step: next,
    by: after.current?.actor.name ?? '',
    input: { values: { 'wall-clock': `${new Date().toISOString().slice(0, 16)}Z` } },
  })
  expect(moved.current?.id).not.toBe(next)
})
