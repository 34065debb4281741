import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { authorizationOf, signingTime } from '../../../src/external-kms/sigv4.ts'
import { pythonTool } from '../../support/python.ts'

export type Peer = { readonly url: string; readonly host: string; stop(): Promise<void> }

/** A free port of the loopback address. */
export function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer()
    server.on('error', failed)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

/** Starts a program and waits until it says what `ready` looks for; gives what that found. */
async function started(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  ready: RegExp,
): Promise<{ readonly found: RegExpExecArray; readonly child: ChildProcess }> {
  const child = spawn(command, [...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  const found = await new Promise<RegExpExecArray>((done, failed) => {
    const heard = (part: Buffer) => {
      said += part.toString()
      const match = ready.exec(said)
      if (match !== null) done(match)
    }
    child.stdout.on('data', heard)
    child.stderr.on('data', heard)
    child.on('error', failed)
    child.on('exit', (code) => failed(new Error(`${command} ended with ${code}: ${said}`)))
  })
  return { found, child }
}

function peer(child: ChildProcess, url: string): Peer {
  return {
    url,
    host: new URL(url).host,
    stop: () =>
      new Promise((done) => {
        if (child.exitCode !== null) return done()
        child.on('exit', () => done())
        child.kill('SIGKILL')
      }),
  }
}

/** A program that serves at a known address once it has said so. */
export async function startProgram(
  command: string,
  env: NodeJS.ProcessEnv,
  ready: RegExp,
  url: string,
): Promise<Peer> {
  const { child } = await started(command, [], env, ready)
  return peer(child, url)
}

/** moto, a server that speaks AWS KMS. */
export async function startMoto(): Promise<Peer> {
  const { found, child } = await started(
    pythonTool('python'),
    ['-B', '-s', '-c', "from moto.server import main; main(['-H', '127.0.0.1', '-p', '0'])"],
    { MOTO_ALLOW_NONEXISTENT_REGION: 'false' },
    /Running on (http:\/\/127\.0\.0\.1:\d+)/,
  )
  return peer(child, found[1] ?? '')
}

export const awsRegion = 'eu-central-1'
export const awsCredentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'the-secret-of-the-test',
}

/** What the owner of the account does at moto, past the server. */
export async function atMoto(
  moto: Peer,
  operation: string,
  fields: object,
): Promise<{ readonly KeyMetadata?: { readonly KeyId: string } }> {
  const body = Buffer.from(JSON.stringify(fields))
  const time = signingTime(new Date())
  const headers = { host: moto.host, 'x-amz-date': time, 'x-amz-target': `TrentService.${operation}` }
  const authorization = authorizationOf(
    ...[awsCredentials.accessKeyId, awsCredentials.secretAccessKey],
    ...[
      { method: 'POST', path: '/', headers, body },
      { time, region: awsRegion, service: 'kms' },
    ],
  )
  const reply = await fetch(moto.url, { method: 'POST', headers: { ...headers, authorization }, body })
  return JSON.parse((await reply.text()) || '{}')
}

export const baoToken = 'root-of-the-test'

/** OpenBao in its development mode: real, unsealed and in memory. */
export async function startOpenBao(): Promise<Peer> {
  const host = `127.0.0.1:${await freePort()}`
  const { child } = await started(
    pythonTool('bao'),
    [
      'server',
      '-dev',
      '-dev-no-store-token',
      `-dev-listen-address=${host}`,
      `-dev-root-token-id=${baoToken}`,
    ],
    { HOME: '/nonexistent' },
    /Development mode should NOT be used/,
  )
  return peer(child, `http://${host}`)
}

/** What the engine's owner does at OpenBao. Throws where it refuses. */
export async function atPeer(bao: Peer, method: string, path: string, fields?: object) {
  const reply = await fetch(`${bao.url}/v1/${path}`, {
    method,
    headers: { 'x-vault-token': baoToken },
    ...(fields === undefined ? {} : { body: JSON.stringify(fields) }),
  })
  const body = JSON.parse((await reply.text()) || '{}')
  if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(body)}`)
  return body
}
