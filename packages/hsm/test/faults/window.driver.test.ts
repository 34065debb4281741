import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Token, WindowDestination } from '../../src/index.ts'
import { newId, refusal, soPin, userPin } from '../soft-token-bench.ts'
import { type FaultBench, startFaultBench } from './fault-bench.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

describe('a trusted window on a token that does not destroy what it is asked to', () => {
  let bench: FaultBench
  let token: Token
  let destinations: WindowDestination[]
  beforeAll(async () => {
    bench = await startFaultBench()
    token = await bench.loggedIn('source')
    const server = await bench.loggedIn('server')
    const id = newId()
    const { spki } = await server.createTransportPair({ id, label: 'server' })
    destinations = [{ id, label: 'server', spki }]
    await token.logOut()
    await token.logIn({ user: 'so', pin: soPin() })
    await token.importTrustedDestinations({ destinations })
    await token.logOut()
    await token.logIn({ user: 'user', pin: userPin() })
    await token.chooseWrapMechanism()
  })
  beforeEach(() => bench.plan())
  afterAll(() => bench.close())

  const secrets = async () =>
    (await token.inventory()).objects.filter((one) => one.class === 'secret').map(({ id }) => id)
  const opened = async () => {
    const ckaId = newId()
    await token.openTrustedWindow({ ckaId, label: 'root', sameLabel: true, destinations })
    return ckaId
  }
  /** Those of the calls that follow, by their number. */
  const failing = (...calls: readonly number[]) =>
    bench.plan(
      ...calls.map((call) => `C_DestroyObject@${bench.count('C_DestroyObject') + call}=CKR_FUNCTION_FAILED`),
    )

  // A commit destroys the open root, then the closed one of the session.
  it.each([[[1]], [[2]], [[1, 2]], [[1, 2, 3, 4]]])(
    'leaves no key of the session once a commit, whose destroying failed at %j, is abandoned',
    async (calls) => {
      const before = await secrets()
      await opened()
      failing(...calls)
      expect(await refusal(token.commitTrustedWindow())).toBe('HSM-DEVICE-ERROR')
      bench.plan()
      await token.abandonTrustedWindow()
      expect(await secrets()).toEqual(before)
      expect(await refusal(token.commitTrustedWindow())).toBe('HSM-WINDOW-LOST')
    },
  )

  it.each([[[1]], [[1, 2]], [[1, 2, 3, 4]]])(
    'makes one root, and leaves nothing else, where a commit whose destroying failed at %j is repeated',
    async (calls) => {
      const before = await secrets()
      const ckaId = await opened()
      failing(...calls)
      expect(await refusal(token.commitTrustedWindow())).toBe('HSM-DEVICE-ERROR')
      bench.plan()
      expect((await token.commitTrustedWindow()).ref.id).toBe(ckaId)
      expect(await secrets()).toEqual([...before, ckaId])
      expect(await refusal(token.commitTrustedWindow())).toBe('HSM-WINDOW-LOST')
      await token.destroy({ id: ckaId, class: 'secret' })
    },
  )

  it('closes the open root itself where the token lets no copy differ in EXTRACTABLE, and leaves one root, closed', async () => {
    const before = await secrets()
    const ckaId = await opened()
    bench.next('C_CopyObject', 'CKR_ATTRIBUTE_READ_ONLY')
    const { attributes } = await token.commitTrustedWindow()
    bench.plan()
    const read = (name: string) => attributes.find(({ attribute }) => attribute === name)
    expect(read('EXTRACTABLE')).toMatchObject({ actual: 'false', ok: true })
    expect(await secrets()).toEqual([...before, ckaId])
    expect(await refusal(token.commitTrustedWindow())).toBe('HSM-WINDOW-LOST')
    await token.destroy({ id: ckaId, class: 'secret' })
  })

  it('keeps no root where neither a copy nor the open root itself can be closed', async () => {
    const before = await secrets()
    await opened()
    bench.plan(
      `C_CopyObject@${bench.count('C_CopyObject') + 1}=CKR_ATTRIBUTE_READ_ONLY`,
      `C_SetAttributeValue@${bench.count('C_SetAttributeValue') + 1}=CKR_ATTRIBUTE_READ_ONLY`,
    )
    expect(await refusal(token.commitTrustedWindow())).toBe('HSM-ATTRIBUTE-REFUSED')
    bench.plan()
    await token.abandonTrustedWindow()
    expect(await secrets()).toEqual(before)
  })

  it('can be abandoned again where it could not be at first', async () => {
    const before = await secrets()
    await opened()
    failing(1)
    expect(await refusal(token.abandonTrustedWindow())).toBe('HSM-DEVICE-ERROR')
    await token.abandonTrustedWindow()
    expect(await secrets()).toEqual(before)
  })

  it('whose copy to the token fails keeps no closed root of the session, although destroying it failed at first', async () => {
    const before = await secrets()
    await opened()
    bench.plan(
      `C_CopyObject@${bench.count('C_CopyObject') + 2}=CKR_FUNCTION_FAILED`,
      `C_DestroyObject@${bench.count('C_DestroyObject') + 1}=CKR_FUNCTION_FAILED`,
    )
    expect(await refusal(token.commitTrustedWindow())).toBe('HSM-DEVICE-ERROR')
    await token.abandonTrustedWindow()
    expect(await secrets()).toEqual(before)
  })
  it('destroys a root that did not read back as asked for once, and not what its handle may name by then', async () => {
    const options = { ckaId: newId(), label: 'root', sameLabel: true, destinations }
    const before = bench.count('C_DestroyObject')
    bench.plan('C_GetAttributeValue@*=misread:SENSITIVE', `C_DestroyObject@${before + 2}=CKR_DEVICE_ERROR`)
    expect(await refusal(token.openTrustedWindow(options))).toBe('HSM-ATTRIBUTE-MISMATCH')
    expect(bench.count('C_DestroyObject')).toBe(before + 1)
    bench.plan()
    await token.openTrustedWindow(options)
    await token.abandonTrustedWindow()
  })

  it('opens anew once a commit has destroyed the open root and failed', async () => {
    const before = await secrets()
    await opened()
    bench.plan(`C_DestroyObject@${bench.count('C_DestroyObject') + 2}=CKR_FUNCTION_FAILED`)
    expect(await refusal(token.commitTrustedWindow())).toBe('HSM-DEVICE-ERROR')
    bench.plan()
    expect(await refusal(token.commitTrustedWindow())).toBe('HSM-WINDOW-LOST')
    await opened()
    await token.abandonTrustedWindow()
    expect(await secrets()).toEqual(before)
  })

  it('that could not be opened leaves no root, although destroying it failed at first', async () => {
    const before = await secrets()
    const options = { ckaId: newId(), label: 'root', sameLabel: true, destinations }
    bench.plan(
      `C_WrapKey@${bench.count('C_WrapKey') + 1}=CKR_FUNCTION_FAILED`,
      `C_DestroyObject@${bench.count('C_DestroyObject') + 1}=CKR_FUNCTION_FAILED`,
    )
    expect(await refusal(token.openTrustedWindow(options))).toBe('HSM-DEVICE-ERROR')
    bench.plan()
    expect(await refusal(token.commitTrustedWindow())).toBe('HSM-WINDOW-LOST')
    await token.openTrustedWindow(options)
    await token.abandonTrustedWindow()
    expect(await secrets()).toEqual(before)
  })
})
