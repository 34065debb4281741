import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { HsmError, type KeyPath, rootTemplate, type Token, type WindowDestination } from '../../src/index.ts'
import { newId, refusal, soPin, userPin } from '../soft-token-bench.ts'
import { type FaultBench, startFaultBench } from './fault-bench.ts'

async function detailOf(made: Promise<unknown>): Promise<string> {
  const error = await made.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  return error instanceof HsmError ? `${error.code} ${error.detail}` : String(error)
}

describe('a token that gives or takes less than it says', () => {
  let bench: FaultBench
  let token: Token
  let server: Token
  let destinations: WindowDestination[]
  let root: KeyPath
  let wrapped: Uint8Array
  beforeAll(async () => {
    bench = await startFaultBench()
    token = await bench.loggedIn('source')
    server = await bench.loggedIn('server')
    const id = newId()
    const { spki } = await server.createTransportPair({ id, label: 'server' })
    destinations = [{ id, label: 'server', spki }]
    await token.logOut()
    await token.logIn({ user: 'so', pin: soPin() })
    await token.importTrustedDestinations({ destinations })
    await token.logOut()
    await token.logIn({ user: 'user', pin: userPin() })
    await token.chooseWrapMechanism()
    root = { id: newId() }
    await token.generateAes({ id: root.id, label: 'kek', bits: 256, template: rootTemplate })
    ;({ wrapped } = await token.generateWrapped({ parent: root, algorithm: 'aes-256' }))
  }, 60_000)
  afterEach(() => bench.plan())
  afterAll(() => bench.close())

  const secrets = async (of: Token) =>
    (await of.inventory()).objects.filter((one) => one.class === 'secret').map(({ id }) => id)

  it('HSM-DEVICE-ERROR a blob that was cut off opens no window, before the root can no longer be wrapped', async () => {
    const before = await secrets(token)
    bench.next('C_WrapKey', 'truncate')
    const open = { ckaId: newId(), label: 'root', destinations }
    expect(await detailOf(token.openTrustedWindow(open))).toBe(
      'HSM-DEVICE-ERROR the blob for server has 192 bytes',
    )
    bench.plan()
    expect(await refusal(token.commitTrustedWindow())).toBe('HSM-WINDOW-LOST')
    expect(await secrets(token)).toEqual(before)
  })

  // SoftHSM tells no length of a key that came in wrapped: it says 0, and here 1.
  const misread = 'C_GetAttributeValue@*=misread:VALUE_LEN'

  it('HSM-ATTRIBUTE-MISMATCH a key that came in shorter than it should is destroyed, wherever one comes in', async () => {
    const before = await secrets(token)
    const short = 'VALUE_LEN is 1, expected 32; the key was destroyed'
    bench.plan(misread)
    const unwrap = () => token.unwrap({ kek: root, wrapped, id: newId(), label: 'org', bits: 256 })
    expect(await detailOf(unwrap())).toBe(`HSM-ATTRIBUTE-MISMATCH unwrapping a key: ${short}`)
    const chain = { ...root, chain: [{ wrapped, bits: 256 as const }] }
    const challenge = new Uint8Array(32)
    expect(await detailOf(token.possessionDigest({ kek: chain, challenge }))).toBe(
      `HSM-ATTRIBUTE-MISMATCH unwrapping key 1 of the chain: ${short}`,
    )
    bench.plan()
    const ckaId = newId()
    const { blobs } = await token.openTrustedWindow({ ckaId, label: 'root', destinations })
    await token.abandonTrustedWindow()
    bench.plan(misread)
    const [blob] = blobs
    const arriving = { transportId: destinations[0]!.id, ckaId, label: 'root', wrapped: blob!.wrapped }
    expect(await detailOf(server.unwrapRoot(arriving))).toBe(
      `HSM-ATTRIBUTE-MISMATCH unwrapping the root: ${short}`,
    )
    bench.plan()
    expect(await secrets(server)).toEqual([])
    expect(await secrets(token)).toEqual(before)
  })

  it('HSM-DEVICE-ERROR destroying is proved by looking again: a token that only says so is not believed', async () => {
    const ref = { id: newId(), class: 'secret' } as const
    await token.generateAes({ id: ref.id, label: 'doomed', bits: 256, template: rootTemplate })
    bench.next('C_DestroyObject', 'CKR_OK')
    expect(await detailOf(token.destroy(ref))).toBe(
      `HSM-DEVICE-ERROR a secret key ${ref.id} is still there after destroying it`,
    )
    expect(await secrets(token)).toContain(ref.id)
    expect(await token.destroy(ref)).toEqual({ destroyed: 1, absent: true })
    expect(await secrets(token)).not.toContain(ref.id)
  })
})
