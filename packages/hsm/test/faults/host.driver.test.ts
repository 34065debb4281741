import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type HsmError, rootTemplate, sealingTemplate, signingTemplate, type Token } from '../../src/index.ts'
import { newId, refusal, soPin, userPin } from '../soft-token-bench.ts'
import { type FaultBench, startFaultBench } from './fault-bench.ts'

const restarted = (bench: FaultBench, generation: number) =>
  expect.poll(() => bench.hsm.state === 'ready' && bench.hsm.generation, { timeout: 30_000 }).toBe(generation)

/** Processes of token libraries that this one has started. */
const hosts = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === process.pid && textOf(pid, 'cmdline').includes('host/main'))
const parentOf = (pid: number): number => Number(/\) [^Z] (\d+) /.exec(textOf(pid, 'stat'))?.[1])
function textOf(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    // It ended between the listing and the look.
    return ''
  }
}

describe('a library that misbehaves', () => {
  let bench: FaultBench
  let token: Token
  const start = async (options = {}) => {
    bench = await startFaultBench({ callTimeoutMs: 1500, ...options })
    token = await bench.loggedIn('faults')
  }
  beforeEach(() => start())
  afterEach(() => bench.close())

  it.each([
    ['hangs', 'hang', 'HSM-TIMEOUT', 'timeout'],
    ['dies of a segmentation fault', 'segv', 'HSM-CRASHED', 'crashed'],
    ['aborts', 'abort', 'HSM-CRASHED', 'crashed'],
    ['calls exit', 'exit', 'HSM-CRASHED', 'crashed'],
    ['calls exit, and again in its exit handler', 'exit-twice', 'HSM-CRASHED', 'crashed'],
  ])(
    'that %s takes its own process with it alone, and the token is there after it',
    async (_, fault, code, reason) => {
      const kept = newId()
      await token.generateAes({ id: kept, label: 'kept', bits: 256, template: rootTemplate })
      bench.next('C_GenerateRandom', fault)
      expect(await refusal(token.random(8))).toBe(code)
      await restarted(bench, 2)
      expect(bench.restarts).toMatchObject([{ generation: 2, reason }])
      await token.logIn({ user: 'user', pin: userPin() })
      expect((await token.findById(kept, rootTemplate)).length).toBe(1)
    },
  )

  it.each([
    ['hangs in a call', 'hang'],
    ['hangs while its process ends', 'hang-at-exit'],
  ])('%s ends at most orphanMs after its parent died', async (_, fault) => {
    const index = new URL('../../src/index.ts', import.meta.url).href
    const options = { library: bench.library, environment: bench.environment, orphanMs: 3000 }
    const script = join(bench.dir, 'parent.mjs')
    writeFileSync(
      script,
      `import { startHsm } from ${JSON.stringify(index)}
       const hsm = await startHsm(${JSON.stringify(options)})
       const token = hsm.token(${JSON.stringify(token.serial)})
       await token.random(8)
       const asked = token.random(8)
       if (${fault === 'hang-at-exit'}) await asked
       const die = () => process.stdout.write(String(hsm.pid), () => process.kill(process.pid, 'SIGKILL'))
       setTimeout(die, 300)`,
    )
    bench.plan(`C_GenerateRandom@${bench.count('C_GenerateRandom') + 2}=${fault}`)
    const { stdout } = spawnSync(process.execPath, [script], { stdio: ['ignore', 'pipe', 'ignore'] })
    const pid = Number(String(stdout))
    expect(pid).toBeGreaterThan(1)
    try {
      expect(isAlive(pid)).toBe(true)
      await expect.poll(() => isAlive(pid), { timeout: 20_000, interval: 100 }).toBe(false)
    } finally {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL')
    }
  })

  it('that is closed while it starts again tells nobody that it did', async () => {
    bench.plan('C_GenerateRandom@*=segv', 'C_Initialize@*=slow:2000')
    const crashed = bench.hsm.pid
    expect(await refusal(token.random(8))).toBe('HSM-CRASHED')
    const starting = () => hosts().filter((pid) => pid !== crashed)
    await expect.poll(starting, { timeout: 20_000 }).toHaveLength(1)
    await bench.hsm.close()
    // Nothing is left that could say it.
    await expect.poll(starting, { timeout: 20_000 }).toEqual([])
    expect([bench.restarts, bench.hsm.state]).toEqual([[], 'closed'])
  })

  it('that hangs is waited for no longer than its deadline, and restarted after a pause', async () => {
    bench.next('C_GenerateRandom', 'hang')
    const began = performance.now()
    expect(await refusal(token.random(8))).toBe('HSM-TIMEOUT')
    // Its deadline is 1500; a timer may ring a little early, and on a busy machine late.
    expect(performance.now() - began).toBeGreaterThan(1400)
    await restarted(bench, 2)
  })

  it('that is slow is not cut off: the deadline is each call’s own, and not that of those behind it', async () => {
    bench.plan('C_GenerateRandom@*=slow:600')
    const calls = Array.from({ length: 4 }, () => token.random(8))
    expect((await Promise.all(calls)).map(({ length }) => length)).toEqual([8, 8, 8, 8])
    expect(bench.hsm.generation).toBe(1)
  })

  it('that crashes three times in a row is not started again', async () => {
    bench.plan('C_GetSlotList@*=segv')
    const codes: string[] = []
    for (let i = 0; i < 4; i++) codes.push(await refusal(bench.hsm.tokens()))
    expect(codes).toEqual(['HSM-CRASHED', 'HSM-CRASHED', 'HSM-CRASHED', 'HSM-BROKEN'])
    expect(bench.hsm.state).toBe('broken')
    expect(bench.restarts.length).toBe(2)
  })

  it('work in between takes the strikes back', async () => {
    for (let round = 0; round < 3; round++) {
      bench.next('C_GenerateRandom', 'segv')
      expect(await refusal(token.random(8))).toBe('HSM-CRASHED')
      await restarted(bench, round + 2)
      await token.logIn({ user: 'user', pin: userPin() })
      await token.inventory()
    }
    expect(bench.hsm.state).toBe('ready')
  })

  it('that crashes while it starts again is one more strike', async () => {
    bench.plan(`C_Initialize@${bench.count('C_Initialize') + 1}-=segv`)
    process.kill(bench.hsm.pid!, 'SIGKILL')
    await expect.poll(() => bench.hsm.state, { timeout: 30_000 }).toBe('broken')
    expect(await refusal(bench.hsm.tokens())).toBe('HSM-BROKEN')
  })

  it('whose exit handler hangs does not hang us: closing kills it', async () => {
    bench.next('C_GenerateRandom', 'hang-at-exit')
    await token.random(8)
    const { pid } = bench.hsm
    // The handler never returns: what does not kill it does not end.
    await bench.hsm.close()
    expect(() => process.kill(pid!, 0)).toThrow()
  })

  it('that hangs in C_Finalize is closed all the same', async () => {
    bench.plan('C_Finalize@*=hang')
    await bench.hsm.close()
    expect(bench.hsm.pid).toBeNull()
  })

  it('closing waits for the calls that are on their way', async () => {
    bench.plan('C_GenerateRandom@*=slow:200')
    const calls = [token.random(8), token.random(8), token.random(8)]
    await bench.hsm.close()
    expect((await Promise.all(calls)).map(({ length }) => length)).toEqual([8, 8, 8])
  })

  describe('that names absurd lengths', () => {
    const memory = () => process.memoryUsage().rss / 2 ** 20
    const cases: [string, string, (token: Token, ids: { aes: string; ec: string }) => Promise<unknown>][] = [
      [
        'a signature',
        'C_Sign',
        (t, { ec }) => t.signEcdsa({ key: { id: ec, class: 'private' }, digest: new Uint8Array(32) }),
      ],
      [
        'a ciphertext',
        'C_Encrypt',
        (t, { aes }) =>
          t.encryptGcm({
            key: { id: aes, class: 'secret' },
            nonce: new Uint8Array(12),
            aad: new Uint8Array(),
            plaintext: new Uint8Array(64),
          }),
      ],
      ['an attribute', 'C_GetAttributeValue', (t, { aes }) => t.readAttributes({ id: aes, class: 'secret' })],
      [
        'a list of tokens',
        'C_GetSlotList',
        (t) => t.initialise({ label: 'x', soPin: soPin(), userPin: userPin() }),
      ],
      ['a list of objects', 'C_FindObjects', (t) => t.inventory()],
      ['a list of mechanisms', 'C_GetMechanismList', (t) => t.info()],
    ]
    it.each(cases)(
      'for %s gets an error or no answer, and core allocates nothing for it',
      async (_, name, use) => {
        const ids = { aes: newId(), ec: newId() }
        await token.generateAes({ id: ids.aes, label: 'a', bits: 256, template: sealingTemplate })
        await token.generateKeyPair({ id: ids.ec, label: 'e', kind: 'p-256', template: signingTemplate })
        const before = memory()
        bench.next(name, 'garbage-length')
        const outcome = await use(token, ids).then(
          () => 'an answer',
          (error: HsmError) => error.code,
        )
        expect(['an answer', 'HSM-DEVICE-ERROR', 'HSM-CRASHED', 'HSM-MEMORY', 'HSM-CALL-INVALID']).toContain(
          outcome,
        )
        expect(memory() - before).toBeLessThan(64)
        bench.plan()
        await expect.poll(() => bench.hsm.state, { timeout: 30_000 }).toBe('ready')
        expect((await bench.hsm.tokens()).length).toBeGreaterThan(0)
      },
    )
  })
})

function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
