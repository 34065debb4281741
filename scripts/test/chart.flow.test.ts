import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { checkEnvironment } from '../../apps/companion-server/src/platform/environment.ts'
import { root } from '../root.ts'

const folder = mkdtempSync(join(tmpdir(), 'lux-chart-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const chart = join(root, 'helm-charts/kms')
const helm = join(root, '.lux/helm/helm/helm')
/** Of ours alone: nothing of a person's own Helm or cluster. */
const env = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: join(folder, 'none') }

const digest = `sha256:${'0'.repeat(64)}`
const production = {
  'image.digest': digest,
  'database.existingSecret': 'kms-database',
  'token.uri': 'pkcs11:serial=01?module-path=/opt/pkcs11/lib.so',
  'token.pinSecret': 'kms-pin',
  'token.libraryVolume.hostPath.path': '/opt/vendor',
  'tls.existingSecret': 'kms-tls',
  'kmip.enabled': 'true',
  'kmip.clientCaSecret': 'kms-kmip',
  'settings.publicUrl': 'https://kms.example',
  'settings.egressPrivateHosts[0]': 'vault.example:8200',
  'settings.otlpEndpoint': 'https://collector.example:4318',
  'database.readUrlKey': 'read-url',
  'redis.existingSecret': 'kms-redis',
  ...Object.fromEntries(
    ['5432', '6379', '4318', '8200'].map((port, at) => [`networkPolicy.egress[${at}].ports[0].port`, port]),
  ),
  'token.secondUri': 'pkcs11:serial=02',
  'token.librarySha256': '0'.repeat(64),
  'token.env[0]': 'VENDOR_CONF=/opt/pkcs11/vendor.conf',
  'token.initString': 'slots=2',
}
const rootKey = {
  'image.digest': digest,
  'database.existingSecret': 'kms-database',
  'rootKey.existingSecret': 'kms-root',
  'persistence.existingClaim': 'kms-state',
  replicas: '2',
  'tls.names[0]': 'kms.example',
}
const rehearsal = {
  domain: 'rehearsal',
  'image.tag': 'dev',
  'database.existingSecret': 'kms-database',
  'networkPolicy.enabled': 'false',
  'podDisruptionBudget.enabled': 'false',
}

type Values = Readonly<Record<string, string>>
const given = (values: Values) =>
  Object.entries(values).flatMap(([name, value]) => ['--set', `${name}=${value.replaceAll(',', '\\,')}`])

function run(program: string, args: readonly string[]) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { env, encoding: 'utf8' })
  if (error) throw error
  return { status, stdout, stderr }
}
const template = (values: Values) => run(helm, ['template', 'vault', chart, ...given(values)])

test.each([
  ['production', production],
  ['a root key', rootKey],
  ['a rehearsal', rehearsal],
])(
  'DELIVERY-CHART helm lints the chart of %s, and every object is one that Kubernetes knows',
  (name, values) => {
    expect(run(helm, ['lint', '--strict', chart, ...given(values)])).toMatchObject({ status: 0 })
    const { status, stdout, stderr } = template(values)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const file = join(folder, `${name.replaceAll(' ', '-')}.yaml`)
    const check = (text: string) => {
      writeFileSync(file, text)
      return run(join(root, '.lux/python/bin/kubernetes-validate'), ['--strict', file])
    }
    expect(check(stdout)).toMatchObject({ status: 0 })
    expect(check(stdout.replace('replicas: ', 'replica: ')).status).not.toBe(0)
  },
)

test('DELIVERY-OPERATOR every object of the operator and of the plugin is one that Kubernetes knows, and its containers have no rights', () => {
  const text = (name: string) => readFileSync(join(root, 'k8-operator', name), 'utf8')
  const check = (content: string) => {
    const file = join(folder, 'operator.yaml')
    writeFileSync(file, content)
    return run(join(root, '.lux/python/bin/kubernetes-validate'), ['--strict', file]).status
  }
  for (const name of ['crds.yaml', 'operator.yaml', 'kms-plugin.yaml'])
    expect({ name, status: check(text(name)) }).toEqual({ name, status: 0 })
  const operator = text('operator.yaml')
  expect(check(operator.replace('replicas: 1', 'replica: 1'))).not.toBe(0)
  expect(operator.match(/securityContext: (&least|\*least)/g)).toHaveLength(2)
  const rules = ['runAsNonRoot: true', 'readOnlyRootFilesystem: true', 'drop: [ALL]']
  for (const rule of [...rules, 'type: Recreate']) expect(operator).toContain(rule)
  const plugin = text('kms-plugin.yaml')
  for (const rule of [...rules, 'allowPrivilegeEscalation: false']) expect(plugin).toContain(rule)
  // No tag stands for whatever was pushed last.
  for (const manifest of [operator, plugin])
    expect(manifest.match(/lux-custody-kms[@:]\S+/g)).toEqual([
      'lux-custody-kms@sha256:THE-DIGEST-OF-YOUR-RELEASE',
    ])
})

