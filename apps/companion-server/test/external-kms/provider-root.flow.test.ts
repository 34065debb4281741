import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { equalBytes, utf8 } from '@lux/crypto'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { initServer } from '../../src/commands/init.ts'
import { rootLine } from '../../src/commands/start.ts'
import { makeProviderRoot, openRoot, providerRootSetting } from '../../src/external-kms/provider-root.ts'
import { makeStateFolder, stateFolder } from '../../src/platform/state-folder/folder.ts'
import type { Settings } from '../../src/platform/state-folder/settings.ts'
import { openServer } from '../../src/server.ts'
import { given } from '../support/kms-under-test.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { gcpName, startAzure, startGcp } from './support/cloud-doubles.ts'
import {
  atMoto,
  atPeer,
  awsCredentials,
  awsRegion,
  baoToken,
  type Peer,
  startMoto,
  startOpenBao,
} from './support/peers.ts'

let bao: Peer
beforeAll(async () => {
  bao = await startOpenBao()
  vi.stubEnv('EGRESS_PRIVATE_HOSTS', bao.host)
  await atPeer(bao, 'POST', 'sys/mounts/transit', { type: 'transit' })
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await bao?.stop()
})

const everywhere = { organisation: null, project: null }
const callAs = (...grants: readonly object[]) =>
  ({ caller: { identity: 'test', grants }, door: 'direct', reqId: 'test', receipt: null }) as never

test('ROOT-PROVIDER a provider seals the root key: without it the server runs sealed, and goes on by itself once the key is there', async () => {
  const folder = await temporaryFolder()
  const file = join(folder, 'provider.json')
  const state = stateFolder(join(folder, 'state'))
  const settings = { address: bao.url, key: 'root' }
  const configure = (token: string) =>
    writeFile(file, JSON.stringify({ provider: 'vault', settings, credentials: { token } }), { mode: 0o600 })
  const init = () => initServer({ state, domain: 'rehearsal', token: { provider: file }, pinFile: null })
  await configure(baoToken)
  // A key that is not there is not made.
  await expect(init()).rejects.toMatchObject({ code: 'PROVIDER-KEY-ABSENT' })
  await atPeer(bao, 'POST', 'transit/keys/root', { type: 'aes256-gcm96' })
  await chmod(file, 0o644)
  await expect(init()).rejects.toMatchObject({ code: 'FILE-NOT-PRIVATE' })
  await chmod(file, 0o600)
  given(await init())
  expect(await readFile(state.sealedRoot, 'utf8')).toContain('sealed')

  const first = await openServer(state, false)
  const admin = callAs({ role: 'server-admin', ...everywhere }, { role: 'organisation-admin', ...everywhere })
  const { organisations, keys } = first.services
  const organisation = given(await organisations.createOrganisation(admin, { name: 'Here' })).id
  const project = given(await organisations.createProject(admin, { organisation, name: 'P' })).id
  const place = { organisation, project }
  const user = callAs({ role: 'service', ...place }, { role: 'crypto-officer', ...place })
  const key = given(await keys.create(user, { project, name: 'first' }))
  const plaintext = new Uint8Array([1, 2, 3])
  const ciphertext = given(await keys.encrypt(user, { id: key.id, plaintext }))
  const health = await first.app.inject({ method: 'GET', url: '/health' })
  expect(health.json()).toEqual({ status: 'ok', root: 'provider' })
  expect(rootLine('provider')[0]).toContain('sealed by a KMS')
  await first.app.close()

  await configure('revoked')
  const second = await openServer(state, false)
  const readiness = () => second.app.inject({ method: 'GET', url: '/readiness' })
  expect(await readiness()).toMatchObject({ statusCode: 503 })
  expect((await readiness()).json().code).toBe('PROVIDER-DENIED')
  await configure(baoToken)
  await expect.poll(async () => (await readiness()).statusCode).toBe(200)
  const opened = given(await second.services.keys.decrypt(user, { id: key.id, ciphertext }))
  expect(Buffer.from(opened)).toEqual(Buffer.from(plaintext))
  await second.app.close()

  // A provider that gives another root than it sealed.
  const other = await atPeer(bao, 'POST', 'transit/encrypt/root', {
    plaintext: Buffer.alloc(32, 9).toString('base64'),
    associated_data: await contextOf(state.settings),
  })
  const sealed = Buffer.from(other.data.ciphertext).toString('base64')
  await writeFile(state.sealedRoot, JSON.stringify({ sealed, v: 1 }), { mode: 0o600 })
  const third = await openServer(state, false)
  expect(third.services.token.sealed?.code).toBe('PROVIDER-ANSWER')
  await third.app.close()
})

