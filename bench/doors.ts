import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { connect, type TLSSocket } from 'node:tls'
import { root } from '../scripts/root.ts'
import { run } from './program.ts'
import { type Row, rateRow } from './row.ts'

const rounds = 5
const turnMs = 1500
const inFlight = 16
const plaintext = Buffer.alloc(1024, 0x61)

/**
 * Encrypt of 1 KiB by each door of one running server, in turns in the same run: REST is the limit of the others. Each row's `p99` is in
 * its name, in milliseconds, since a rate alone does not show a wait.
 */
export async function benchDoors(): Promise<Row[]> {
  const server = await startBenchServer()
  try {
    const doors = await openDoors(server)
    const rates = new Map<string, number[]>()
    const waits = new Map<string, number[]>()
    for (let round = -1; round < rounds; round++)
      for (const [name, encrypt] of Object.entries(doors)) {
        const { rate, times } = await turn(encrypt)
        // The first turn warms up.
        if (round < 0) continue
        rates.set(name, [...(rates.get(name) ?? []), rate])
        waits.set(name, [...(waits.get(name) ?? []), ...times])
      }
    const p99 = (name: string) => {
      const sorted = (waits.get(name) ?? []).toSorted((a, b) => a - b)
      return (sorted[Math.floor(sorted.length * 0.99)] ?? 0).toFixed(1)
    }
    const of = (name: string) => rates.get(name) ?? []
    const titled = (name: string) => `encrypt 1 KiB by ${name}, ${inFlight} in flight (p99 ${p99(name)} ms)`
    return [
      rateRow({ work: titled('REST'), ours: of('REST') }),
      rateRow({ work: titled('KMIP'), ours: of('KMIP'), limit: of('REST'), goal: 0.5 }),
      rateRow({ work: titled('AWS'), ours: of('AWS'), limit: of('REST'), goal: 0.7 }),
      rateRow({ work: titled('Vault'), ours: of('Vault'), limit: of('REST'), goal: 0.7 }),
    ]
  } finally {
    await server.stop()
  }
}

type Encrypt = (lane: number) => Promise<void>

async function turn(encrypt: Encrypt): Promise<{ rate: number; times: readonly number[] }> {
  const times: number[] = []
  const began = performance.now()
  const lane = async (number: number) => {
    while (performance.now() - began < turnMs) {
      const start = performance.now()
      await encrypt(number)
      times.push(performance.now() - start)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, (_, number) => lane(number)))
  return { rate: times.length / ((performance.now() - began) / 1000), times }
}

type BenchServer = Awaited<ReturnType<typeof startBenchServer>>

