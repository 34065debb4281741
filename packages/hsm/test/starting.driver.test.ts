import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startHsm } from '../src/index.ts'
import { type StubSays, stubCalls, stubModule } from './stub-module/build.ts'

const functionFailed = 6

describe('a library that does not start', () => {
  let dir: string
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'lux-hsm-start-'))
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  const start = (name: string, says: StubSays, options = {}) =>
    startHsm({ library: stubModule(dir, name, says), ...options })

  it.each([
    ['C_GetFunctionList', { LIST_ANSWER: functionFailed }],
    ['C_Initialize', { START_ANSWER: functionFailed }],
    ['C_GetInfo', { INFO_ANSWER: functionFailed }],
  ])(
    'HSM-LIBRARY-FAILED is said of one that answers %s with an error, and nothing of a token',
    async (name, says) => {
      await expect(start(name, says)).rejects.toMatchObject({
        code: 'HSM-LIBRARY-FAILED',
        ckr: { name: 'CKR_FUNCTION_FAILED', number: functionFailed },
      })
    },
  )

  it('HSM-LIBRARY-FAILED names the variable that one of a known name misses', async () => {
    await expect(start('yubihsm_pkcs11', { START_ANSWER: functionFailed })).rejects.toMatchObject({
      detail: expect.stringContaining('YUBIHSM_PKCS11_CONF is not set'),
    })
  })

  it('HSM-LIBRARY-TIMEOUT is said of one that does not come back from C_Initialize, and nothing of a login', async () => {
    await expect(start('hang', { HANG: 1 }, { loadTimeoutMs: 1_500 })).rejects.toMatchObject({
      code: 'HSM-LIBRARY-TIMEOUT',
    })
  })

  it.each([
    ['1.0', { MAJOR: 1 }],
    ['4.0, in the function list alone', { LIST_MAJOR: 4 }],
    ['0.0, in C_GetInfo alone', { MAJOR: 0, LIST_MAJOR: 2 }],
  ])('HSM-LIBRARY-FOREIGN is said of one of Cryptoki %s', async (what, says) => {
    await expect(start(`major-${what.slice(0, 1)}`, says)).rejects.toMatchObject({
      code: 'HSM-LIBRARY-FOREIGN',
      detail: expect.stringContaining(`of Cryptoki ${what.slice(0, 3)}`),
    })
  })

  it.each([2, 3])('one of Cryptoki %i starts', async (major) => {
    const hsm = await start(`sound-${major}`, { MAJOR: major })
    expect(hsm.library.interfaceVersion).toBe(`${major}.0`)
    expect(await hsm.tokens()).toMatchObject([{ serial: '5551234', label: 'stub' }])
    await hsm.close()
  })

  it('one without a slot says so, and is no library that answers nothing', async () => {
    const hsm = await start('no-slot', { SLOTS: 0 })
    expect(await hsm.tokens()).toEqual([])
    expect(hsm.whyNone).toEqual(['the library has no slot'])
    await hsm.close()
  })

  it.each([
    ['are those of 2.40', 1, ['C_LoginUser', 'C_SessionCancel']],
    ['are another instance, which is not started', 2, []],
  ])('functions of 3.0 whose neighbours %s', async (_, instances, functions) => {
    const hsm = await start(`instances-${instances}`, { INSTANCES: instances })
    expect(hsm.library.interfaces).toEqual([{ name: 'PKCS 11', version: '3.0' }])
    expect(hsm.library.modernFunctions).toEqual(functions)
    await hsm.close()
  })

  it('one that forks, prints to standard output and ignores every signal is used and closed as any other', async () => {
    const library = stubModule(dir, 'mischief', { MISCHIEF: 1 })
    const hsm = await startHsm({ library })
    const host = hsm.pid ?? 0
    let child = 0
    try {
      child = Number(stubCalls(library)[0]?.split(' ')[1])
      expect(isThere(host)).toBe(true)
      expect(await hsm.tokens()).toMatchObject([{ serial: '5551234' }])
      await hsm.close()
      // What it forked has the pipe of calls in its hands, and keeps nobody waiting.
      expect([isThere(host), isThere(child)]).toEqual([false, true])
    } finally {
      if (child > 0 && isThere(child)) process.kill(child, 'SIGKILL')
    }
  })

  it('one library is loaded twice at a time, each in a process of its own', async () => {
    const library = stubModule(dir, 'twice')
    const [first, second] = await Promise.all([startHsm({ library }), startHsm({ library })])
    await first.close()
    expect(await second.tokens()).toMatchObject([{ serial: '5551234' }])
    await second.close()
  })

  it('names that are no UTF-8 are read with U+FFFD in them', async () => {
    const LABEL = new Uint8Array([0x64, 0xff, 0xfe])
    const hsm = await start('no-utf8', { LABEL, MAKER: new Uint8Array([0xc3]), SLOTS: 1 })
    expect(await hsm.tokens()).toMatchObject([
      { label: 'd\uFFFD\uFFFD', manufacturer: '\uFFFD', profile: 'generic' },
    ])
    await hsm.close()
  })
})

/** A zombie is gone. */
function isThere(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
