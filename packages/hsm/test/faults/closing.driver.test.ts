import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Token } from '../../src/index.ts'
import { refusal } from '../soft-token-bench.ts'
import { type FaultBench, startFaultBench } from './fault-bench.ts'

vi.setConfig({ testTimeout: 60_000 })

describe('close()', () => {
  let folder: string
  let hostEntry: string
  let bench: FaultBench
  let token: Token
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lux-hsm-closing-'))
    hostEntry = join(folder, 'host.mjs')
    const main = new URL('../../src/host/main.ts', import.meta.url).href
    writeFileSync(hostEntry, `import ${JSON.stringify(main)}`)
    // What waited for a library to load would outlast the test.
    bench = await startFaultBench({ callTimeoutMs: 20_000, loadTimeoutMs: 600_000, hostEntry })
    token = await bench.loggedIn('closing')
  })
  afterEach(async () => {
    await bench.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Processes of the system that run this test's host; one that has ended and waits for its parent has no command line. */
  const hosts = (): number[] =>
    readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && runs(pid, hostEntry))

  it('HSM-CLOSED refuses whoever calls after it, so that callers who never stop do not keep it from ending', async () => {
    const answered = Array.from({ length: 40 }, () => 0)
    const codes = answered.map(async (_, caller) => {
      for (;;) {
        const code = await refusal(token.random(8))
        if (code !== 'no error') return code
        answered[caller] = (answered[caller] ?? 0) + 1
      }
    })
    await expect.poll(() => Math.min(...answered), { timeout: 15_000 }).toBeGreaterThan(2)
    const underWay = token.random(8)
    const closing = bench.hsm.close()
    const late = refusal(token.random(8))
    expect(await Promise.race([late, closing])).toBe('HSM-CLOSED')
    expect((await underWay).length).toBe(8)
    await closing
    expect(new Set(await Promise.all(codes))).toEqual(new Set(['HSM-CLOSED']))
    expect(hosts()).toEqual([])
  })

  it('ends for whoever calls it when the host has ended, also the second time', async () => {
    bench.plan('C_GenerateRandom@*=slow:400')
    const underWay = token.random(8)
    await Promise.all([
      bench.hsm.close(),
      bench.hsm.close().then(() => expect([hosts(), bench.hsm.pid]).toEqual([[], null])),
    ])
    expect((await underWay).length).toBe(8)
  })

  it('leaves no host behind that hangs while it starts again', async () => {
    const begun = bench.count('C_Initialize')
    bench.plan('C_Initialize@*=hang')
    const [first] = hosts()
    process.kill(bench.hsm.pid!, 'SIGKILL')
    await expect.poll(() => bench.count('C_Initialize'), { timeout: 30_000 }).toBe(begun + 1)
    expect([bench.hsm.state, hosts().length, hosts()[0] === first]).toEqual(['restarting', 1, false])
    await bench.hsm.close()
    expect(hosts()).toEqual([])
    expect(await refusal(token.random(8))).toBe('HSM-CLOSED')
  })
})

function runs(pid: number, script: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(script)
  } catch {
    return false
  }
}
