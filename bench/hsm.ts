import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import {
  childKekTemplate,
  sealingTemplate,
  signingTemplate,
  softTokenEnvironment,
  startHsm,
  type Token,
} from '../packages/hsm/src/index.ts'
import { treeMemory } from './memory.ts'
import { processorTime } from './processor-time.ts'
import { median, type Row, rateRow } from './row.ts'

const rounds = 9
/** Both sides run as quickly as they ever will only once the most used functions have been compiled: so long before anything counts. */
const warmUpMs = 2500
const inFlight = 8
const goal = 0.9
const pin = '12345678'

const works = ['sign', 'wrap', 'gcm'] as const
type Work = (typeof works)[number]

const titles: Record<Work, string> = {
  sign: 'ECDSA P-256 of a digest',
  wrap: 'wrap an AES-256 key (KWP)',
  gcm: 'AES-256-GCM of 1 KiB',
}

/**
 * Calls of one round, about 0.3 s. That is short enough that the machine does not change between ours and the limit. It is long enough that
 * the system puts our two processes on two processors, which may take 10 ms.
 */
const counts: Record<Work, number> = { sign: 6000, wrap: 12_000, gcm: 16_000 }

type Times = {
  ours: number[]
  one: number[]
  rawNow: number[]
  rawLater: number[]
  c: number[]
  /** Microseconds of processor time a call: our two processes, and the better of the two raw ways. */
  ourCpu: number[]
  hostCpu: number[]
  rawCpu: number[]
}

/**
 * Operations per second of the driver and its host process, eight calls in flight. The limit is the same calls straight through pkcs11js in
 * one process, one by one or eight in flight on their own sessions, whichever is better. Beside them the same from C, and what crossing
 * into another process adds to a single call.
 */
