import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startOperator, startPlugin } from '../../src/commands/kubernetes.ts'
import { startServer } from '../../src/commands/start.ts'
import { callJson } from '../../src/kubernetes/call-json.ts'
import { createIdentity } from '../support/create-identity.ts'
import { given } from '../support/kms-under-test.ts'
import { makeServerState } from '../support/server-under-test.ts'
import { makeFolder } from '../support/temporary-folder.ts'
import { type ApiServer, adminToken, startApiServer } from './api-server.ts'

const root = join(import.meta.dirname, '../../../..')

// The plugin and the operator with a real Kubernetes API server and etcd. Go builds the API server, which is why it is not in npm test.

let folder: string
let cluster: ApiServer
let server: Awaited<ReturnType<typeof startServer>>
const closing: (() => unknown)[] = []
let place: { organisationId: string; projectId: string }
let operator: Parameters<typeof startOperator>[0]
/** The file of the API server, and its entry for the plugin. */
let encryption: string
let kms: string

/** The first writes; each reads what it wrote. */
const writeProviders = (...providers: readonly string[]) =>
  writeFile(
    encryption,
    `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [secrets, configmaps]
    providers:
${providers.map((one) => `      - ${one}\n`).join('')}`,
  )

const apply = (path: string, yaml: string) =>
  cluster.ask('PATCH', `${path}?fieldManager=test&force=true`, yaml, 'application/apply-patch+yaml')
/** Each object of a file of k8-operator at its place. */
async function applyFile(name: string, places: readonly string[]) {
  const texts = readFileSync(join(root, 'k8-operator', name), 'utf8').split(/^---$/m)
  expect(texts).toHaveLength(places.length)
  for (const [at, path] of places.entries()) {
    const { status, body } = await apply(path, texts[at] ?? '')
    expect({ path, status, body: status < 300 ? null : body }).toEqual({ path, status, body: null })
  }
}

beforeAll(async () => {
  vi.stubEnv('LOG_LEVEL', 'error')
  folder = await makeFolder()
  const state = await makeServerState(folder, 'rehearsal')
  server = await startServer(state, { host: '127.0.0.1', port: 0 })
  closing.push(() => server.close())
  const { organisations, keys, database } = server.services
  const direct = { door: 'direct', reqId: 'test', receipt: null } as const
  const as = (role: 'server-admin' | 'organisation-admin', organisation: string | null) => ({
    ...{ ...direct, caller: { identity: 'admin', grants: [{ role, organisation, project: null }] } },
  })
  const organisation = given(
    await organisations.createOrganisation(as('server-admin', null), { name: 'Platform' }),
  ).id
  const project = given(
    await organisations.createProject(as('organisation-admin', organisation), {
      organisation,
      name: 'Clusters',
    }),
  ).id
  place = { organisationId: organisation, projectId: project }
  const officer = {
    ...direct,
    caller: { identity: 'officer', grants: [{ role: 'crypto-officer', organisation, project } as const] },
  }
  const key = given(await keys.create(officer, { project, name: 'etcd' })).id
  const credentialsOf = async (
    name: string,
    roles: readonly ('service' | 'crypto-officer' | 'organisation-admin')[],
  ) => {
    const { clientId, clientSecret } = await createIdentity(database, {
      name,
      grants: roles.map((role) => ({ role, organisation, project: null })),
    })
    const file = join(folder, `${name}.json`)
    await writeFile(file, JSON.stringify({ clientId, clientSecret }), { mode: 0o600 })
    return file
  }
  const socket = join(folder, 'kms.sock')
  const common = { server: server.address, ca: join(state.root, 'ca.pem') }
  const plugin = await startPlugin({
    ...common,
    socket,
    key,
    cluster: 'test',
    credentials: await credentialsOf('plugin', ['service']),
  })
  closing.push(() => plugin.close())
  encryption = join(folder, 'encryption.yaml')
  kms = `kms: { apiVersion: v2, name: lux-custody, endpoint: "unix://${socket}", timeout: 3s }`
  await writeProviders('identity: {}', kms)
  cluster = await startApiServer(folder, encryption)
  closing.push(() => cluster.stop())

  const account = '/api/v1/namespaces/lux-custody/serviceaccounts/kms-operator'
  await applyFile('crds.yaml', [
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/custodykeys.kms.lux-custody.org',
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/custodypolicies.kms.lux-custody.org',
  ])
  await applyFile('operator.yaml', [
    '/api/v1/namespaces/lux-custody',
    account,
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/lux-custody-kms-operator',
    '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/lux-custody-kms-operator',
    '/apis/apps/v1/namespaces/lux-custody/deployments/kms-operator',
  ])
  await applyFile('kms-plugin.yaml', ['/api/v1/namespaces/kube-system/pods/lux-kms-plugin'])
  const asked = await cluster.ask('POST', `${account}/token`, { spec: { expirationSeconds: 3600 } })
  const { status } = asked.body as { status: { token: string } }
  const tokenFile = join(folder, 'token')
  await writeFile(tokenFile, status.token, { mode: 0o600 })
  operator = {
    ...common,
    credentials: await credentialsOf('operator', ['crypto-officer', 'organisation-admin']),
    api: cluster.url.origin,
    apiCa: cluster.ca,
    tokenFile,
  }
})
afterAll(async () => {
  for (const close of closing.toReversed()) await close()
  await rm(folder, { recursive: true, force: true })
})