/** A rehearsal server on a soft token, in its own process, with its training project. */
async function startBenchServer() {
  const folder = mkdtempSync(join(tmpdir(), 'lux-bench-doors-'))
  const state = join(folder, 'state')
  const env = { LOG_LEVEL: 'error', RATE_LIMIT_PER_SECOND: '1000000' }
  const main = join(root, 'apps/companion-server/src/server-main.ts')
  const cli = join(root, 'apps/companion-server/src/cli.ts')
  let child: ChildProcess | null = null
  const stop = async () => {
    const ended =
      child === null || child.exitCode !== null ? null : new Promise((done) => child?.once('exit', done))
    child?.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await run(process.execPath, [main, '--state', state, '--port', '0', '--once'], env)
    const { project, identity } = JSON.parse(readFileSync(join(state, 'training.json'), 'utf8'))
    const pem = join(folder, 'kmip.pem')
    const issue = ['--state', state, 'kmip', 'client', 'issue', '--project', project, '--out', pem]
    await run(process.execPath, [cli, ...issue], env)
    const [port, kmip] = [await freePort(), await freePort()]
    const args = [cli, '--state', state, 'start', '--port', String(port), '--kmip', String(kmip)]
    child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await firstLine(child)
    return {
      port,
      kmip,
      project,
      identity,
      stop,
      ca: readFileSync(join(state, 'ca.pem')),
      pem: readFileSync(pem),
      token: readFileSync(join(state, 'training.header'), 'utf8')
        .trim()
        .replace(/^Authorization: Bearer /i, ''),
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((done, failed) => {
    if (child.stdout === null) return failed(new Error('the server has no output'))
    createInterface({ input: child.stdout }).once('line', done)
    child.once('exit', (code) => failed(new Error(`the server ended with ${code}`)))
  })
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

async function openDoors({
  port,
  kmip,
  project,
  identity,
  ca,
  pem,
  token,
}: BenchServer): Promise<Record<string, Encrypt>> {
  const agent = new Agent({ keepAlive: true, ca, maxSockets: inFlight })
  const post = (path: string, body: Buffer, headers: Record<string, string>): Promise<Buffer> =>
    new Promise((done, failed) => {
      const asked = request({ agent, host: '127.0.0.1', port, path, method: 'POST', headers }, (reply) => {
        const parts: Buffer[] = []
        reply.on('data', (part: Buffer) => parts.push(part))
        reply.on('end', () => {
          const whole = Buffer.concat(parts)
          if (reply.statusCode === 200) done(whole)
          else failed(new Error(`${path}: ${reply.statusCode} ${whole.toString().slice(0, 300)}`))
        })
      })
      asked.on('error', failed)
      asked.end(body)
    })
  const json = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  const call = async (path: string, body: object) =>
    JSON.parse((await post(path, Buffer.from(JSON.stringify(body)), json)).toString())
  const { key } = await call('/api/v1/kms/keys', { projectId: project, name: 'bench' })
  const text = plaintext.toString('base64')

  const rest = Buffer.from(JSON.stringify({ plaintext: text }))
  const vault = Buffer.from(JSON.stringify({ plaintext: text }))
  const vaultHeaders = { 'content-type': 'application/json', 'x-vault-token': token }
  const {
    apiKey: { aws },
  } = await call(`/api/v1/identities/${identity}/api-keys`, { name: 'bench', ttlSeconds: 3600 })
  const awsBody = Buffer.from(JSON.stringify({ KeyId: key.id, Plaintext: text }))
  const lanes = await Promise.all(Array.from({ length: inFlight }, () => openLane({ kmip, ca, pem })))
  const asked = kmipEncrypt(key.id)
  return {
    REST: async () => {
      await post(`/api/v1/kms/keys/${key.id}/encrypt`, rest, json)
    },
    KMIP: async (lane) => {
      const answer = await lanes[lane]?.(asked)
      // ResultStatus success: an enumeration of value 0.
      if (!answer?.includes(Buffer.from('42007f05000000040000000000000000', 'hex')))
        throw new Error('KMIP refused')
    },
    AWS: async () => {
      await post('/', awsBody, signed(aws, awsBody, `127.0.0.1:${port}`))
    },
    Vault: async () => {
      await post('/v1/transit/encrypt/bench', vault, vaultHeaders)
    },
  }
}

/** One connection, one message at a time: what is asked, and its answer. */
async function openLane({ kmip, ca, pem }: { kmip: number; ca: Buffer; pem: Buffer }) {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port: kmip, ca, cert: pem, key: pem })
  let heard = Buffer.alloc(0)
  let waiting: ((answer: Buffer) => void) | null = null
  socket.on('data', (part: Buffer) => {
    heard = Buffer.concat([heard, part])
    if (heard.length < 8 || heard.length < 8 + heard.readUInt32BE(4)) return
    const whole = heard
    heard = Buffer.alloc(0)
    waiting?.(whole)
  })
  await new Promise<void>((done, failed) => {
    socket.once('secureConnect', () => done())
    socket.once('error', failed)
  })
  return (message: Buffer) =>
    new Promise<Buffer>((done) => {
      waiting = done
      socket.write(message)
    })
}

const ttlv = (tag: number, type: number, value: Buffer): Buffer => {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(tag * 256 + type)
  head.writeUInt32BE(value.length, 4)
  return Buffer.concat([head, value, Buffer.alloc((8 - (value.length % 8)) % 8)])
}
const int = (tag: number, value: number, type = 2) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return ttlv(tag, type, bytes)
}
const all = (tag: number, ...parts: readonly Buffer[]) => ttlv(tag, 1, Buffer.concat(parts))

/** KMIP 1.4, Encrypt. */
const kmipEncrypt = (id: string): Buffer =>
  all(
    0x420078,
    all(0x420077, all(0x420069, int(0x42006a, 1), int(0x42006b, 4)), int(0x42000d, 1)),
    all(
      0x42000f,
      int(0x42005c, 31, 5),
      all(0x420079, ttlv(0x420094, 7, Buffer.from(id)), ttlv(0x4200c2, 8, plaintext)),
    ),
  )

/** Signature Version 4, by hand: a client's own work is no figure of the server's. */
function signed(
  { accessKeyId, secretAccessKey }: { accessKeyId: string; secretAccessKey: string },
  body: Buffer,
  host: string,
): Record<string, string> {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const day = time.slice(0, 8)
  const own = {
    'content-type': 'application/x-amz-json-1.1',
    host,
    'x-amz-date': time,
    'x-amz-target': 'TrentService.Encrypt',
  }
  const names = Object.keys(own).toSorted().join(';')
  const lines = Object.entries(own)
    .toSorted()
    .map(([name, value]) => `${name}:${value}`)
  const hash = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')
  const hmac = (secret: Buffer | string, said: string) => createHmac('sha256', secret).update(said).digest()
  const scope = `${day}/eu-central-1/kms/aws4_request`
  const canonical = ['POST', '/', '', ...lines, '', names, hash(body)].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', time, scope, hash(canonical)].join('\n')
  const secret = scope.split('/').reduce<Buffer | string>(hmac, `AWS4${secretAccessKey}`)
  const signature = hmac(secret, toSign).toString('hex')
  return {
    ...own,
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  }
}
