import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type CoreChild, startCoreProcess } from './support/core-process.ts'

let folder: string
let core: CoreChild
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lux-start-'))
  core = startCoreProcess(folder)
})
afterEach(async () => {
  await core.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** What makes or takes keys, runs a ceremony or speaks to a token. */
const engine =
  /\/packages\/(crypto|ceremony)\/|\/packages\/hsm\/src\/(index|pkcs11|host\/client)|\/pkcs11js\//

test('START-ORDER the first screen is answered before anything that works with keys or tokens is read', async () => {
  await core.hello
  expect(await core.call('settings.get', {})).toMatchObject({ ok: true, value: { language: 'system' } })
  expect(await core.call('ceremonies.list', {})).toEqual({
    ok: true,
    value: { ceremonies: [], unreadable: [] },
  })
  expect(core.loaded().filter((url) => engine.test(url))).toEqual([])

  expect(await core.call('app.info', {})).toMatchObject({ ok: true })
  expect(core.loaded().filter((url) => engine.test(url))).not.toEqual([])
}, 60_000)

test('CORE-HUNG core answers each time that main asks whether it still takes its messages', async () => {
  await core.hello
  for (let asked = 0; asked < 3; asked++) await core.beat()
})

test('SHELL-MEMORY core writes no core dump, and only root may read its memory, before it says that it can be sent anything', async () => {
  await core.hello
  expect(readFileSync(`/proc/${core.pid}/limits`, 'utf8')).toMatch(/Max core file size\s+0\s+0/)
  expect(statSync(`/proc/${core.pid}/mem`).uid).toBe(0)
})