const resources = '/apis/kms.lux-custody.org/v1alpha1/namespaces/default'
const example = (at: number, changed: (text: string) => string = (text) => text) =>
  changed(
    readFileSync(join(root, 'k8-operator/example.yaml'), 'utf8')
      .replaceAll('PROJECT-ID', place.projectId)
      .replaceAll('ORGANISATION-ID', place.organisationId)
      .replaceAll('namespace: billing', 'namespace: default')
      .split(/^---$/m)[at] ?? '',
  )
/** Asks for a path until the answer `holds`, and gives that answer. */
const until = (path: string, holds: (answer: { status: number; body: object }) => boolean) =>
  vi.waitFor(
    async () => {
      const answer = (await cluster.ask('GET', path)) as { status: number; body: object }
      if (!holds(answer)) throw new Error(JSON.stringify(answer.body))
      return answer.body
    },
    { timeout: 60_000, interval: 500 },
  )
const readyIs = (status: string) => (answer: { body: object }) =>
  JSON.stringify(answer.body).includes(`"status":"${status}","type":"Ready"`)

test('CLUSTER-REWRITE as the guide has it, what was in the clear is written once, and is read without `identity`', async () => {
  const word = 'in-the-clear-of-the-test'
  const at = '/api/v1/namespaces/default'
  for (const [kind, content] of [
    ['secrets', { stringData: { word } }],
    ['configmaps', { data: { word } }],
  ] as const) {
    const made = await cluster.ask('POST', `${at}/${kind}`, { metadata: { name: 'older' }, ...content })
    expect(made.status).toBe(201)
  }
  const holds = async (kind: string) =>
    (await cluster.stored(`/registry/${kind}/default/older`)).includes(word)
  expect([await holds('secrets'), await holds('configmaps')]).toEqual([true, true])
  await writeProviders(kms, 'identity: {}')
  await cluster.restart()

  const guide = readFileSync(join(root, 'docs/guide/kubernetes.md'), 'utf8')
  const kinds = /^kubectl get (\S+) --all-namespaces -o json \| kubectl replace -f -$/m
    .exec(guide)?.[1]
    ?.split(',')
  type Listed = { readonly metadata: { readonly name: string; readonly namespace: string } }
  for (const kind of kinds ?? []) {
    const { body } = (await cluster.ask('GET', `/api/v1/${kind}`)) as { body: { items: readonly Listed[] } }
    for (const one of body.items) {
      const { name, namespace } = one.metadata
      const { status } = await cluster.ask('PUT', `/api/v1/namespaces/${namespace}/${kind}/${name}`, one)
      expect({ kind, name, status }).toEqual({ kind, name, status: 200 })
    }
  }
  await writeProviders(kms)
  await cluster.restart()

  expect([await holds('secrets'), await holds('configmaps')]).toEqual([false, false])
  const read = await cluster.ask('GET', `${at}/configmaps/older`)
  expect(read).toMatchObject({ status: 200, body: { data: { word } } })
  // A list fails where one object of it cannot be read.
  for (const kind of ['secrets', 'configmaps'])
    expect((await cluster.ask('GET', `/api/v1/${kind}`)).status).toBe(200)
})

