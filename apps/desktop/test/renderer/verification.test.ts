import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { BundleSummary, Result, VerifyView } from '../../src/contract/index.ts'

type Verification = typeof import('../../src/renderer/bundles/verification.ts')
type Asked = { path: string; policy?: string }
let asked: Asked[]
let answers: ((answer: Result<VerifyView>) => void)[]
let it: Verification

beforeEach(async () => {
  asked = []
  answers = []
  vi.stubGlobal('window', {
    lux: {
      onEvent: () => () => undefined,
      dropped: async ({ name }: File) => `/media/${name}`,
      invoke: (_api: string, input: Asked) => {
        asked.push(input)
        return new Promise((resolve) => answers.push(resolve))
      },
    },
  })
  it = await import('../../src/renderer/bundles/verification.ts')
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

const viewOf = (path: string): VerifyView => ({
  ...{
    path,
    taken: null,
    verdict: 'accepted',
    rule: null,
    detail: null,
    checks: [],
    signedHere: [],
    unproved: [],
    notes: [],
  },
  policy: null,
  contents: null,
})
const state = () => it.useVerification.getState()

async function accepted(path: string, policy: string): Promise<void> {
  const ended = it.verify({ path, policy })
  answers.at(-1)?.({ ok: true, value: viewOf(path) })
  await ended
  expect(state()).toMatchObject({ busy: false, result: { path, verdict: 'accepted' } })
}

test('a row verifies its own bundle at once, by the policy that it names', async () => {
  await accepted('/a.zip', '/policy.json')
  expect(asked).toEqual([{ path: '/a.zip', policy: '/policy.json' }])
})

test.each([{ path: '/b.zip' }, { policy: '/other.json' }, { policy: null }])(
  'no verdict stands beside a bundle or policy that it is not on: %j is chosen',
  async (change) => {
    await accepted('/a.zip', '/policy.json')
    it.choose(change)
    expect(state()).toMatchObject({
      result: null,
      failure: null,
      busy: false,
      chosen: { path: '/a.zip', policy: '/policy.json', ...change },
    })
  },
)

test('a verdict that comes after something else was chosen is not shown', async () => {
  const ended = it.verify({ path: '/a.zip' })
  it.choose({ path: '/b.zip' })
  answers[0]?.({ ok: true, value: viewOf('/a.zip') })
  await ended
  expect(state()).toMatchObject({ chosen: { path: '/b.zip' }, busy: false, result: null })
})

test('a refusal to read takes the verdict away too', async () => {
  await accepted('/a.zip', '/policy.json')
  const ended = it.verify()
  answers[1]?.({ ok: false, error: { code: 'FILE-MISSING', detail: '' } })
  await ended
  expect(state()).toMatchObject({ result: null, failure: { code: 'FILE-MISSING' } })
})

test('a rehearsal’s own policy judges no other bundle', () => {
  const bundle = (policy: string | null) => ({ policy }) as BundleSummary // of a row, this alone is looked at
  const all = [bundle('/rehearsal/policy.json'), bundle(null)]
  expect(it.heldPolicy('/rehearsal/policy.json', all)).toBe(null)
  expect(it.heldPolicy('/usb/policy.json', all)).toBe('/usb/policy.json')
  expect(it.heldPolicy(null, all)).toBe(null)
})

const files = (...names: string[]) => names.map((name) => ({ name }) as File)

test.each([files('policy.json', 'bundle.zip'), files('bundle.zip', 'policy.json')])(
  'a bundle and a policy that fall together are one question, in whichever order',
  async (...dropped) => {
    const ended = it.takeDropped(dropped)
    await vi.waitUntil(() => answers.length > 0)
    answers.at(-1)?.({ ok: true, value: viewOf('/media/bundle.zip') })
    await ended
    expect(asked).toEqual([{ path: '/media/bundle.zip', policy: '/media/policy.json' }])
    expect(state().result?.verdict).toBe('accepted')
  },
)

test('a policy that falls alone is what the next is verified by', async () => {
  await it.takeDropped(files('policy.json'))
  expect(asked).toEqual([])
  expect(state().chosen).toEqual({ path: null, policy: '/media/policy.json' })
})

test.each([[files('a.zip', 'b.zip')], [files('a.json', 'b.json', 'c.zip')]])(
  'FILES-TOO-MANY no file is left out in silence, and no older verdict stays',
  async (dropped) => {
    await accepted('/a.zip', '/policy.json')
    await it.takeDropped(dropped)
    expect(asked).toHaveLength(1)
    expect(state()).toMatchObject({ result: null, failure: { code: 'FILES-TOO-MANY' } })
  },
)
