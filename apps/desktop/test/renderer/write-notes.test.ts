import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Result, RunView } from '../../src/contract/index.ts'

let writeNotes: typeof import('../../src/renderer/stage/write-notes.ts').writeNotes
let written: string[]
let refuses: string | null = null

beforeAll(async () => {
  vi.stubGlobal('window', {
    lux: {
      onEvent: () => () => undefined,
      invoke: async (_api: string, { text }: { text: string }) => {
        if (text === refuses) return { ok: false, error: { code: 'DISK-FULL', detail: '' } }
        written.push(text)
        return { ok: true, value: {} }
      },
    },
  })
  ;({ writeNotes } = await import('../../src/renderer/stage/write-notes.ts'))
})
afterAll(() => vi.unstubAllGlobals())

const act = async (answer: Promise<Result<RunView>>) => (await answer).ok
const said = (step: string) => ({ id: 'c1', step, by: 'Ada', texts: ['Here: Ada.', 'Away: Bo.'] })

test('a note that the transcript has is not written again when people press again after a refusal', async () => {
  written = []
  refuses = 'Away: Bo.'
  expect(await writeNotes(said('s1'), act)).toBe(false)
  refuses = null
  expect(await writeNotes(said('s1'), act)).toBe(true)
  expect(await writeNotes(said('s1'), act)).toBe(true)
  expect(written).toEqual(['Here: Ada.', 'Away: Bo.'])
  // The same words at another step are another note.
  expect(await writeNotes(said('s2'), act)).toBe(true)
  expect(written).toHaveLength(4)
})
