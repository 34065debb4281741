import { type ChildProcess, spawn } from 'node:child_process'
import { createCipheriv, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from '../scripts/root.ts'
import { openLoad, post } from './http-load.ts'
import { treeMemory } from './memory.ts'
import { run } from './program.ts'
import { type Row, rateRow, timeRow } from './row.ts'

const rounds = 3
const turnMs = 2000
const connections = 64
const cores = availableParallelism()
const text = Buffer.alloc(1024, 0x61).toString('base64')
const baoProgram = join(root, '.lux/python/bin/bao')
const baoToken = 'bench'

/** `keys`: how many keys the encrypts use in turn. `operations`: how many encrypts the memory is watched over. */
type Size = { readonly keys: number; readonly operations: number }
const short: Size = { keys: 1000, operations: 50_000 }
const long: Size = { keys: 100_000, operations: 1_000_000 }

/**
 * The server over plain HTTP, with authentication, policy, and an audit entry committed before each reply. It takes turns with Fastify that
 * does only the cryptography. It also takes turns with OpenBao's transit, whose file audit is not synced to disk, where set-up installed
 * that.
 */
export const benchServer = (): Promise<Row[]> => measured(short)
export const benchServerLong = (): Promise<Row[]> => measured(long)

async function measured(size: Size): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lux-bench-server-'))
  const open: { stop(): Promise<void> }[] = []
  const kept = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const one = await starting
    open.push(one)
    return one
  }
  try {
    const state = join(folder, 'state')
    const main = join(root, 'apps/companion-server/src/server-main.ts')
    await run(process.execPath, [main, '--state', state, '--port', '0', '--once'], environment)
    const bao = existsSync(baoProgram) ? await kept(startBao(folder)) : null
    const rows: Row[] = []
    const ours = await kept(startOurs(state, 1))
    const bare = await kept(startBare(1))
    rows.push(...(await works(ours, bare, bao)), ...(await batch(ours)), ...(await manyKeys(ours, size)))
    await Promise.all([ours.stop(), bare.stop()])
    const [allOurs, allBare] = [await kept(startOurs(state, cores)), await kept(startBare(cores))]
    rows.push(...(await encrypting(`, ${cores} workers`, allOurs, allBare, bao, { ofBao: 2.5 })))
    return rows
  } finally {
    await Promise.all(open.map((one) => one.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
}

const environment = { LOG_LEVEL: 'error', RATE_LIMIT_PER_SECOND: '9999999' }

type Ours = Awaited<ReturnType<typeof startOurs>>
type Bare = Awaited<ReturnType<typeof startBare>>
type Bao = Awaited<ReturnType<typeof startBao>>
type Goals = { readonly ofBare?: number; readonly ofBao?: number; readonly p99?: number }

async function works(ours: Ours, bare: Bare, bao: Bao | null): Promise<Row[]> {
  const sealing = await encrypting(', one worker', ours, bare, bao, { ofBare: 0.6, p99: 1 / 3 })
  const p256 = await signing('P-256', 'ECC_NIST_P256', 'ECDSA_SHA_256', 'p256', ours, bare, bao, {
    ofBare: 0.55,
    ofBao: 2,
  })
  const rsa = await signing('RSA-2048', 'RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_256', 'rsa', ours, bare, bao, {
    ofBare: 0.8,
    ofBao: 1.5,
  })
  return [...sealing, ...p256, ...rsa]
}

async function encrypting(of: string, ours: Ours, bare: Bare, bao: Bao | null, goals: Goals): Promise<Row[]> {
  const key = await ours.makeKey({})
  return compared(`encrypt 1 KiB${of}`, goals, {
    ours: await load(ours.port, ours.call(`/${key}/encrypt`, { plaintext: text })),
    bare: await load(bare.port, post('/encrypt', {}, { plaintext: text })),
    OpenBao: bao && (await load(bao.port, bao.call('encrypt/seal', { plaintext: text }))),
  })
}

async function signing(
  name: string,
  algorithm: string,
  signingAlgorithm: string,
  short: 'p256' | 'rsa',
  ours: Ours,
  bare: Bare,
  bao: Bao | null,
  goals: Goals,
): Promise<Row[]> {
  const key = await ours.makeKey({ algorithm, keyUsage: 'sign-verify' })
  const padding = short === 'rsa' ? { signature_algorithm: 'pkcs1v15' } : {}
  return compared(`sign by ${name}, one worker`, goals, {
    ours: await load(ours.port, ours.call(`/${key}/sign`, { data: text, signingAlgorithm })),
    bare: await load(bare.port, post(`/sign-${short}`, {}, { data: text })),
    OpenBao: bao && (await load(bao.port, bao.call(`sign/${short}`, { input: text, ...padding }))),
  })
}

const load = (port: number, ...requests: readonly Buffer[]) => openLoad(port, requests, connections)

type Load = Awaited<ReturnType<typeof openLoad>>

/** Of all of them by turns; the first turn warms up. */
async function compared(
  work: string,
  goals: Goals,
  loads: { readonly ours: Load; readonly bare: Load; readonly OpenBao: Load | null },
): Promise<Row[]> {
  const [ours, bare, bao] = [samples(loads.ours), samples(loads.bare), samples(loads.OpenBao)]
  for (let round = 0; round <= rounds; round++) for (const one of [ours, bare, bao]) await one.turn(round > 0)
  for (const one of Object.values(loads)) one?.close()
  const goal = (ratio: number | undefined) => (ratio === undefined ? {} : { goal: ratio })
  return [
    rateRow({
      work,
      ours: ours.rates,
      limit: bare.rates,
      ...goal(goals.ofBare),
      ...(bao.rates.length === 0 ? {} : { peers: { OpenBao: bao.rates } }),
    }),
    timeRow({ work: `p99 of it`, ours: ours.p99s, limit: bare.p99s, ...goal(goals.p99) }),
    ...(bao.rates.length === 0 || goals.ofBao === undefined
      ? []
      : [
          rateRow({
            work: `the same against OpenBao`,
            ours: ours.rates,
            limit: bao.rates,
            goal: goals.ofBao,
          }),
        ]),
  ]
}

function samples(from: Load | null) {
  const rates: number[] = []
  const p99s: number[] = []
  return {
    rates,
    p99s,
    async turn(counts: boolean): Promise<void> {
      if (from === null) return
      const { rate, times } = await from.turn(turnMs)
      if (!counts) return
      rates.push(rate)
      p99s.push(times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0)
    },
  }
}

/** Items a second of batches of 100, against the cipher called straight in one process. */
async function batch(ours: Ours): Promise<Row[]> {
  const key = await ours.makeKey({})
  const items = Array.from({ length: 100 }, () => ({ plaintext: text }))
  const loaded = await openLoad(ours.port, [ours.call(`/${key}/encrypt-batch`, { items })], 8)
  const [mine, raw]: number[][] = [[], []]
  for (let round = 0; round <= rounds; round++) {
    const { rate } = await loaded.turn(turnMs)
    const straight = rawGcm()
    if (round === 0) continue
    mine?.push(rate * items.length)
    raw?.push(straight)
  }
  loaded.close()
  return [
    rateRow({ work: 'encrypt 1 KiB, batches of 100, items', ours: mine ?? [], limit: raw ?? [], goal: 0.35 }),
  ]
}

function rawGcm(): number {
  const [key, plaintext] = [randomBytes(32), Buffer.from(text, 'base64')]
  const began = performance.now()
  let done = 0
  for (; performance.now() - began < turnMs / 2; done++) {
    const cipher = createCipheriv('aes-256-gcm', key, randomBytes(12))
    Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
  }
  return done / ((performance.now() - began) / 1000)
}

/** Encrypts that go around among many keys, and what memory they leave behind. */
async function manyKeys(ours: Ours, { keys, operations }: Size): Promise<Row[]> {
  const made: string[] = []
  const callers = Array.from({ length: 16 }, async () => {
    while (made.length < keys) made.push(await ours.makeKey({}))
  })
  await Promise.all(callers)
  const requests = made.map((key) => ours.call(`/${key}/encrypt`, { plaintext: text }))
  const loaded = await load(ours.port, ...requests)
  // Once around, so that what is kept of each key is there before.
  await loaded.count(Math.max(keys, 5000))
  const before = ours.memoryMiB()
  const { rate, times } = await loaded.count(operations)
  const grown = Math.max(0, ours.memoryMiB() - before) * 1024
  loaded.close()
  const p99 = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0
  const limit = 64 * 1024
  return [
    {
      ...rateRow({ work: `encrypt 1 KiB, around ${keys} keys (p99 ${p99.toFixed(1)} ms)`, ours: [rate] }),
      memoryMiB: Math.round(ours.memoryMiB()),
    },
    {
      work: `memory of all processes, grown over ${operations} encrypts`,
      unit: 'KB',
      limit,
      goal: 1,
      ours: Math.round(grown),
      ratio: Number((limit / Math.max(grown, 1)).toFixed(3)),
      memoryMiB: null,
    },
  ]
}

/** A rehearsal server on its soft token and database, in processes of its own. */
async function startOurs(state: string, workers: number) {
  const port = await freePort()
  const cli = join(root, 'apps/companion-server/src/cli.ts')
  const args = [cli, '--state', state, 'start', '--port', String(port), '--behind-tls-proxy']
  const child = await started(process.execPath, args, { ...environment, WORKERS: String(workers) }, /ready: /)
  const training: { project: string } = JSON.parse(readFileSync(join(state, 'training.json'), 'utf8'))
  const header = readFileSync(join(state, 'training.header'), 'utf8').trim()
  const authorization = header.replace(/^Authorization: /i, '')
  const base = '/api/v1/kms/keys'
  let named = 0
  return {
    port,
    stop: () => ended(child),
    memoryMiB: () => treeMemory(child.pid ?? 0),
    call: (path: string, body: object) => post(`${base}${path}`, { authorization }, body),
    async makeKey(fields: object): Promise<string> {
      const name = `b${process.pid}-${workers}-${++named}`
      const reply = await fetch(`http://127.0.0.1:${port}${base}`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ projectId: training.project, name, ...fields }),
      })
      const answer: { key?: { id: string } } = JSON.parse(await reply.text())
      if (answer.key === undefined) throw new Error(JSON.stringify(answer))
      return answer.key.id
    },
  }
}

