import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { rootTemplate, type Token, type WindowDestination, windowRootTemplate } from '../../../src/index.ts'
import { startFaultBench } from '../../faults/fault-bench.ts'
import { type Bench, ckr, newId, refusal, soPin, startBench, userPin } from '../../soft-token-bench.ts'

describe('committing on a slow token', () => {
  it('has the time of the inventory that it ends with: a root is not lost to a deadline once it is made', async () => {
    const bench = await startFaultBench({ callTimeoutMs: 1500 })
    try {
      const token = await bench.newToken('slow')
      const server = await bench.loggedIn('server')
      const id = newId()
      const { spki } = await server.createTransportPair({ id, label: 'server' })
      const destinations = [{ id, label: 'server', spki }]
      await token.logIn({ user: 'so', pin: soPin() })
      await token.importTrustedDestinations({ destinations })
      await token.logOut()
      await token.logIn({ user: 'user', pin: userPin() })
      const ckaId = newId()
      await token.openTrustedWindow({ ckaId, label: 'root', destinations })
      const reads = bench.count('C_GetAttributeValue')
      const { objects } = await token.inventory()
      expect(objects).toHaveLength(2)
      // What is left to read: the same objects, so that the inventory alone would overrun an ordinary call's time.
      const ms = Math.ceil(1700 / (bench.count('C_GetAttributeValue') - reads))
      bench.plan(`C_GetAttributeValue@*=slow:${ms}`)
      const committed = await token.commitTrustedWindow()
      expect(committed.ref).toEqual({ id: ckaId, class: 'secret' })
      expect(bench.restarts).toEqual([])
    } finally {
      await bench.close()
    }
  }, 60_000)
})

