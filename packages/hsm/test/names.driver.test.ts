import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HsmError, rootTemplate, signingTemplate, type Token } from '../src/index.ts'
import { closed, importKey, leaving, secret } from './mechanisms/mechanism-bench.ts'
import { type Bench, newId, refusal, soPin, startBench, userPin, utf8 } from './soft-token-bench.ts'

const kept = { ...closed, token: true }

async function failure(promise: Promise<unknown>): Promise<HsmError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (error instanceof HsmError) return error
  throw new Error(`no refusal: ${String(error)}`)
}

describe('names of keys on SoftHSM', () => {
  let bench: Bench
  let token: Token
  const taken = newId()
  const pair = newId()
  beforeAll(async () => {
    bench = await startBench()
    token = await bench.loggedIn('names')
    await token.generateAes({ id: taken, label: 'root', bits: 256, template: rootTemplate })
    await token.generateKeyPair({ id: pair, label: 'officer', kind: 'p-256', template: signingTemplate })
  })
  afterAll(() => bench.close())

  const count = async () => (await token.inventory()).objects.length
  const value = utf8('a secret that is 32 bytes long..')

  const ways: readonly [string, (id: string, label: string) => Promise<unknown>][] = [
    ['generateAes', (id, label) => token.generateAes({ id, label, bits: 256, template: rootTemplate })],
    ['generateHmac', (id, label) => token.generateHmac({ id, label, template: kept })],
    ['generateSecret', (id, label) => token.generateSecret({ id, label, bytes: 32, template: kept })],
    [
      'generateKeyPair',
      (id, label) => token.generateKeyPair({ id, label, kind: 'p-256', template: signingTemplate }),
    ],
    [
      'importUnderWrapping',
      (id, label) =>
        token.importUnderWrapping({ id, label, kind: 'secret', value: value.slice(), template: kept }),
    ],
    [
      'importPublicKey',
      async (id, label) => {
        const spki = await token.publicKeySpki({ id: pair, class: 'public' })
        return token.importPublicKey({ id, label, spki, token: true })
      },
    ],
    ['createTransportPair', (id, label) => token.createTransportPair({ id, label })],
    [
      'unwrapKey',
      async (id, label) => {
        const kek = await importKey(token, 'aes', value, { ...closed, wrap: true, unwrap: true })
        const key = await secret(token, leaving)
        const wrapped = await token.wrapKey({ by: kek, mechanism: { kind: 'kwp' }, key })
        const arriving = { by: kek, mechanism: { kind: 'kwp' }, wrapped, kind: 'secret' } as const
        try {
          return await token.unwrapKey({ ...arriving, id, label, template: kept })
        } finally {
          for (const ref of [kek, key]) await token.destroy(ref)
        }
      },
    ],
    [
      'derive',
      async (id, label) => {
        const key = await importKey(token, 'aes', value, { ...closed, derive: true })
        const mechanism = { kind: 'aes-ecb-data', data: value } as const
        try {
          return await token.derive({ key, mechanism, id, label, kind: 'secret', bytes: 32, template: kept })
        } finally {
          await token.destroy(key)
        }
      },
    ],
  ]

  it.each(ways)('HSM-DUPLICATE-KEY-LABEL %s under the label of a key that is there', async (_name, make) => {
    const before = await count()
    const error = await failure(make(newId(), 'root'))
    expect(error.code).toBe('HSM-DUPLICATE-KEY-LABEL')
    expect(error.detail).toContain(taken)
    expect(await count()).toBe(before)
  })

  it.each(ways)(
    'HSM-DUPLICATE-ID %s under the identifier of a secret key that is there',
    async (_name, make) => {
      const before = await count()
      expect(await refusal(make(taken, 'another'))).toBe('HSM-DUPLICATE-ID')
      expect(await count()).toBe(before)
    },
  )

  it('HSM-DUPLICATE-ID a secret key under the identifier of a pair', async () => {
    const again = token.generateAes({ id: pair, label: 'other', bits: 256, template: rootTemplate })
    expect(await refusal(again)).toBe('HSM-DUPLICATE-ID')
  })

  it('a pair’s public half comes back to its private one, with its identifier and label', async () => {
    const ref = { id: pair, class: 'public' } as const
    const spki = await token.publicKeySpki(ref)
    await token.destroy(ref)
    expect(await token.importPublicKey({ id: pair, label: 'officer', spki, token: true })).toEqual(ref)
  })

  it('a label may repeat where the caller says so, and of keys that die with the session', async () => {
    const root = { label: 'root', bits: 256 } as const
    const wanted = await token.generateAes({
      ...root,
      id: newId(),
      sameLabel: true,
      template: rootTemplate,
    })
    const session = { ...rootTemplate, token: false }
    const passing = await token.generateAes({ ...root, id: newId(), template: session })
    const named = (await token.inventory()).objects.filter(({ label }) => label === 'root')
    expect(named.map(({ id }) => id).sort()).toEqual([taken, wanted.ref.id, passing.ref.id].sort())
    for (const { ref } of [wanted, passing]) await token.destroy(ref)
  })

  it('HSM-DUPLICATE-KEY-LABEL a trusted window for a root of a label that is there', async () => {
    const server = await bench.loggedIn('server')
    const id = newId()
    const { spki } = await server.createTransportPair({ id, label: 'server' })
    const destinations = [{ id, label: 'server', spki }]
    await token.logOut()
    await token.logIn({ user: 'so', pin: soPin() })
    await token.importTrustedDestinations({ destinations })
    await token.logOut()
    await token.logIn({ user: 'user', pin: userPin() })
    const open = (label: string) => token.openTrustedWindow({ ckaId: newId(), label, destinations })
    expect(await refusal(open('root'))).toBe('HSM-DUPLICATE-KEY-LABEL')
    const { blobs } = await open('second root')
    const root = { transportId: id, ckaId: newId(), label: 'server', wrapped: blobs[0]!.wrapped }
    expect(await refusal(server.unwrapRoot(root))).toBe('HSM-DUPLICATE-KEY-LABEL')
    await server.unwrapRoot({ ...root, sameLabel: true })
    await token.abandonTrustedWindow()
  })
})

