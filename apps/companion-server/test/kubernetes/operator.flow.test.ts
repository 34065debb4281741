import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { clientOf } from '../../src/commands/kubernetes.ts'
import { startServer } from '../../src/commands/start.ts'
import { type Cluster, ClusterRefusal } from '../../src/kubernetes/cluster.ts'
import type { CustodyResource, SecretStore } from '../../src/kubernetes/custom-resources.ts'
import { openOperator } from '../../src/kubernetes/operator.ts'
import type { ServerClient } from '../../src/kubernetes/server-client.ts'
import { createIdentity } from '../support/create-identity.ts'
import { given } from '../support/kms-under-test.ts'
import { makeServerState } from '../support/server-under-test.ts'
import { makeFolder } from '../support/temporary-folder.ts'

type Written = Parameters<SecretStore['write']>[3] & { readonly owner: string; readonly revision: number }

/** What the operator sees of a cluster, without one: the nightly run has a real API server. */
class Resources implements Cluster {
  readonly all: CustodyResource<object>[] = []
  readonly written = new Map<string, Written>()
  /** Refuses the next write of a Secret. */
  refuses = false

  add(kind: CustodyResource<object>['kind'], name: string, spec: object): string {
    const uid = `uid-${name}`
    const metadata = { name, namespace: 'billing', uid, generation: 1, resourceVersion: '1' }
    this.all.push({ kind, metadata, spec })
    return uid
  }
  change(uid: string, spec: object | null): void {
    this.replace(uid, (one) => ({
      ...one,
      ...(spec === null ? {} : { spec: { ...one.spec, ...spec } }),
      metadata: {
        ...one.metadata,
        generation: one.metadata.generation + 1,
        ...(spec === null ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
      },
    }))
  }
  get(uid: string): CustodyResource<object> | undefined {
    return this.all.find(({ metadata }) => metadata.uid === uid)
  }
  replace(uid: string, how: (one: CustodyResource<object>) => CustodyResource<object>): void {
    const at = this.all.findIndex(({ metadata }) => metadata.uid === uid)
    const one = this.all[at]
    if (one === undefined) throw new ClusterRefusal(404, 'NotFound')
    this.all[at] = how(one)
  }

  secrets: SecretStore = {
    read: async (namespace, name) => {
      const found = this.written.get(`${namespace}/${name}`)
      return found === undefined ? null : { ...found, resourceVersion: String(found.revision) }
    },
    write: async (resource, name, before, secret) => {
      if (this.refuses) throw new ClusterRefusal(403, 'Forbidden')
      const revision = Number(before?.resourceVersion ?? 0) + 1
      const owner = resource.metadata.uid
      this.written.set(`${resource.metadata.namespace}/${name}`, { ...secret, owner, revision })
    },
  }
  async list(kind: CustodyResource<object>['kind']) {
    return this.all.filter((one) => one.kind === kind)
  }
  async finalizers({ metadata }: CustodyResource<unknown>, finalizers: readonly string[]) {
    this.replace(metadata.uid, (one) => ({ ...one, metadata: { ...one.metadata, finalizers } }))
    const gone = metadata.deletionTimestamp !== undefined && finalizers.length === 0
    if (gone)
      this.all.splice(
        this.all.findIndex((one) => one.metadata.uid === metadata.uid),
        1,
      )
  }
  async status({ metadata }: CustodyResource<unknown>, status: object) {
    this.replace(metadata.uid, (one) => ({ ...one, status: { ...one.status, ...status } }))
  }
  close = () => undefined

  ready(uid: string): object {
    const { status } = this.get(uid) as {
      status: { conditions: readonly { status: string; reason: string }[] }
    }
    const [first] = status.conditions
    return { status: first?.status, reason: first?.reason }
  }
}

let folder: string
let server: Awaited<ReturnType<typeof startServer>>
let client: ServerClient
let place: { organisationId: string; projectId: string }

beforeAll(async () => {
  vi.stubEnv('LOG_LEVEL', 'error')
  folder = await makeFolder()
  const state = await makeServerState(folder, 'rehearsal')
  server = await startServer(state, { host: '127.0.0.1', port: 0 })
  const { organisations, database } = server.services
  const as = (role: 'server-admin' | 'organisation-admin', organisation: string | null) => ({
    ...({ door: 'direct', reqId: 'test', receipt: null } as const),
    caller: { identity: 'admin', grants: [{ role, organisation, project: null }] },
  })
  const organisation = given(
    await organisations.createOrganisation(as('server-admin', null), { name: 'Platform' }),
  ).id
  const project = given(
    await organisations.createProject(as('organisation-admin', organisation), {
      organisation,
      name: 'Billing',
    }),
  ).id
  place = { organisationId: organisation, projectId: project }
  const made = await createIdentity(database, {
    name: 'operator',
    grants: [
      { role: 'crypto-officer', organisation, project: null },
      { role: 'organisation-admin', organisation, project: null },
    ],
  })
  const credentials = join(folder, 'credentials.json')
  const { clientId, clientSecret } = made
  await writeFile(credentials, JSON.stringify({ clientId, clientSecret }), { mode: 0o600 })
  client = await clientOf({ server: server.address, credentials, ca: join(state.root, 'ca.pem') })
})
afterAll(async () => {
  client.close()
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

let cluster: Resources
let time: number
let look: () => Promise<void>
const lines: string[] = []
beforeEach(() => {
  cluster = new Resources()
  time = Date.now()
  lines.length = 0
  ;({ look } = openOperator({ cluster, client, now: () => time, said: (line) => lines.push(line) }))
})

const keyOf = async (uid: string): Promise<unknown> => {
  const { keyId } = (cluster.get(uid) as { status: { keyId: string } }).status
  return client.get(`/api/v1/kms/keys/${keyId}`)
}
const logIn = async (data: Readonly<Record<string, string>>) =>
  client
    .post('/api/v1/auth/universal-auth/login', JSON.parse(data['credentials.json'] ?? ''))
    .then(() => true)
    .catch(() => false)

test('OPERATOR-KEY a key is made as its resource says, follows its changes, is put back when it drifts, and goes as its resource says', async () => {
  const uid = cluster.add('CustodyKey', 'invoices', { ...place, rotateEveryDays: 90, onDeletion: 'Disable' })
  await look()
  expect(cluster.ready(uid)).toEqual({ status: 'True', reason: 'Enabled' })
  const { keyId } = (cluster.get(uid) as unknown as { status: { keyId: string } }).status
  expect(await keyOf(uid)).toMatchObject({ key: { name: 'invoices', rotateEveryDays: 90, version: 1 } })

  cluster.change(uid, { rotateEveryDays: 30, isDisabled: true })
  await look()
  expect(cluster.ready(uid)).toEqual({ status: 'False', reason: 'Disabled' })
  expect(await keyOf(uid)).toMatchObject({ key: { id: keyId, rotateEveryDays: 30, isDisabled: true } })

  // Somebody enables it by hand: seen at the next comparison, and not before.
  await client.patch(`/api/v1/kms/keys/${keyId}`, { isDisabled: false })
  await look()
  expect(await keyOf(uid)).toMatchObject({ key: { isDisabled: false } })
  time += 61_000
  await look()
  expect(await keyOf(uid)).toMatchObject({ key: { isDisabled: true } })

  cluster.change(uid, { isDisabled: false })
  cluster.change(uid, null)
  await look()
  expect(cluster.get(uid)).toBeUndefined()
  expect(await client.get(`/api/v1/kms/keys/${keyId}`)).toMatchObject({ key: { isDisabled: true } })
})

test('OPERATOR-KEY a key that another made is neither taken nor touched, a refusal is told by its code and tried again later', async () => {
  const { projectId } = place
  await client.post('/api/v1/kms/keys', { projectId, name: 'others', description: 'of a person' })
  const uid = cluster.add('CustodyKey', 'others', { ...place, onDeletion: 'ScheduleDeletion' })
  const wrong = cluster.add('CustodyKey', 'wrong', { ...place, algorithm: 'rot-13' })
  await look()
  expect(cluster.ready(uid)).toEqual({ status: 'False', reason: 'KeyOfAnother' })
  expect(cluster.ready(wrong)).toMatchObject({ status: 'False' })
  expect(lines).toHaveLength(4)
  await look()
  expect(lines).toHaveLength(4)
  time += 5_001
  await look()
  expect(lines).toHaveLength(6)
  expect(await client.get(`/api/v1/kms/keys/key-name/others?projectId=${projectId}`)).toMatchObject({
    key: { description: 'of a person', isDisabled: false },
  })
})

test('OPERATOR-POLICY credentials stand in the Secret, serve until new ones do, and end with the resource', async () => {
  const uid = cluster.add('CustodyPolicy', 'writer', {
    ...place,
    secretName: 'kms',
    conditions: { keyNames: ['invoices'] },
  })
  await look()
  expect(cluster.ready(uid)).toEqual({ status: 'True', reason: 'Granted' })
  const first = cluster.written.get('billing/kms')
  expect(await logIn(first?.data ?? {})).toBe(true)
  expect(JSON.stringify([cluster.all, lines])).not.toContain(first?.data.clientSecret)

  // What was made before a crash, and stands in no Secret, is revoked at the next try.
  cluster.change(uid, { conditions: { keyNames: ['receipts'] } })
  cluster.refuses = true
  await look()
  expect(cluster.ready(uid)).toEqual({ status: 'False', reason: 'ClusterRefused' })
  expect(await logIn(first?.data ?? {})).toBe(true)
  cluster.refuses = false
  time += 5_001
  await look()
  const second = cluster.written.get('billing/kms')
  expect([await logIn(first?.data ?? {}), await logIn(second?.data ?? {})]).toEqual([false, true])
  const { identities } = (await client.get('/api/v1/identities?limit=100')) as {
    identities: readonly { name: string; revokedAt: string | null; grants: readonly object[] }[]
  }
  const own = identities.filter(({ name }) => name === `k8s:${uid}`)
  expect(own).toHaveLength(3)
  expect(own.filter(({ revokedAt }) => revokedAt === null)).toMatchObject([
    { grants: [{ role: 'service', conditions: { keyNames: ['receipts'] } }] },
  ])

  cluster.change(uid, null)
  await look()
  expect(await logIn(second?.data ?? {})).toBe(false)
})

test('OPERATOR-POLICY a Secret that is there and another’s is not written over', async () => {
  cluster.written.set('billing/taken', { owner: 'uid-else', revision: 1, annotations: {}, data: {} })
  const uid = cluster.add('CustodyPolicy', 'thief', { ...place, secretName: 'taken' })
  await look()
  expect(cluster.ready(uid)).toEqual({ status: 'False', reason: 'SecretOfAnother' })
  expect(cluster.written.get('billing/taken')?.data).toEqual({})
})
