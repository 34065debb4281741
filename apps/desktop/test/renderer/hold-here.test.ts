import i18next from 'i18next'
import { createElement, type ReactElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { initReactI18next } from 'react-i18next'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Need, RunView } from '../../src/contract/index.ts'
import { run } from '../support/fake-views.ts'

type File = Extract<Need, { need: 'file' }>
type Sign = Extract<Need, { need: 'sign' }>
let file: typeof import('../../src/renderer/runner/need-file.tsx')
let sign: typeof import('../../src/renderer/runner/need-sign.tsx')

// It marks the page as it is loaded, and there is none.
vi.mock('../../src/renderer/stores/contrast.ts', () => ({ applyContrast: () => undefined }))

beforeAll(async () => {
  vi.stubGlobal('addEventListener', () => undefined)
  vi.stubGlobal('location', { hash: '' })
  vi.stubGlobal('window', {
    addEventListener: () => undefined,
    lux: { onEvent: () => () => undefined, invoke: () => new Promise(() => undefined) },
  })
  // Each text is its own key.
  await i18next.use(initReactI18next).init({ lng: 'en', resources: { en: { translation: {} } } })
  file = await import('../../src/renderer/runner/need-file.tsx')
  sign = await import('../../src/renderer/runner/need-sign.tsx')
})
afterAll(() => vi.unstubAllGlobals())

const people = run.people.map((person) => ({ ...person, standIn: false }))
const view: RunView = { ...run, people, paused: null, exception: null }
const shown = (screen: ReactElement): string => renderToStaticMarkup(screen)
const act = async () => true

test.each(['rehearsal', 'production'] as const)(
  'a holder receives the share with a key file in a %s too',
  (domain) => {
    const need: File = {
      need: 'file',
      what: 'acknowledgement',
      from: ['Hal'],
      file: null,
      commands: { at: 'medium', groups: [{ who: ['Hal'], lines: ['custody holder receive'] }] },
    }
    const screen = createElement(file.NeedFile, { view: { ...view, domain }, need, act, pinned: false })
    expect(shown(screen)).toContain('runner.hold-here')
  },
)

test.each([
  ['acknowledgement', 'medium', false],
  ['acknowledgement', 'run', true],
  ['holder-answer', 'medium', true],
  ['epoch-approval', 'run', true],
  ['redeal', 'run', true],
  ['heartbeat', 'run', true],
  ['custodian-statement', 'run', true],
  ['custodian-acknowledgement', 'medium', false],
] as const)('%s, from a copy of the %s, is said to be never done here: %s', (what, at, never) => {
  const need: File = {
    need: 'file',
    what,
    from: ['Hal'],
    file: null,
    commands: { at, groups: [{ who: ['Hal'], lines: ['custody holder'] }] },
  }
  const text = shown(createElement(file.NeedFile, { view, need, act, pinned: false }))
  expect(text.includes('>runner.device.never-here<')).toBe(never)
  if (never) expect(text).not.toContain('runner.hold-here')
})

test.each([
  ['opening', ['runner.sign-here'], ['runner.hold-here']],
  ['acknowledgement', ['runner.hold-here'], ['runner.sign-here']],
  ['holder-answer', [], ['runner.sign-here', 'runner.hold-here']],
  ['redeal', [], ['runner.sign-here', 'runner.hold-here']],
] as const)(
  'beside others who are simulated, %s is asked of a person by what can do it: %j',
  (what, there, absent) => {
    const need: Sign = {
      need: 'sign',
      what,
      file: '/f',
      digest: 'ab',
      words: [],
      required: 2,
      ownDevices: ['Hal'],
      signers: [
        { name: 'Hal', role: 'holder', signed: false, standIn: false },
        { name: 'Ida', role: 'holder', signed: false, standIn: true },
      ],
    }
    const text = shown(
      createElement(sign.NeedSign, {
        view: { ...view, domain: 'rehearsal' },
        need,
        act,
        pinned: false,
        signing: false,
        onSigning: () => undefined,
      }),
    )
    for (const key of there) expect(text).toContain(`>${key}<`)
    for (const key of absent) expect(text).not.toContain(`>${key}<`)
  },
)
