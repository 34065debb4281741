import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { PersonRole } from '../../src/contract/index.ts'
import type { SetupActs } from '../../src/renderer/setup/use-setup.ts'

/** What somebody chose at "Only take the card of": a page of text alone has nothing to choose with. */
let only: PersonRole | null = null
vi.mock('react', async (original) => {
  const react = await original<typeof import('react')>()
  let nulls = 0
  // Of a set-up's acts the failure is null first, and then the role.
  const useState = (first: unknown) => {
    const state = react.useState(first)
    return first === null && ++nulls % 2 === 0 ? [only, state[1]] : state
  }
  return { ...react, useState }
})

vi.mock('../../src/renderer/stores/contrast.ts', () => ({ applyContrast: () => undefined }))

let useSetupActs: typeof import('../../src/renderer/setup/use-setup.ts').useSetupActs
let asked: [string, object][]

beforeAll(async () => {
  vi.stubGlobal('addEventListener', () => undefined)
  vi.stubGlobal('location', { hash: '' })
  vi.stubGlobal('window', {
    addEventListener: () => undefined,
    lux: {
      onEvent: () => () => undefined,
      invoke: async (api: string, input: object) => {
        asked.push([api, input])
        return api === 'shell.openFile'
          ? { ok: true, value: { path: '/media/card.json' } }
          : { ok: false, error: { code: 'CARD-KIND', detail: '' } }
      },
    },
  })
  ;({ useSetupActs } = await import('../../src/renderer/setup/use-setup.ts'))
})
afterAll(() => vi.unstubAllGlobals())

test.each(['witness', null] as const)(
  'a card by file or by code is asked to be of the chosen role: %s',
  async (role) => {
    only = role
    asked = []
    const given: SetupActs[] = []
    renderToStaticMarkup(
      createElement(() => {
        given.push(useSetupActs('ab'))
        return null
      }),
    )
    await given[0]?.take(new Uint8Array([1]))
    await given[0]?.pick()
    const wanted = role === null ? {} : { role }
    expect(asked.filter(([api]) => api.startsWith('setups.take'))).toEqual([
      ['setups.takeCarried', { id: 'ab', payload: 'AQ==', ...wanted }],
      ['setups.take', { id: 'ab', path: '/media/card.json', ...wanted }],
    ])
  },
)
