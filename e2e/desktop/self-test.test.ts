import { afterAll, beforeAll, expect, test } from 'vitest'
import { oneScript } from '../../scripts/build/one-script.ts'
import { type Desktop, openDesktop } from './support/desktop.ts'

type Answer = { name: string; ok: boolean }

let desktop: Desktop
let code = ''
beforeAll(async () => {
  code = await oneScript('test/run-in-electron.ts', 'luxSelfTest')
  desktop = await openDesktop({ core: 'fake:' })
})
afterAll(() => desktop?.close())

const failed = (answers: readonly Answer[]) => answers.filter(({ ok }) => !ok).map(({ name }) => name)

test('CRYPTO-ELECTRON every known answer and both ways of sealing hold in the renderer', async () => {
  const answers = await desktop.page.evaluate<Answer[]>(
    `(() => { ${code}; return luxSelfTest.runInElectron() })()`,
  )
  expect(failed(answers)).toEqual([])
  expect(answers.length).toBeGreaterThan(15)
})

test('CRYPTO-ELECTRON every known answer and both ways of sealing hold in the main process', async () => {
  const answers: Answer[] = await desktop.app.evaluate(
    (_electron, source) => new Function(`${source}; return luxSelfTest.runInElectron()`)(),
    code,
  )
  expect(failed(answers)).toEqual([])
  expect(answers.length).toBeGreaterThan(15)
})