test('DELIVERY-CHART no container has rights, a writable root or a variable that the server does not know', () => {
  const settings = readFileSync(join(root, 'apps/companion-server/src/platform/environment.ts'), 'utf8')
  const known = new Set([...settings.matchAll(/name: '([A-Z0-9_]+)'/g)].map(([, name]) => name))
  for (const values of [production, rootKey, rehearsal]) {
    const { stdout } = template(values)
    const pod = stdout.slice(stdout.indexOf('kind: StatefulSet'))
    const containers = pod.split(/^ {8}- name: (?=migrate|pin\n {10}image|init|server)/m).slice(1)
    expect(containers.length).toBe(values === production ? 4 : 3)
    for (const text of containers)
      for (const rule of [
        'allowPrivilegeEscalation: false',
        'readOnlyRootFilesystem: true',
        'runAsNonRoot: true',
        'capabilities: { drop: [ALL] }',
        'seccompProfile: { type: RuntimeDefault }',
      ])
        expect({ text, rule, held: text.includes(rule) }).toMatchObject({ held: true })
    expect(pod).toContain('automountServiceAccountToken: false')
    expect(pod).toContain('enableServiceLinks: false')
    const names = [...pod.matchAll(/- \{ name: ([A-Z0-9_]+), value/g)].map(([, name]) => name ?? '')
    expect(names).toContain('DATABASE_URL_FILE')
    expect(names.filter((name) => !known.has(name))).toEqual([])
  }
  // Each setting that has no default reaches the server by its variable, and what `init` keeps by its arguments.
  const made = template(production).stdout
  for (const line of [
    '- { name: OTEL_EXPORTER_OTLP_ENDPOINT, value: "https://collector.example:4318" }',
    '- { name: DATABASE_READ_URL_FILE, value: /run/secrets/database/read-url }',
    '- { name: REDIS_URL_FILE, value: /run/secrets/redis/url }',
    `- { name: HSM_LIBRARY_SHA256, value: "${'0'.repeat(64)}" }`,
    '- { name: HSM_SECOND_TOKEN_URI, value: "pkcs11:serial=02" }',
    '- "VENDOR_CONF=/opt/pkcs11/vendor.conf"',
    '- "slots=2"',
  ])
    expect(made).toContain(line)
  expect(made).not.toContain('TLS_NAMES')
  // What the server signs itself is for the names of its Service.
  const names =
    'vault-kms,vault-kms.default,vault-kms.default.svc,vault-kms.default.svc.cluster.local,kms.example'
  expect(template(rootKey).stdout).toContain(`- { name: TLS_NAMES, value: "${names}" }`)
  // The owner of the schema is known to the step before the start alone.
  const { stdout } = template(production)
  expect(stdout.match(/DATABASE_OWNER_URL_FILE/g)).toHaveLength(1)
})

/** What the schema lets through at its edges. */
const least = {
  'settings.drainSeconds': '0',
  'settings.workers': '1',
  'settings.rateLimitPerSecond': '1',
  'settings.publicUrl': '',
  'settings.otlpEndpoint': '',
  'kmip.port': '1024',
}
const most = {
  'settings.drainSeconds': '300',
  'settings.workers': '256',
  'settings.rateLimitPerSecond': '9999999',
}

test('DELIVERY-CHART what the chart’s schema lets through, the server lets through', () => {
  for (const values of [production, rootKey, rehearsal])
    for (const edge of [{}, least, most]) {
      const { status, stdout, stderr } = template({ ...values, ...edge })
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      const variables = [...stdout.matchAll(/- \{ name: ([A-Z0-9_]+), value: (?:"([^"]*)"|(.*?)) \}/g)]
      const environment = Object.fromEntries(
        variables.map(([, name = '', quoted, plain]) => [name, quoted ?? plain ?? '']),
      )
      expect(environment.WORKERS).toMatch(/^\d+$/)
      expect(() => checkEnvironment(environment)).not.toThrow()
      expect(() => checkEnvironment({ ...environment, WORKERS: '0' })).toThrow('WORKERS')
    }
})

const without = (values: Values, ...names: readonly string[]) =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)))