export async function benchHsm(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lux-bench-hsm-'))
  const { library, environment } = softTokenEnvironment(folder)
  const hsm = await startHsm({ library, environment })
  try {
    const token = await makeToken(hsm)
    const ours = await oursOn(token)
    const raw = new Lines(
      process.execPath,
      [join(import.meta.dirname, 'raw-hsm.mjs'), library, pin],
      environment,
    )
    const c = new Lines(compileC(folder), [library, pin], environment)
    const times = new Map<Work, Times>()
    for (const work of works) {
      times.set(work, {
        ours: [],
        one: [],
        rawNow: [],
        rawLater: [],
        c: [],
        ourCpu: [],
        hostCpu: [],
        rawCpu: [],
      })
      for (const began = performance.now(); performance.now() - began < warmUpMs; )
        await ours(work, counts[work], inFlight)
      for (const began = performance.now(); performance.now() - began < warmUpMs; )
        await raw.ask(JSON.stringify({ work, count: counts[work], inFlight: 0 }))
    }
    for (let round = 0; round < rounds; round++) {
      for (const work of works) {
        const all = times.get(work)
        if (all === undefined) continue
        const count = counts[work]
        const rate = (ms: number) => (count * 1000) / ms
        const now = await raw.ask(JSON.stringify({ work, count, inFlight: 0 }))
        const cpu = process.cpuUsage()
        const hostBefore = processorTime(hsm.pid)
        all.ours.push(rate(await ours(work, count, inFlight)))
        const host = ((processorTime(hsm.pid) - hostBefore) * 1000) / count
        const { user, system } = process.cpuUsage(cpu)
        all.hostCpu.push(host)
        all.ourCpu.push(host + (user + system) / count)
        const later = await raw.ask(JSON.stringify({ work, count, inFlight }))
        all.rawNow.push(rate(now.ms))
        all.rawLater.push(rate(later.ms))
        all.rawCpu.push((Math.min(now.cpu, later.cpu) * 1000) / count)
        const few = Math.ceil(count / 8)
        all.one.push((few * 1000) / (await ours(work, few, 1)))
        all.c.push(rate((await c.ask(`${work} ${count}`)).ms))
      }
    }
    raw.end()
    c.end()
    const memoryMiB = hsm.pid === null ? 0 : treeMemory(hsm.pid)
    return works.flatMap((work) => rowsOf(work, times.get(work), memoryMiB))
  } finally {
    await hsm.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function rowsOf(work: Work, times: Times | undefined, memoryMiB: number): Row[] {
  if (times === undefined) return []
  const { ours, one, rawNow, rawLater, c, ourCpu, hostCpu, rawCpu } = times
  const limit = median(rawNow) >= median(rawLater) ? rawNow : rawLater
  const micros = (rates: readonly number[]) => 1e6 / median(rates)
  const tenth = (value: number) => Math.round(value * 10) / 10
  const micro = (what: string, mine: number, least: number, peers: Record<string, number>): Row => ({
    work: `${titles[work]}, ${what}`,
    unit: 'us',
    ours: tenth(mine),
    limit: tenth(least),
    peers: Object.fromEntries(Object.entries(peers).map(([name, value]) => [name, tenth(value)])),
    ratio: Math.round((least / mine) * 1000) / 1000,
    goal: null,
    memoryMiB: null,
  })
  const [isolated, bare] = [micros(one), micros(rawNow)]
  const [spent, least] = [median(ourCpu), median(rawCpu)]
  return [
    rateRow({
      work: `${titles[work]}, ${inFlight} in flight`,
      ours,
      limit,
      peers: { 'pkcs11js in turn': rawNow, [`pkcs11js ${inFlight} at once`]: rawLater, 'C in turn': c },
      goal,
      memoryMiB,
    }),
    micro('one at a time', isolated, bare, { 'for isolation': isolated - bare }),
    micro(`processor time, ${inFlight} in flight`, spent, least, {
      'for isolation': spent - least,
      'in the host': median(hostCpu),
    }),
  ]
}

async function makeToken(hsm: Awaited<ReturnType<typeof startHsm>>): Promise<Token> {
  const bytes = () => Buffer.from(pin)
  const { serial } = await hsm.token('new').initialise({ label: 'bench', soPin: bytes(), userPin: bytes() })
  const token = hsm.token(serial)
  await token.logIn({ user: 'user', pin: bytes() })
  return token
}

/** Makes the keys that raw-hsm.mjs and raw-hsm.c find by their labels, and gives the same works through the driver. */
async function oursOn(token: Token) {
  const id = () => randomBytes(16).toString('hex')
  const ids = { kek: id(), data: id(), gcm: id(), ec: id() }
  const kept = { ...childKekTemplate, token: true, allowedMechanisms: null, unwrapTemplate: null }
  await token.generateAes({ id: ids.kek, label: 'kek', bits: 256, template: kept })
  await token.generateAes({
    id: ids.data,
    label: 'data',
    bits: 256,
    template: { ...kept, extractable: true },
  })
  await token.generateAes({
    id: ids.gcm,
    label: 'gcm',
    bits: 256,
    template: { ...sealingTemplate, token: true },
  })
  await token.generateKeyPair({ id: ids.ec, label: 'ec', kind: 'p-256', template: signingTemplate })
  const digest = new Uint8Array(32).fill(7)
  const plaintext = new Uint8Array(1024).fill(7)
  let count = 0
  const nonce = () => {
    const bytes = new Uint8Array(12)
    new DataView(bytes.buffer).setUint32(0, ++count)
    return bytes
  }
  const calls: Record<Work, () => Promise<unknown>> = {
    sign: () => token.signEcdsa({ key: { id: ids.ec, class: 'private' }, digest }),
    wrap: () => token.wrap({ kek: { id: ids.kek }, key: { id: ids.data, class: 'secret' } }),
    gcm: () =>
      token.encryptGcm({
        key: { id: ids.gcm, class: 'secret' },
        nonce: nonce(),
        aad: new Uint8Array(),
        plaintext,
      }),
  }
  return async (work: Work, times: number, lanes: number): Promise<number> => {
    const call = calls[work]
    let left = times
    const lane = async () => {
      while (left-- > 0) await call()
    }
    const began = performance.now()
    await Promise.all(Array.from({ length: lanes }, lane))
    return performance.now() - began
  }
}

function compileC(folder: string): string {
  const out = join(folder, 'raw-hsm')
  const source = join(import.meta.dirname, 'raw-hsm.c')
  execFileSync('gcc', [
    '-std=c11',
    '-D_GNU_SOURCE',
    '-O2',
    '-Wall',
    '-Wextra',
    '-I/usr/include/p11-kit-1',
    '-o',
    out,
    source,
    '-ldl',
  ])
  return out
}

type Spent = { ms: number; cpu: number }

/** A program that answers each line with the milliseconds that it took, as a number or with the processor time. */
class Lines {
  readonly #child: ChildProcess
  readonly #waiting: ((value: Spent) => void)[] = []

  constructor(program: string, args: readonly string[], environment: Readonly<Record<string, string>>) {
    this.#child = spawn(program, args, {
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    if (this.#child.stdout)
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        // The two programs print these and nothing else.
        const said = JSON.parse(line) as number | Spent
        this.#waiting.shift()?.(typeof said === 'number' ? { ms: said, cpu: said } : said)
      })
  }

  ask(line: string): Promise<Spent> {
    return new Promise((resolve, reject) => {
      if (this.#child.exitCode !== null) reject(new Error('the bare program ended'))
      this.#waiting.push(resolve)
      this.#child.stdin?.write(`${line}\n`)
    })
  }

  end(): void {
    this.#child.stdin?.end()
  }
}
