import { expect, test } from 'vitest'
import type { CoreToMain, MainToCore } from '../../src/contract/index.ts'
import { limits } from '../../src/contract/index.ts'
import { serve } from '../../src/core/serve.ts'

test('FRAME-TOO-MANY a request more than are taken at once is refused by name, and one that ended makes room', async () => {
  const answers: { id: number; result: { ok: boolean; error?: { code: string } } }[] = []
  const ends: (() => void)[] = []
  let tell: (message: MainToCore) => void = () => undefined
  serve({
    port: {
      post(message: CoreToMain) {
        if (typeof message === 'string') answers.push(JSON.parse(message))
      },
      onMessage(listener) {
        tell = listener
      },
      onClose: () => undefined,
    },
    generation: 1,
    caller: 'window',
    handle: () => new Promise<void>((resolve) => ends.push(resolve)),
    report: (error) => {
      throw error
    },
    grant: () => undefined,
    printed: () => undefined,
    stop: async () => undefined,
  })
  const ask = async (id: number) => {
    tell(JSON.stringify({ id, api: 'app.info', input: {} }))
    await new Promise((resolve) => setTimeout(resolve))
  }
  for (let id = 1; id <= limits.requestsInFlight; id += 1) await ask(id)
  expect(answers).toEqual([])
  await ask(100)
  expect(answers).toMatchObject([{ id: 100, result: { ok: false, error: { code: 'FRAME-TOO-MANY' } } }])
  ends[0]?.()
  await new Promise((resolve) => setTimeout(resolve))
  expect(answers.at(-1)).toMatchObject({ id: 1, result: { ok: true } })
  await ask(101)
  expect(ends.length).toBe(limits.requestsInFlight + 1)
})