test('CLUSTER-ETCD etcd holds what the server’s key encrypted, and nothing of a Secret in the clear', async () => {
  const made = await cluster.ask('POST', '/api/v1/namespaces/default/secrets', {
    metadata: { name: 'plain' },
    stringData: { word: 'the-plaintext-of-the-test' },
  })
  expect(made.status).toBe(201)
  const stored = await cluster.stored('/registry/secrets/default/plain')
  expect(stored.subarray(0, 26).toString()).toBe('k8s:enc:kms:v2:lux-custody')
  expect(stored.includes('the-plaintext-of-the-test')).toBe(false)
  const read = await cluster.ask('GET', '/api/v1/namespaces/default/secrets/plain')
  expect(read.body).toMatchObject({
    data: { word: Buffer.from('the-plaintext-of-the-test').toString('base64') },
  })
})

test('CLUSTER-OPERATOR with the rights that its manifest gives, the operator makes keys and credentials, and takes them back', async () => {
  const running = await startOperator(operator)
  closing.push(() => running.close())
  const [key, policy] = [`${resources}/custodykeys/invoices`, `${resources}/custodypolicies/invoices-writer`]
  expect((await apply(key, example(0))).status).toBe(201)
  expect((await apply(policy, example(1))).status).toBe(201)
  const { status } = (await until(key, readyIs('True'))) as { status: { keyId: string } }
  await until(policy, readyIs('True'))
  const keyAt = async () =>
    server.services.database.selectFrom('key').selectAll().where('id', '=', status.keyId).executeTakeFirst()
  expect(await keyAt()).toMatchObject({ name: 'invoices', rotate_every_days: 90, is_disabled: false })
  const secret = await cluster.ask('GET', '/api/v1/namespaces/default/secrets/invoices-kms')
  expect(Object.keys((secret.body as { data: object }).data).toSorted()).toEqual([
    'clientId',
    'clientSecret',
    'credentials.json',
  ])

  // The API server itself refuses what can never change.
  const moved = await apply(
    key,
    example(0, (text) => text.replace('algorithm: aes-256-gcm', 'algorithm: aes-128-gcm')),
  )
  expect(moved.status).toBe(422)
  expect(JSON.stringify(moved.body)).toContain('never change: make another key')
  // The Secrets of others are not the operator’s to list.
  const agent = new Agent({ ca: readFileSync(cluster.ca) })
  const headers = { authorization: `Bearer ${readFileSync(operator.tokenFile, 'utf8')}` }
  const url = new URL('/api/v1/namespaces/default/secrets', cluster.url)
  expect(await callJson({ method: 'GET', url, agent, headers, body: null })).toMatchObject({ status: 403 })

  await cluster.ask('DELETE', key)
  await cluster.ask('DELETE', policy)
  await until(key, (answer) => answer.status === 404)
  await until(policy, (answer) => answer.status === 404)
  expect(await keyAt()).toMatchObject({ is_disabled: true })
})