test.each<[string, Values]>([
  ['image.digest is not set', without(production, 'image.digest')],
  ['neither image.digest nor image.tag is set', without(rehearsal, 'image.tag')],
  [
    'database.existingSecret is not set: make a Secret with the keys url and owner-url',
    without(production, 'database.existingSecret'),
  ],
  ['neither token.uri nor rootKey.existingSecret is set', without(production, 'token.uri')],
  ['token.uri and rootKey.existingSecret are both set', { ...production, ...rootKey }],
  ['token.pinSecret is not set: make a Secret with the key pin', without(production, 'token.pinSecret')],
  ['token.libraryVolume is not set', without(production, 'token.libraryVolume.hostPath.path')],
  ['token.secondUri is set and token.uri is not', { ...rootKey, 'token.secondUri': 'pkcs11:serial=02' }],
  ['token.env is set and token.uri is not', { ...rootKey, 'token.env[0]': 'A=b' }],
  ['tls.names and tls.existingSecret are both set', { ...production, 'tls.names[0]': 'kms.example' }],
  ['kmip.clientCaSecret is set and kmip.enabled is not', without(production, 'kmip.enabled')],
  ...(
    [
      ['redis.existingSecret', 'kms-redis'],
      ['settings.otlpEndpoint', 'https://collector.example:4318'],
      ['settings.egressPrivateHosts[0]', 'vault.example:8200'],
    ] as const
  ).map(([name, value]): [string, Values] => [
    `${name.replace('[0]', '')} is set and networkPolicy.egress lets the server reach DNS and port 5432 alone`,
    { ...rootKey, [name]: value },
  ]),
  [
    'service.type is LoadBalancer and networkPolicy.clients is empty',
    { ...rootKey, 'service.type': 'LoadBalancer' },
  ],
  ["at '/image/digest'", { ...production, 'image.digest': 'latest' }],
  ["at '/domain'", { ...production, domain: 'test' }],
  ["at '/service/port'", { ...production, 'service.port': '70000' }],
  ["at '/token/env/0'", { ...production, 'token.env[0]': 'VENDOR_CONF' }],
  ["at '/settings/otlpEndpoint'", { ...production, 'settings.otlpEndpoint': 'collector' }],
  ["at '/settings/logLevel'", { ...production, 'settings.logLevel': 'loud' }],
  ["additional properties 'autoscaling' not allowed", { ...production, autoscaling: 'true' }],
  ['replicas is more than 1 and persistence.existingClaim is not set', { ...production, replicas: '2' }],
  [
    'replicas is more than 1 and the root is in a soft token',
    { ...rehearsal, replicas: '2', 'persistence.existingClaim': 'shared' },
  ],
])('DELIVERY-CHART wrong values make nothing: %s', (message, values) => {
  const { status, stdout, stderr } = template(values)
  expect(status).not.toBe(0)
  expect(stdout).toBe('')
  expect(stderr).toContain(message)
})

