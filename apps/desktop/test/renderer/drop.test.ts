import { afterEach, expect, test, vi } from 'vitest'

type Heard = (event: unknown) => void

afterEach(() => {
  vi.unstubAllGlobals()
})

/** The drop store in a window of its own, in which a dialog is `asking`. */
async function windowWith(asking: () => boolean) {
  // The store listens where it is loaded: another file of this worker may have loaded it.
  vi.resetModules()
  const heard = new Map<string, Heard>()
  vi.stubGlobal('addEventListener', (name: string, listener: Heard) => heard.set(name, listener))
  vi.stubGlobal('document', { querySelector: () => (asking() ? {} : null) })
  const asked: string[] = []
  vi.stubGlobal('window', {
    lux: {
      dropped: async ({ name }: { name: string }) => {
        asked.push(name)
        return '/media/card.json'
      },
      invoke: async () => ({ ok: true, value: { what: 'card', belongs: ['setup'] } }),
    },
  })
  const { takeDrops, useDrop } = await import('../../src/renderer/stores/drop.ts')
  const taken: string[] = []
  const whats: string[] = []
  takeDrops('setup', (files, named) => {
    taken.push(...files.map(({ name }) => name))
    whats.push(...named)
  })
  const dataTransfer = { items: [{ kind: 'file' }], files: [{ name: 'card.json' }], dropEffect: 'copy' }
  const happens = (name: string) => heard.get(name)?.({ preventDefault: () => undefined, dataTransfer })
  return {
    happens,
    asked,
    taken,
    whats,
    dataTransfer,
    over: () => useDrop.getState().over,
    takeDrops,
    useDrop,
  }
}

test('what falls onto the window while a dialog asks something is not taken', async () => {
  let asks = true
  const { happens, asked, taken, whats, dataTransfer, over } = await windowWith(() => asks)
  happens('dragover')
  expect(over()).toBe(false)
  expect(dataTransfer.dropEffect).toBe('none')
  happens('drop')
  expect(asked).toEqual([])
  asks = false
  happens('dragover')
  expect(over()).toBe(true)
  happens('drop')
  await vi.waitUntil(() => taken.length > 0)
  expect(taken).toEqual(['card.json'])
  expect(whats).toEqual(['card'])
})

test('a file that fell where it does not belong is brought along to the screen that takes it', async () => {
  const { happens, taken, takeDrops, useDrop } = await windowWith(() => false)
  const elsewhere: string[] = []
  takeDrops('run', (files) => elsewhere.push(...files.map(({ name }) => name)))
  happens('drop')
  await vi.waitUntil(() => useDrop.getState().misplaced !== null)
  expect(elsewhere).toEqual([])
  useDrop.setState({ misplaced: null, carried: useDrop.getState().misplaced?.file ?? null })
  takeDrops('setup', (files) => taken.push(...files.map(({ name }) => name)))
  await vi.waitUntil(() => taken.length > 0)
  expect(taken).toEqual(['card.json'])
  expect(useDrop.getState().carried).toBe(null)
})
