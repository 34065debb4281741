import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { freePort } from '../external-kms/support/peers.ts'

const root = join(import.meta.dirname, '../../../..')

// A real Kubernetes API server with a real etcd. It is built from its published Go module, which takes some minutes once a version.

const release = { api: 'v1.37.2', staging: 'v0.37.2' }
export const adminToken = 'admin-of-the-test'

export type ApiServer = {
  readonly url: URL
  /** A file, PEM. */
  readonly ca: string
  /** As an administrator of the cluster. */
  ask(
    method: string,
    path: string,
    body?: object | string,
    type?: string,
  ): Promise<{ status: number; body: unknown }>
  /** Every byte that etcd holds under a prefix. */
  stored(prefix: string): Promise<Buffer>
  stop(): Promise<void>
}

/** The program, built once into .lux. Needs Go. */
function programFile(): string {
  const folder = join(root, '.lux', `kube-apiserver-${release.api}`)
  const program = join(folder, 'kube-apiserver')
  if (existsSync(program)) return program
  const go = (args: readonly string[]) =>
    execFileSync('go', args, { cwd: folder, encoding: 'utf8', env: { ...process.env, GOFLAGS: '-mod=mod' } })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'go.mod'), 'module lux.test/apiserver\n\ngo 1.26.0\n')
  const { GoMod } = JSON.parse(go(['mod', 'download', '-json', `k8s.io/kubernetes@${release.api}`]))
  const modules = [...readFileSync(GoMod, 'utf8').matchAll(/^\s*(k8s\.io\/\S+) => \.\/staging/gm)].map(
    ([, name]) => name,
  )
  const replaced = modules.map((name) => `\t${name} => ${name} ${release.staging}\n`).join('')
  writeFileSync(
    join(folder, 'go.mod'),
    `module lux.test/apiserver\n\ngo 1.26.0\n\nrequire k8s.io/kubernetes ${release.api}\n\nreplace (\n${replaced})\n`,
  )
  writeFileSync(
    join(folder, 'main.go'),
    `package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() { os.Exit(cli.Run(app.NewAPIServerCommand())) }
`,
  )
  go(['mod', 'tidy'])
  // Helm asks the API server for its version.
  const version = 'k8s.io/component-base/version.git'
  const [major, minor] = release.api.slice(1).split('.')
  const flags = `-s -w -X ${version}Version=${release.api} -X ${version}Major=${major} -X ${version}Minor=${minor}`
  go(['build', '-trimpath', '-ldflags', flags, '-o', 'kube-apiserver.part', '.'])
  renameSync(`${program}.part`, program)
  return program
}

/** `encryption`: the file that --encryption-provider-config names. */
export async function startApiServer(folder: string, encryption: string): Promise<ApiServer> {
  const program = programFile()
  const children: ChildProcess[] = []
  const start = (name: string, file: string, args: readonly string[]) => {
    const log = openSync(join(folder, `${name}.log`), 'w')
    const child = spawn(file, args, { cwd: folder, stdio: ['ignore', log, log] })
    closeSync(log)
    children.push(child)
    return child
  }
  const stop = async () => {
    for (const child of children.splice(0).toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
    }
  }
  const [clients, peers, secure] = [await freePort(), await freePort(), await freePort()]
  const etcd = `http://127.0.0.1:${clients}`
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const files = {
    private: join(folder, 'accounts.key'),
    public: join(folder, 'accounts.pub'),
    tokens: join(folder, 'tokens'),
  }
  writeFileSync(files.private, privateKey, { mode: 0o600 })
  writeFileSync(files.public, publicKey)
  writeFileSync(files.tokens, `${adminToken},admin,admin,system:masters\n`, { mode: 0o600 })

  start('etcd', 'etcd', [
    ...['--data-dir', join(folder, 'etcd'), '--listen-client-urls', etcd, '--advertise-client-urls', etcd],
    ...['--listen-peer-urls', `http://127.0.0.1:${peers}`, '--log-level', 'error'],
  ])
  const certificates = join(folder, 'certificates')
  const server = start('kube-apiserver', program, [
    `--etcd-servers=${etcd}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${secure}`,
    `--cert-dir=${certificates}`,
    '--endpoint-reconciler-type=none',
    '--advertise-address=192.0.2.1',
    '--service-cluster-ip-range=10.96.0.0/16',
    `--token-auth-file=${files.tokens}`,
    '--authorization-mode=RBAC',
    '--disable-admission-plugins=ServiceAccount',
    '--service-account-issuer=https://cluster.test',
    `--service-account-key-file=${files.public}`,
    `--service-account-signing-key-file=${files.private}`,
    `--encryption-provider-config=${encryption}`,
  ])

  const url = new URL(`https://127.0.0.1:${secure}`)
  const ca = join(certificates, 'apiserver.crt')
  const ask: ApiServer['ask'] = (method, path, body, type = 'application/json') =>
    new Promise((resolve, reject) => {
      const sent = request(new URL(path, url), {
        method,
        ca: readFileSync(ca),
        headers: { authorization: `Bearer ${adminToken}`, 'content-type': type },
      })
      sent.on('response', (reply) => {
        const pieces: Buffer[] = []
        reply.on('data', (piece: Buffer) => pieces.push(piece))
        reply.on('end', () => {
          const text = Buffer.concat(pieces).toString()
          const json = reply.headers['content-type']?.includes('json')
          resolve({ status: reply.statusCode ?? 0, body: json ? JSON.parse(text) : text })
        })
      })
      sent.on('error', reject)
      sent.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body))
    })
  const log = () => readFileSync(join(folder, 'kube-apiserver.log'), 'utf8').slice(-2000)
  try {
    for (;;) {
      if (server.exitCode !== null) throw new Error(`kube-apiserver ended: ${log()}`)
      const ready = existsSync(ca) ? await ask('GET', '/readyz').catch(() => null) : null
      if (ready?.status === 200) break
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  } catch (error) {
    await stop()
    throw error
  }
  return {
    ...{ url, ca, ask, stop },
    async stored(prefix) {
      const end = Buffer.from(prefix)
      end[end.length - 1] = (end.at(-1) ?? 0) + 1
      const reply = await fetch(`${etcd}/v3/kv/range`, {
        method: 'POST',
        body: JSON.stringify({
          key: Buffer.from(prefix).toString('base64'),
          range_end: end.toString('base64'),
        }),
      })
      const { kvs = [] } = (await reply.json()) as { kvs?: readonly { value: string }[] }
      return Buffer.concat(kvs.map(({ value }) => Buffer.from(value, 'base64')))
    },
  }
}
