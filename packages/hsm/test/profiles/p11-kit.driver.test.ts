import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Hsm, signingTemplate, softTokenEnvironment, startHsm, type Token } from '../../src/index.ts'
import { newId, soPin, userPin } from '../soft-token-bench.ts'
import { privateFolder, removeFolder, requireFiles, startDaemon, untilReady } from './real-token.ts'

const folders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib']
const place = (name: string) =>
  folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? name
const proxy = place('p11-kit-proxy.so')
const client = place('pkcs11/p11-kit-client.so')

/** p11-kit gives whoever asks for its function list an instance of its own, and only one of them is ever started. */
describe('p11-kit in front of a soft token', () => {
  let folder: string
  let environment: Readonly<Record<string, string>>
  let serial: string
  beforeAll(async () => {
    requireFiles([proxy, client, '/usr/bin/p11-kit'], 'p11-kit p11-kit-modules')
    folder = privateFolder('p11-kit')
    const soft = softTokenEnvironment(folder)
    environment = soft.environment
    Object.assign(process.env, environment)
    const hsm = await startHsm({ library: soft.library, environment })
    const made = await hsm.token('new').initialise({ label: 'behind', soPin: soPin(), userPin: userPin() })
    ;({ serial } = made)
    await hsm.close()
  })
  afterAll(() => {
    for (const name of [...Object.keys(environment), 'P11_KIT_SERVER_ADDRESS']) delete process.env[name]
    removeFolder(folder)
  })

  async function officersKey(token: Token): Promise<void> {
    const id = newId()
    const made = await token.generateKeyPair({
      id,
      label: 'officer',
      kind: 'p-384',
      template: signingTemplate,
    })
    const digest = new Uint8Array(48).fill(7)
    expect(await token.signEcdsa({ key: made.privateKey, digest })).toHaveLength(96)
    expect(made.attributes.every(({ ok }) => ok)).toBe(true)
    await token.destroy(made.privateKey)
    await token.destroy(made.publicKey)
  }

  it('the proxy logs in, passes the probe and holds an officer’s key', async () => {
    const hsm = await startHsm({ library: proxy })
    try {
      const token = hsm.token(serial)
      await token.logIn({ user: 'user', pin: userPin() })
      expect(await token.probe()).toMatchObject({ passed: true, profile: 'softhsm' })
      await officersKey(token)
    } finally {
      await hsm.close()
    }
  })

  describe('its RPC client', () => {
    let server: ReturnType<typeof startDaemon>
    let hsm: Hsm
    let token: Token
    beforeAll(async () => {
      const socket = join(folder, 'socket')
      const soft = softTokenEnvironment(folder)
      server = startDaemon(
        'p11-kit',
        ['server', '--foreground', '--provider', soft.library, '--name', socket, 'pkcs11:'],
        { ...environment },
      )
      await untilReady(server, () => existsSync(socket))
      process.env.P11_KIT_SERVER_ADDRESS = `unix:path=${socket}`
      hsm = await startHsm({ library: client })
      token = hsm.token(serial)
    })
    afterAll(async () => {
      await hsm?.close()
      server?.stop()
    })

    it('logs in, is no root with the reason, and holds an officer’s key', async () => {
      await token.logIn({ user: 'user', pin: userPin() })
      const { passed, lacking, knownAnswers } = await token.probe()
      expect({ passed, lacking: lacking[0], chosen: knownAnswers.chosen }).toEqual({
        passed: false,
        lacking: 'a wrap mechanism with a known answer',
        chosen: null,
      })
      // Later versions pass AES-CBC with padding, which has no integrity.
      const wraps = knownAnswers.tried.filter(({ name }) => name !== 'CKM_AES_CBC_PAD')
      expect(wraps.map(({ result }) => result)).toEqual(wraps.map(() => 'refused: CKR_MECHANISM_INVALID'))
      await officersKey(token)
    })
  })
})
