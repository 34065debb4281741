import { appendFileSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { softTokenEnvironment } from '@lux/hsm'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { LibraryState, LibraryView, Result, SlotView } from '../../../src/contract/index.ts'
import { findProgram } from '../../../src/core/program.ts'
import { type CoreInTest, startCore } from '../support/core-in-test.ts'

const nss = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib']
  .map((folder) => join(folder, 'libsoftokn3.so'))
  .find((path) => existsSync(path))

let dir: string
let core: CoreInTest
/** A library under a name that no profile knows, as a vendor's is, and its own store. */
let file: string
let variables: string[]

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'library-'))
  const vendor = softTokenEnvironment(join(dir, 'vendor'))
  file = join(dir, 'libvendor-p11.so.2')
  copyFileSync(vendor.library, file)
  variables = [`SOFTHSM2_CONF=${vendor.environment.SOFTHSM2_CONF}`]
  core = await startCore(dir, findProgram())
})
afterEach(async () => {
  await core.stop()
  rmSync(dir, { recursive: true, force: true })
})

const restart = async () => {
  await core.stop()
  core = await startCore(dir, findProgram())
}
const state = async (): Promise<LibraryState> => {
  const answer = await core.call('library.state', {})
  if (!answer.ok) throw new Error(answer.error.code)
  return answer.value as LibraryState
}
const choose = (change: object = {}): Promise<Result<unknown>> =>
  core.call('library.choose', { path: file, variables, initString: '', ...change })
const pick = () => core.grant({ use: 'read', path: file })
const codeOf = (result: Result<unknown>) => (result.ok ? 'done' : result.error.code)
const slots = async (): Promise<SlotView[]> => {
  const answer = await core.call('tokens.list', {})
  return answer.ok ? (answer.value as { slots: SlotView[] }).slots : []
}

test('LIBRARY-01 a library that a person picked is loaded with its variables, shown with maker, version and digest, and used at every later start', async () => {
  expect(await state()).toMatchObject({ source: 'own', chosen: null, failure: null })
  expect((await state()).found).toContainEqual(
    expect.objectContaining({ profile: 'softhsm', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }),
  )
  // The window cannot name a file that no person chose.
  expect(codeOf(await choose())).toBe('SHELL-PATHS')
  pick()
  const chosen = await choose()
  if (!chosen.ok) throw new Error(chosen.error.code)
  const { library } = chosen.value as { library: LibraryView }
  expect(library).toMatchObject({ path: file, maker: 'SoftHSM', version: '2.6' })
  const made = await core.call('tokens.initialise', {
    slot: (await slots())[0]!.slot,
    serial: '',
    typedLabel: '',
    label: 'in the vendor’s store',
    pins: { so: '73910284', user: '51827364' },
  })
  expect(codeOf(made)).toBe('done')
  await restart()
  expect(await state()).toMatchObject({
    source: 'chosen',
    loaded: { path: file, sha256: library.sha256 },
    chosen: { path: file, sha256: library.sha256, variables, initString: '' },
  })
  expect((await slots()).map(({ token }) => token?.label)).toContain('in the vendor’s store')

  expect(codeOf(await core.call('library.own', {}))).toBe('done')
  await restart()
  expect(await state()).toMatchObject({ source: 'own', chosen: null })
  expect((await slots()).map(({ token }) => token?.label)).not.toContain('in the vendor’s store')
})

test('HSM-LIBRARY-CHANGED a chosen library whose file changed is not loaded until it is chosen again', async () => {
  pick()
  expect(codeOf(await choose())).toBe('done')
  const before = (await state()).chosen?.sha256
  await core.stop()
  appendFileSync(file, '\0')
  core = await startCore(dir, findProgram())
  expect(await state()).toMatchObject({
    source: 'chosen',
    loaded: null,
    failure: { code: 'HSM-LIBRARY-CHANGED' },
    chosen: { sha256: before },
  })
  expect(codeOf(await core.call('tokens.list', {}))).toBe('HSM-LIBRARY-CHANGED')
  expect(codeOf(await choose())).toBe('done')
  const after = await state()
  expect(after.failure).toBeNull()
  expect(after.chosen?.sha256).not.toBe(before)
})

test('LIBRARY-VARIABLE what does not load, and what may not be passed, changes nothing', async () => {
  pick()
  for (const wrong of [['LD_PRELOAD=/tmp/x.so'], ['NODE_OPTIONS=--inspect'], ['no name'], ['A=1', 'A=2']])
    expect(codeOf(await choose({ variables: wrong }))).toBe('LIBRARY-VARIABLE')
  const broken = join(dir, 'broken.so')
  appendFileSync(broken, 'no library')
  core.grant({ use: 'read', path: broken })
  expect(codeOf(await choose({ path: broken }))).toBe('HSM-LIBRARY-INVALID')
  expect(await state()).toMatchObject({ source: 'own', chosen: null, failure: null })
  expect(codeOf(await core.call('tokens.list', {}))).toBe('done')
})

test('LIBRARY-IN-USE the library is not changed under a ceremony that is under way', async () => {
  const started = await core.call('ceremonies.startRehearsal', {
    script: 'token-initialisation',
    values: {},
  })
  expect(codeOf(started)).toBe('done')
  pick()
  expect(codeOf(await choose())).toBe('LIBRARY-IN-USE')
  expect(codeOf(await core.call('library.own', {}))).toBe('LIBRARY-IN-USE')
  expect((await state()).source).toBe('own')
})

test('LIBRARY-02 NSS softokn, which wants an init string, is loaded with it and refused without', async () => {
  if (nss === undefined) throw new Error('libsoftokn3.so is not installed: apt-get install libnss3')
  const place = join(dir, 'nss')
  mkdirSync(place)
  core.grant({ use: 'read', path: nss })
  const asked = { path: nss, variables: [] }
  const without = await choose(asked)
  expect(codeOf(without)).toMatch(/^HSM-/)
  const initString = `configdir='sql:${place}' certPrefix='' keyPrefix='' secmod='secmod.db' flags=`
  expect(codeOf(await choose({ ...asked, initString }))).toBe('done')
  await restart()
  expect(await state()).toMatchObject({ source: 'chosen', failure: null, chosen: { initString } })
  expect((await slots()).length).toBeGreaterThan(0)
})