async function startBare(processes: number) {
  const port = await freePort()
  const file = join(import.meta.dirname, 'bare-server.mjs')
  const child = await started(process.execPath, [file, String(port), String(processes)], {}, /ready/)
  return { port, stop: () => ended(child) }
}

/** In memory, with its file audit. */
async function startBao(folder: string) {
  const port = await freePort()
  const config = join(folder, 'bao.hcl')
  writeFileSync(
    config,
    `audit "file" "bench" {\n  options {\n    file_path = "${join(folder, 'bao.log')}"\n  }\n}\n`,
  )
  const args = ['server', '-dev', '-dev-no-store-token', `-dev-root-token-id=${baoToken}`]
  const where = [`-dev-listen-address=127.0.0.1:${port}`, `-config=${config}`]
  const child = await started(baoProgram, [...args, ...where], { HOME: folder }, /Root Token: /)
  const ask = async (path: string, body: object) => {
    const reply = await fetch(`http://127.0.0.1:${port}/v1/${path}`, {
      method: 'POST',
      headers: { 'x-vault-token': baoToken },
      body: JSON.stringify(body),
    })
    if (!reply.ok) throw new Error(`OpenBao ${path}: ${reply.status} ${await reply.text()}`)
  }
  await ask('sys/mounts/transit', { type: 'transit' })
  await ask('transit/keys/seal', { type: 'aes256-gcm96' })
  await ask('transit/keys/p256', { type: 'ecdsa-p256' })
  await ask('transit/keys/rsa', { type: 'rsa-2048' })
  return {
    port,
    stop: () => ended(child),
    call: (path: string, body: object) => post(`/v1/transit/${path}`, { 'x-vault-token': baoToken }, body),
  }
}

/** A program, once it has said that it is ready. */
function started(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
  ready: RegExp,
): Promise<ChildProcess> {
  const child = spawn(command, [...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return new Promise((done, failed) => {
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        said = `${said}${line}\n`.slice(-4000)
        if (ready.test(line)) done(child)
      })
    child.once('error', failed)
    child.once('exit', (code) => failed(new Error(`${command} ended with ${code}\n${said}`)))
  })
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((done) => child.once('exit', done))
  child.kill('SIGTERM')
  await gone
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => done(port))
    })
  })
}