describe('labels of tokens on SoftHSM', () => {
  let bench: Bench
  beforeAll(async () => {
    bench = await startBench()
  })
  afterAll(() => bench.close())

  const pins = () => ({ soPin: soPin(), userPin: userPin() })

  it('HSM-DUPLICATE-LABEL a second token of one label is refused, and the first may keep its own', async () => {
    const first = await bench.newToken('one of a kind')
    const before = await bench.hsm.tokens()
    const error = await failure(bench.hsm.token('new').initialise({ label: 'one of a kind', ...pins() }))
    expect(error.code).toBe('HSM-DUPLICATE-LABEL')
    expect(error.detail).toContain(first.serial)
    expect(await bench.hsm.tokens()).toEqual(before)
    await first.initialise({ label: 'one of a kind', ...pins() })
  })

  it('a token is chosen by its label', async () => {
    const { serial } = await bench.newToken('desk')
    expect((await bench.hsm.labelled('desk')).serial).toBe(serial)
    expect((await (await bench.hsm.labelled('desk')).info()).label).toBe('desk')
  })

  it('HSM-TOKEN-AMBIGUOUS a label that two tokens have names both serial numbers', async () => {
    const first = await bench.newToken('twin')
    const { serial } = await bench.hsm.token('new').initialise({ label: 'twin', sameLabel: true, ...pins() })
    const error = await failure(bench.hsm.labelled('twin'))
    expect(error.code).toBe('HSM-TOKEN-AMBIGUOUS')
    expect(error.detail).toContain(first.serial)
    expect(error.detail).toContain(serial)
  })

  it('HSM-TOKEN-ABSENT a label that no token has', async () => {
    expect(await refusal(bench.hsm.labelled('nobody'))).toBe('HSM-TOKEN-ABSENT')
  })
})