test('CLUSTER-CHART Helm installs the chart on nodes, upgrades one pod and then several in turn, keeps one from a drain, and takes it away', async () => {
  await cluster.startNodes(2)
  const home = join(folder, 'helm')
  // Not awaited by a blocked process: the plugin, which the API server asks, is in this one.
  const helm = async (...args: string[]) => {
    const reach = [
      '--kube-apiserver',
      cluster.url.origin,
      '--kube-ca-file',
      cluster.ca,
      '--kube-token',
      adminToken,
    ]
    const env = { PATH: process.env.PATH, HOME: home, KUBECONFIG: join(folder, 'none') }
    const { stdout } = await promisify(execFile)(join(root, '.lux/helm/helm/helm'), [...args, ...reach], {
      env,
    })
    return stdout
  }
  const at = '/api/v1/namespaces/lux-custody'
  const make = async (path: string, body: object) => {
    const made = await cluster.ask('POST', path, body)
    expect({ path, status: made.status, body: made.status === 201 ? null : made.body }).toEqual({
      path,
      status: 201,
      body: null,
    })
  }
  for (const [name, stringData] of [
    ['kms-database', { url: 'postgres://custody@db/custody', 'owner-url': 'postgres://owner@db/custody' }],
    ['kms-root', { 'root-key': randomBytes(32).toString('base64') }],
  ] as const)
    await make(`${at}/secrets`, { metadata: { name }, stringData })
  const size = { storage: '1Gi' }
  await make('/api/v1/persistentvolumes', {
    metadata: { name: 'kms-state' },
    spec: { capacity: size, accessModes: ['ReadWriteMany'], hostPath: { path: '/state' } },
  })
  await make(`${at}/persistentvolumeclaims`, {
    metadata: { name: 'kms-state' },
    spec: {
      accessModes: ['ReadWriteMany'],
      storageClassName: '',
      volumeName: 'kms-state',
      resources: { requests: size },
    },
  })
  const values = [
    ...['--set', `image.digest=sha256:${'0'.repeat(64)}`, '--set', 'database.existingSecret=kms-database'],
    ...['--set', 'rootKey.existingSecret=kms-root', '--set', 'persistence.existingClaim=kms-state'],
    ...['--set', 'settings.drainSeconds=0', '--wait', '--timeout', '2m'],
  ]
  const chart = [join(root, 'helm-charts/kms'), '--namespace', 'lux-custody', ...values]
  const selector = '?labelSelector=app.kubernetes.io%2Fname%3Dkms'
  type Pod = {
    readonly metadata: { readonly name: string; readonly uid: string }
    readonly spec: { readonly nodeName?: string }
    readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
  }
  const pods = async () => {
    const { body } = (await cluster.ask('GET', `${at}/pods${selector}`)) as { body: { items: Pod[] } }
    return body.items
  }
  const ready = async () =>
    (await pods())
      .filter(({ status }) => status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'))
      .map(({ metadata }) => metadata.name)
      .toSorted()
  const drain = (pod: string) =>
    cluster.ask('POST', `${at}/pods/${pod}/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: pod, namespace: 'lux-custody' },
    })

  expect(await helm('install', 'vault', ...chart)).toContain('custody-server admin create --username')
  expect(await ready()).toEqual(['vault-kms-0'])
  // The only pod is not taken by a drain.
  await vi.waitFor(async () => expect((await drain('vault-kms-0')).status).toBe(429), { timeout: 60_000 })
  const [first] = await pods()
  expect(first?.spec.nodeName).toMatch(/^node-/)
  await expect(helm('upgrade', 'vault', ...chart, '--set', 'persistence.existingClaim=')).rejects.toThrow(
    'persistence.existingClaim is not set and the StatefulSet vault-kms keeps its state in a claim that was named',
  )
  await helm('upgrade', 'vault', ...chart, '--set', 'replicas=2')
  expect(await ready()).toEqual(['vault-kms-0', 'vault-kms-1'])
  // What changes the pods replaces each of them.
  const before = (await pods()).map(({ metadata }) => metadata.uid)
  await helm('upgrade', 'vault', ...chart, '--set', 'replicas=2', '--set', 'settings.logLevel=warn')
  expect(await ready()).toEqual(['vault-kms-0', 'vault-kms-1'])
  const after = await pods()
  expect(after.filter(({ metadata }) => before.includes(metadata.uid))).toEqual([])
  expect(JSON.stringify(after).match(/"name":"LOG_LEVEL","value":"warn"/g)).toHaveLength(2)
  await helm('uninstall', 'vault', '--namespace', 'lux-custody', '--wait')
  await vi.waitFor(async () => expect(await pods()).toEqual([]), { timeout: 60_000 })
})