test('DELIVERY-CHART a Secret that the cluster lacks, or that lacks a key, and a state folder that would have to move, are named before anything is made', async () => {
  const data = { 'kms-database': { url: 'eA==', 'owner-url': 'eA==' }, 'kms-root': {} }
  const asked: string[] = []
  // As much of a Kubernetes API as Helm asks of it before it makes something.
  const api = createServer((request, reply) => {
    const [path = ''] = (request.url ?? '').split('?')
    asked.push(`${request.method} ${path}`)
    const found = answerOf(path)
    reply.statusCode = found === null ? 404 : 200
    reply.setHeader('Content-Type', 'application/json')
    const absent = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 }
    reply.end(JSON.stringify(found ?? absent))
  })
  const secrets: Record<string, object> = {}
  let running: object | null = null
  function answerOf(path: string): object | null {
    if (path === '/version') return { major: '1', minor: '35', gitVersion: 'v1.35.0' }
    if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] }
    const version = { groupVersion: 'apps/v1', version: 'v1' }
    if (path === '/apis')
      return {
        kind: 'APIGroupList',
        apiVersion: 'v1',
        groups: [{ name: 'apps', versions: [version], preferredVersion: version }],
      }
    const resource = (name: string, kind: string, namespaced: boolean) => ({
      name,
      kind,
      namespaced,
      singularName: '',
      verbs: ['get', 'list'],
    })
    if (path === '/api/v1')
      return {
        kind: 'APIResourceList',
        groupVersion: 'v1',
        resources: [resource('namespaces', 'Namespace', false), resource('secrets', 'Secret', true)],
      }
    if (path === '/apis/apps/v1')
      return {
        kind: 'APIResourceList',
        groupVersion: 'apps/v1',
        resources: [resource('statefulsets', 'StatefulSet', true)],
      }
    if (path === '/apis/apps/v1/namespaces/vault/statefulsets/vault-kms') return running
    const named = (kind: string, name: string) => ({ apiVersion: 'v1', kind, metadata: { name } })
    if (path === '/api/v1/namespaces/vault') return named('Namespace', 'vault')
    const name = path.split('/api/v1/namespaces/vault/secrets/')[1] ?? ''
    return secrets[name] === undefined ? null : { ...named('Secret', name), data: secrets[name] }
  }
  await new Promise<void>((listening) => api.listen(0, '127.0.0.1', listening))
  // A server that listens on TCP has such an address.
  const { port } = api.address() as AddressInfo
  const kubeconfig = join(folder, 'kubeconfig')
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      users: [{ name: 'u', user: {} }],
    }),
  )
  const dryRun = (values: Values = rootKey, ...more: readonly string[]) =>
    new Promise<{ status: number | null; stderr: string }>((ended) => {
      const server = ['--namespace', 'vault', '--dry-run=server']
      const args = ['template', 'vault', chart, ...server, ...more, ...given(values)]
      const child = spawn(helm, args, { env: { ...env, KUBECONFIG: kubeconfig } })
      let stderr = ''
      child.stderr.on('data', (piece) => (stderr += piece))
      child.stdout.resume()
      child.on('close', (status) => ended({ status, stderr }))
    })
  try {
    expect(await dryRun()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(
        'database.existingSecret: there is no Secret kms-database in namespace vault: make it with the keys url, owner-url',
      ),
    })
    Object.assign(secrets, data)
    expect((await dryRun()).stderr).toContain(
      'rootKey.existingSecret: the Secret kms-root in namespace vault has no key root-key',
    )
    secrets['kms-root'] = { 'root-key': 'eA==' }
    // It goes on to what this API does not have.
    const { stderr } = await dryRun()
    expect(stderr).toContain('openapi')
    expect(stderr).not.toContain('existingSecret')

    // An upgrade cannot move the state folder by itself.
    const upgrade = async (values: Values, volumeClaimTemplates: readonly object[] | undefined) => {
      running = {
        ...{
          apiVersion: 'apps/v1',
          kind: 'StatefulSet',
          metadata: { name: 'vault-kms', namespace: 'vault' },
        },
        spec: { volumeClaimTemplates },
      }
      return (await dryRun(values, '--is-upgrade')).stderr
    }
    const own = [{ metadata: { name: 'state' } }]
    const alone = { ...without(rootKey, 'persistence.existingClaim'), replicas: '1' }
    expect(await upgrade(rootKey, own)).toContain(
      'keeps its state in the claim state-vault-kms-0: scale it to 0, copy that volume into kms-state',
    )
    expect(await upgrade(alone, undefined)).toContain(
      'persistence.existingClaim is not set and the StatefulSet vault-kms keeps its state in a claim that was named',
    )
    for (const said of [await upgrade(rootKey, undefined), await upgrade(alone, own)]) {
      expect(said).toContain('openapi')
      expect(said).not.toContain('persistence')
    }
    expect(asked.filter((call) => !call.startsWith('GET '))).toEqual([])
  } finally {
    api.closeAllConnections()
    api.close()
  }
})
