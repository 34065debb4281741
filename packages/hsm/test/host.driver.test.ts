import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  type HsmRestart,
  rootTemplate,
  signingTemplate,
  softTokenEnvironment,
  startHsm,
} from '../src/index.ts'
import { newId, refusal, startBench, userPin } from './soft-token-bench.ts'

const restartOf = (hsm: { onRestart(fn: (r: HsmRestart) => void): unknown }) =>
  new Promise<HsmRestart>((resolve) => hsm.onRestart(resolve))

describe('the token host', () => {
  let dir: string
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'lux-hsm-host-'))
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  const file = (name: string, content: Uint8Array | string) => {
    const path = join(dir, name)
    writeFileSync(path, content)
    return path
  }

  it('a missing library is HSM-LIBRARY-MISSING', async () => {
    expect(await refusal(startHsm({ library: join(dir, 'none.so') }))).toBe('HSM-LIBRARY-MISSING')
  })

  it('garbage, a folder, a cut library and a program are HSM-LIBRARY-INVALID, 32 bits and another processor HSM-LIBRARY-ARCHITECTURE', async () => {
    const elf = readFileSync(softTokenEnvironment(join(dir, 'soft')).library).subarray(0, 4096)
    const changed = (at: number, value: number) => Uint8Array.from(elf, (b, i) => (i === at ? value : b))
    const libraries = [
      [file('garbage.so', 'not a library at all, only text'), 'HSM-LIBRARY-INVALID'],
      [file('short.so', ''), 'HSM-LIBRARY-INVALID'],
      [dir, 'HSM-LIBRARY-INVALID'],
      [file('32-bit.so', changed(4, 1)), 'HSM-LIBRARY-ARCHITECTURE'],
      [file('other-machine.so', changed(18, 8)), 'HSM-LIBRARY-ARCHITECTURE'],
      [file('cut.so', elf), 'HSM-LIBRARY-INVALID'],
      [process.execPath, 'HSM-LIBRARY-INVALID'],
    ] as const
    const got = await Promise.all(
      libraries.map(async ([library]) => [library, await refusal(startHsm({ library }))]),
    )
    expect(got).toEqual(libraries)
  })

  it('a shared library that is no PKCS#11 library is HSM-LIBRARY-FOREIGN, one that crashes on loading HSM-LIBRARY-CRASHED', async () => {
    const build = (name: string, source: string) => {
      const out = join(dir, `${name}.so`)
      execFileSync('gcc', ['-shared', '-fPIC', '-o', out, file(`${name}.c`, source)])
      return out
    }
    expect(await refusal(startHsm({ library: build('plain', 'int nothing(void){return 0;}') }))).toBe(
      'HSM-LIBRARY-FOREIGN',
    )
    const crash = build('crash', '__attribute__((constructor)) static void f(void){*(volatile int*)0=1;}')
    expect(await refusal(startHsm({ library: crash }))).toBe('HSM-LIBRARY-CRASHED')
    const hang = build(
      'hang',
      '#include <unistd.h>\n__attribute__((constructor)) static void f(void){for(;;)pause();}',
    )
    expect(await refusal(startHsm({ library: hang, loadTimeoutMs: 1500 }))).toBe('HSM-LIBRARY-TIMEOUT')
  })

  it('loader variables cannot be passed on', async () => {
    await expect(startHsm({ library: 'x', environment: { LD_PRELOAD: 'y' } })).rejects.toThrow(RangeError)
    await expect(startHsm({ library: 'x', environment: { NODE_OPTIONS: 'y' } })).rejects.toThrow(RangeError)
  })

  it('the host sees only the environment that was passed and its allocator’s setting, and cannot dump core', async () => {
    // Which the tests hand on: scripts/test/compiled-hosts.ts.
    vi.stubEnv('NODE_COMPILE_CACHE', undefined)
    const bench = await startBench()
    const names = readFileSync(`/proc/${bench.hsm.pid}/environ`, 'utf8')
      .split('\0')
      .map((line) => line.split('=')[0])
      .filter((name) => name && !name.startsWith('NODE_CHANNEL'))
    vi.unstubAllEnvs()
    expect(names).toEqual(['GLIBC_TUNABLES', 'SOFTHSM2_CONF'])
    expect(readFileSync(`/proc/${bench.hsm.pid}/limits`, 'utf8')).toMatch(/Max core file size\s+0\s+0/)
    await bench.close()
  })

  it('a program that the library starts gets neither Node’s channel nor the pipe of calls', async () => {
    const bench = await startBench()
    const closedInPrograms = 0o2000000
    for (const descriptor of [3, 4]) {
      const info = readFileSync(`/proc/${bench.hsm.pid}/fdinfo/${descriptor}`, 'utf8')
      const flags = Number.parseInt(/^flags:\s+(\d+)/m.exec(info)?.[1] ?? '0', 8)
      expect([descriptor, (flags & closedInPrograms) !== 0]).toEqual([descriptor, true])
    }
    await bench.close()
  })

  it('killed in the middle of a call: that call is HSM-CRASHED, the next needs a login, the token is whole', async () => {
    const bench = await startBench()
    const token = await bench.loggedIn('kill')
    const kept = newId()
    await token.generateAes({ id: kept, label: 'kept', bits: 256, template: rootTemplate })
    const restarted = restartOf(bench.hsm)
    const pair = token.generateKeyPair({
      id: newId(),
      label: 'big',
      kind: 'rsa-4096',
      template: signingTemplate,
    })
    const behind = token.random(16)
    const codes = Promise.all([refusal(pair), refusal(behind)])
    process.kill(bench.hsm.pid!, 'SIGKILL')
    expect(await codes).toEqual(['HSM-CRASHED', 'HSM-CRASHED'])
    expect(await restarted).toMatchObject({ generation: 2, reason: 'crashed' })
    expect(bench.hsm.generation).toBe(2)
    const made = token.generateAes({ id: newId(), label: 'x', bits: 256, template: rootTemplate })
    expect(await refusal(made)).toBe('HSM-NOT-LOGGED-IN')
    await token.logIn({ user: 'user', pin: userPin() })
    expect((await token.findById(kept, rootTemplate)).map(({ ref }) => ref.id)).toEqual([kept])
    await bench.close()
  })

  it('a call that hangs is HSM-TIMEOUT and the host is replaced', async () => {
    const bench = await startBench({ callTimeoutMs: 400 })
    const restarted = restartOf(bench.hsm)
    process.kill(bench.hsm.pid!, 'SIGSTOP')
    const calls = [bench.hsm.tokens(), bench.hsm.tokens()]
    expect(await Promise.all(calls.map(refusal))).toEqual(['HSM-TIMEOUT', 'HSM-CRASHED'])
    expect((await restarted).reason).toBe('timeout')
    expect((await bench.hsm.tokens()).length).toBe(1)
    await bench.close()
  })

  it('an idle host that stops is found by its heartbeat', async () => {
    const bench = await startBench({ callTimeoutMs: 300, heartbeatMs: 100 })
    const restarted = restartOf(bench.hsm)
    process.kill(bench.hsm.pid!, 'SIGSTOP')
    expect((await restarted).generation).toBe(2)
    await bench.close()
  })

  it('three failures without work in between break the circuit', async () => {
    const bench = await startBench()
    for (let i = 0; i < 2; i++) {
      const restarted = restartOf(bench.hsm)
      process.kill(bench.hsm.pid!, 'SIGKILL')
      await restarted
    }
    const pid = bench.hsm.pid!
    process.kill(pid, 'SIGKILL')
    await expect.poll(() => bench.hsm.state).toBe('broken')
    expect(await refusal(bench.hsm.tokens())).toBe('HSM-BROKEN')
    await bench.close()
  })

  it('closing lets the queue drain, ends the process and refuses what follows', async () => {
    const bench = await startBench()
    const token = await bench.loggedIn('close')
    const last = token.random(8)
    const pid = bench.hsm.pid!
    await bench.hsm.close()
    expect((await last).length).toBe(8)
    expect(() => process.kill(pid, 0)).toThrow()
    expect(await refusal(token.random(8))).toBe('HSM-CLOSED')
    await bench.close()
  })

  it('the host ends when its parent does', async () => {
    const { library, environment } = softTokenEnvironment(join(dir, 'orphan'))
    const index = new URL('../src/index.ts', import.meta.url).href
    const script = file(
      'parent.mjs',
      `import { startHsm } from ${JSON.stringify(index)}
       const hsm = await startHsm(${JSON.stringify({ library, environment })})
       process.stdout.write(String(hsm.pid), () => process.kill(process.pid, 'SIGKILL'))`,
    )
    let pid = 0
    try {
      execFileSync(process.execPath, [script], { stdio: ['ignore', 'pipe', 'ignore'] })
    } catch (error) {
      pid = Number(String((error as { stdout: Buffer }).stdout))
    }
    expect(pid).toBeGreaterThan(1)
    await expect.poll(() => isAlive(pid)).toBe(false)
  })

  it('a store that cannot be written is HSM-DISK, and what was there is still there', async () => {
    const bench = await startBench()
    const token = await bench.loggedIn('disk')
    const kept = newId()
    await token.generateAes({ id: kept, label: 'kept', bits: 256, template: rootTemplate })
    const limited = file('limited-node', `#!/bin/sh\nulimit -f 1\nexec ${process.execPath} "$@"\n`)
    chmodSync(limited, 0o755)
    const full = await startHsm({ library: bench.library, environment: bench.environment, execPath: limited })
    const there = full.token(token.serial)
    await there.logIn({ user: 'user', pin: userPin() })
    const made = there.generateAes({ id: newId(), label: 'x', bits: 256, template: rootTemplate })
    expect(await refusal(made)).toBe('HSM-DISK')
    await full.close()
    expect((await token.findById(kept, rootTemplate)).length).toBe(1)
    await bench.close()
  })
})

function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