describe('one root in several tokens', () => {
  let bench: Bench
  let source: Token
  let server: Token
  let destinations: WindowDestination[]

  const asUser = async (token: Token) => {
    await token.logOut()
    await token.logIn({ user: 'user', pin: userPin() })
  }
  const trust = async (list: readonly WindowDestination[]) => {
    await source.logOut()
    await source.logIn({ user: 'so', pin: soPin() })
    await source.importTrustedDestinations({ destinations: list })
    await asUser(source)
  }

  beforeEach(async () => {
    bench = await startBench()
    source = await bench.loggedIn('source')
    server = await bench.loggedIn('server')
    const id = newId()
    const { spki } = await server.createTransportPair({ id, label: 'server' })
    destinations = [{ id, label: 'server', spki }]
  })
  afterEach(() => bench.close())

  it('the root reaches the destination, both prove it, and both copies are hardened', async () => {
    await trust(destinations)
    const ckaId = newId()
    const challenge = randomBytes(32)
    const opened = await source.openTrustedWindow({
      ckaId,
      label: 'root',
      destinations,
      challenge: Uint8Array.from(challenge),
    })
    expect(opened.trusted).toEqual([destinations[0]!.id])
    const committed = await source.commitTrustedWindow()
    const keys = committed.inventory.objects.filter((o) => o.class === 'secret')
    expect(keys.map(({ id, token }) => [id, token])).toEqual([[ckaId, true]])
    expect(await source.destroyTransportKeys({ ids: [destinations[0]!.id] })).toEqual({
      destroyed: 1,
      absent: true,
    })

    const { wrapped } = opened.blobs[0]!
    const taken = await server.unwrapRoot({ transportId: destinations[0]!.id, ckaId, label: 'root', wrapped })
    expect(taken.attributes.filter(({ expected, ok }) => expected !== null && !ok)).toEqual([])
    await server.destroyTransportPair({ id: destinations[0]!.id })
    const proof = async (token: Token) =>
      (await token.possessionDigest({ kek: { id: ckaId }, challenge: Uint8Array.from(challenge) })).digest
    expect([await proof(source), await proof(server)]).toEqual([
      opened.possession!.digest,
      opened.possession!.digest,
    ])

    const org = await source.generateWrapped({ parent: { id: ckaId }, algorithm: 'aes-256' })
    await server.unwrap({ kek: { id: ckaId }, wrapped: org.wrapped, id: newId(), label: 'org', bits: 256 })
    for (const token of [source, server]) {
      expect(await ckr(token.unwrapToMemory({ kek: { id: ckaId }, wrapped: org.wrapped }))).toBe(
        'CKR_TEMPLATE_INCONSISTENT',
      )
    }
    const [evidence] = await source.findById(ckaId, windowRootTemplate('softhsm'))
    expect(evidence!.attributes.filter(({ ok }) => !ok)).toEqual([])
    expect(evidence).toMatchObject({ local: true, alwaysSensitive: true, neverExtractable: false })
  })

  it('DESTINATIONS a trusted key that the plan does not name refuses the window', async () => {
    const id = newId()
    const { spki } = await server.createTransportPair({ id, label: 'stranger' })
    await trust([...destinations, { id, label: 'stranger', spki }])
    const open = source.openTrustedWindow({ ckaId: newId(), label: 'root', destinations })
    expect(await refusal(open)).toBe('HSM-DESTINATION-MISMATCH')
    expect((await source.inventory()).objects.filter((o) => o.class === 'secret')).toEqual([])
  })

  it('DESTINATIONS a destination that is not trusted on the token refuses the window', async () => {
    const open = source.openTrustedWindow({ ckaId: newId(), label: 'root', destinations })
    expect(await refusal(open)).toBe('HSM-DESTINATION-MISMATCH')
  })

  it('only the security officer can trust a key, and weak or doubled transport keys are refused', async () => {
    expect(await refusal(source.importTrustedDestinations({ destinations }))).toBe('HSM-LOGIN-OTHER')
    await source.logOut()
    await source.logIn({ user: 'so', pin: soPin() })
    const twice = [destinations[0]!, { ...destinations[0]!, id: newId() }]
    expect(await refusal(source.importTrustedDestinations({ destinations: twice }))).toBe(
      'HSM-DESTINATION-MISMATCH',
    )
    const weak = await server.generateKeyPair({
      id: newId(),
      label: 'weak',
      kind: 'rsa-2048',
      template: { ...rootTemplate, wrap: false, allowedMechanisms: null, unwrapTemplate: null },
    })
    const short = [{ id: newId(), label: 'weak', spki: weak.spki }]
    expect(await refusal(source.importTrustedDestinations({ destinations: short }))).toBe('HSM-DATA-INVALID')
  })

  it('an abandoned window leaves no key', async () => {
    await trust(destinations)
    await source.openTrustedWindow({ ckaId: newId(), label: 'root', destinations })
    const second = source.openTrustedWindow({ ckaId: newId(), label: 'root', destinations })
    expect(await refusal(second)).toBe('HSM-WINDOW-OPEN')
    await source.abandonTrustedWindow()
    expect((await source.inventory()).objects.filter((o) => o.class === 'secret')).toEqual([])
    expect(await refusal(source.commitTrustedWindow())).toBe('HSM-WINDOW-LOST')
  })

  it('a host that dies in the window loses the key, and says so', async () => {
    await trust(destinations)
    const ckaId = newId()
    await source.openTrustedWindow({ ckaId, label: 'root', destinations })
    const restarted = new Promise((resolve) => bench.hsm.onRestart(resolve))
    process.kill(bench.hsm.pid!, 'SIGKILL')
    await restarted
    expect(await refusal(source.commitTrustedWindow())).toBe('HSM-NOT-LOGGED-IN')
    await source.logIn({ user: 'user', pin: userPin() })
    expect(await refusal(source.commitTrustedWindow())).toBe('HSM-WINDOW-LOST')
    expect(await source.findById(ckaId)).toEqual([])
    expect((await source.inventory()).objects.filter((o) => o.class === 'secret')).toEqual([])
  })

  it('a blob for another destination does not open', async () => {
    const otherId = newId()
    const other = await server.createTransportPair({ id: otherId, label: 'other' })
    const both = [...destinations, { id: otherId, label: 'other', spki: other.spki }]
    await trust(both)
    const ckaId = newId()
    const { blobs } = await source.openTrustedWindow({ ckaId, label: 'root', destinations: both })
    await source.commitTrustedWindow()
    const wrong = server.unwrapRoot({
      transportId: otherId,
      ckaId,
      label: 'root',
      wrapped: blobs[0]!.wrapped,
    })
    expect(await refusal(wrong)).toBe('HSM-DATA-INVALID')
    const right = await server.unwrapRoot({
      transportId: otherId,
      ckaId,
      label: 'root',
      wrapped: blobs[1]!.wrapped,
    })
    expect(right.ref.id).toBe(ckaId)
  })
})
