import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { freePort } from '../external-kms/support/peers.ts'
import { kubernetesProgram, kwok } from './programs.ts'

// A real Kubernetes API server with a real etcd and, where a test asks for them, nodes: Kubernetes' own controllers and scheduler, and
// kwok, which says of each pod what a node would.

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
  /** The API server ends and starts again, as after a change of the file that --encryption-provider-config names. */
  restart(): Promise<void>
  /** Every byte that etcd holds under a prefix. */
  stored(prefix: string): Promise<Buffer>
  /** Controllers and a scheduler start, and this many nodes that run nothing and say that they run it. */
  startNodes(many: number): Promise<void>
  stop(): Promise<void>
}

/** `encryption`: the file that --encryption-provider-config names. */
export async function startApiServer(folder: string, encryption: string): Promise<ApiServer> {
  if (spawnSync('etcd', ['--version']).error) throw new Error('etcd is not here: apt-get install etcd-server')
  const program = kubernetesProgram('kube-apiserver')
  const children: ChildProcess[] = []
  const start = (name: string, file: string, args: readonly string[]) => {
    const log = openSync(join(folder, `${name}.log`), 'w')
    const child = spawn(file, args, { cwd: folder, stdio: ['ignore', log, log] })
    closeSync(log)
    children.push(child)
    return child
  }
  const end = async (child: ChildProcess, signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await ended
  }
  const stop = async () => {
    for (const child of children.splice(0).toReversed()) await end(child, 'SIGKILL')
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
  const serverArgs = [
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
  ]

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
  const startServer = async () => {
    const child = start('kube-apiserver', program, serverArgs)
    for (;;) {
      if (child.exitCode !== null) throw new Error(`kube-apiserver ended: ${log()}`)
      const ready = existsSync(ca) ? await ask('GET', '/readyz').catch(() => null) : null
      if (ready?.status === 200) return child
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
  let server: ChildProcess
  try {
    server = await startServer()
  } catch (error) {
    await stop()
    throw error
  }
  const startNodes = async (many: number) => {
    const kubeconfig = join(folder, 'cluster.json')
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [{ name: 'c', cluster: { server: url.origin, 'certificate-authority': ca } }],
      users: [{ name: 'u', user: { token: adminToken } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    }
    writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 })
    const common = [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0']
    start('controllers', kubernetesProgram('kube-controller-manager'), [
      ...common,
      `--service-account-private-key-file=${files.private}`,
    ])
    start('scheduler', kubernetesProgram('kube-scheduler'), common)
    const { program: nodes, args } = kwok()
    start('kwok', nodes, [
      ...[`--kubeconfig=${kubeconfig}`, '--manage-all-nodes=true', '--node-lease-duration-seconds=40'],
      ...args,
    ])
    const resources = { cpu: '8', memory: '32Gi', pods: '110' }
    for (let at = 0; at < many; at++) {
      const { status, body } = await ask('POST', '/api/v1/nodes', {
        metadata: { name: `node-${at}` },
        status: { allocatable: resources, capacity: resources },
      })
      if (status !== 201) throw new Error(JSON.stringify(body))
    }
  }
  const restart = async () => {
    await end(server, 'SIGTERM')
    server = await startServer()
  }
  return {
    url,
    ca,
    ask,
    startNodes,
    restart,
    stop,
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
