import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { initServer } from '../../src/commands/init.ts'
import { rootLine } from '../../src/commands/start.ts'
import { stateFolder } from '../../src/platform/state-folder/folder.ts'
import { openServer } from '../../src/server.ts'
import { given } from '../support/kms-under-test.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { atPeer, baoToken, type Peer, startOpenBao } from './support/peers.ts'

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
  const organisation = given(await organisations.createOrganisation(admin, 'Here')).id
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

async function contextOf(settings: string): Promise<string> {
  const { token } = JSON.parse(await readFile(settings, 'utf8'))
  return Buffer.from(`root ${token.serial}`).toString('base64')
}