/** One key at each, how it goes and comes back, and what the server then says. */
const others = {
  async aws() {
    const moto = await startMoto()
    onTestFinished(() => moto.stop())
    const keyId = (await atMoto(moto, 'CreateKey', { KeyUsage: 'ENCRYPT_DECRYPT' })).KeyMetadata?.KeyId ?? ''
    return {
      host: moto.host,
      credentials: awsCredentials,
      settings: { region: awsRegion, keyId, endpoint: moto.url },
      // moto decrypts under a disabled key too, which Amazon does not: here the provider itself is not called.
      away: 'PROVIDER-ADDRESS',
      turn: async (on: boolean) =>
        vi.stubEnv('EGRESS_PRIVATE_HOSTS', on ? `${bao.host},${moto.host}` : bao.host),
    }
  },
  async gcp() {
    const gcp = await startGcp()
    onTestFinished(() => gcp.close())
    return {
      host: gcp.host,
      credentials: gcp.credentials,
      settings: { key: gcpName, endpoint: gcp.url },
      away: 'PROVIDER-KEY-DISABLED',
      turn: async (on: boolean) => Object.assign(gcp.state, { version: on ? 'ENABLED' : 'DISABLED' }),
    }
  },
  async azure() {
    const azure = await startAzure()
    onTestFinished(() => azure.close())
    return {
      host: azure.host,
      credentials: azure.credentials,
      settings: { vault: azure.url, authority: azure.url, key: 'k', tenantId: 'tenant' },
      away: 'PROVIDER-KEY-DISABLED',
      turn: async (on: boolean) => Object.assign(azure.state, { enabled: on }),
    }
  },
}

test.each(['aws', 'gcp', 'azure'] as const)(
  'ROOT-PROVIDER %s seals the root key too: the same one is unsealed, and none while its key there or the provider is away',
  async (provider) => {
    const { host, settings, credentials, away, turn } = await others[provider]()
    vi.stubEnv('EGRESS_PRIVATE_HOSTS', `${bao.host},${host}`)
    const folder = await temporaryFolder()
    const file = join(folder, 'provider.json')
    await writeFile(file, JSON.stringify({ provider, settings, credentials }), { mode: 0o600 })
    const state = stateFolder(join(folder, 'state'))
    await makeStateFolder(state)
    const serial = await makeProviderRoot(file, state)
    const server: Settings = {
      v: 1,
      domain: 'rehearsal',
      deployment: '00',
      node: '00',
      pinFile: null,
      keys: { receipt: 'aa', requester: 'bb', rows: 'cc' },
      token: { library: providerRootSetting, environment: { [providerRootSetting]: file }, serial },
    }
    const opened = async () => {
      const token = await openRoot(server, state)
      onTestFinished(() => token.close())
      return token
    }
    const macOf = ({ use }: Awaited<ReturnType<typeof opened>>) =>
      use((device) => device.hmac({ key: { id: 'cc', class: 'secret' }, message: utf8('one root') }))
    const first = await opened()
    expect(first.sealed).toBe(null)
    await turn(false)
    const second = await opened()
    expect(second.sealed?.code).toBe(away)
    await expect(macOf(second)).rejects.toMatchObject({ code: away })
    // What runs goes on.
    const mac = await macOf(first)
    await turn(true)
    expect(await second.unseal()).toBe(null)
    expect(equalBytes(await macOf(second), mac)).toBe(true)
  },
)

async function contextOf(settings: string): Promise<string> {
  const { token } = JSON.parse(await readFile(settings, 'utf8'))
  return Buffer.from(`root ${token.serial}`).toString('base64')
}
