import { generateKeyPairSync } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  HsmError,
  type KeyPath,
  type KeyTemplate,
  rootTemplate,
  signingTemplate,
  type Token,
} from '../../src/index.ts'
import { attributeName, CKA } from '../../src/pkcs11/library/attributes.ts'
import type { Attribute } from '../../src/pkcs11/library/memory.ts'
import { history } from '../../src/pkcs11/objects/read-back.ts'
import { privateAttributes, publicAttributes, secretAttributes } from '../../src/pkcs11/objects/templates.ts'
import { closedTemplate } from '../../src/templates.ts'
import { newId, soPin, userPin } from '../soft-token-bench.ts'
import { type FaultBench, startFaultBench } from './fault-bench.ts'

/** What was refused: doing what, for which attribute. */
async function mismatch(made: Promise<unknown>): Promise<string> {
  const error = await made.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (error === null) return 'no error'
  if (!(error instanceof HsmError)) throw error
  if (error.code !== 'HSM-ATTRIBUTE-MISMATCH') return `${error.code} ${error.detail}`
  expect(error.detail).toMatch(/; the key was destroyed$/)
  return /^(.+: \w+) is /.exec(error.detail)?.[1] ?? error.detail
}

describe('a key on the way to another one is read back too', () => {
  let bench: FaultBench
  let token: Token
  let hardened: KeyPath
  /** Demands nothing of what it unwraps: the token itself refuses no template. */
  let lax: KeyPath
  let data: string
  const rsa = newId()
  beforeAll(async () => {
    bench = await startFaultBench()
    token = await bench.loggedIn('on-the-way')
    const below = async (template: typeof rootTemplate, links: number): Promise<KeyPath> => {
      const id = newId()
      await token.generateAes({ id, label: id, bits: 256, template })
      let path: Required<KeyPath> = { id, chain: [] }
      for (let at = 0; at < links; at++) {
        const { wrapped } = await token.generateWrapped({ parent: path, algorithm: 'aes-256' })
        path = { id, chain: [...path.chain, { wrapped, bits: 256 }] }
      }
      return path
    }
    hardened = await below(rootTemplate, 1)
    lax = await below({ ...rootTemplate, unwrapTemplate: null }, 2)
    data = newId()
    const leaves = { ...closedTemplate, extractable: true }
    await token.generateAes({ id: data, label: 'data', bits: 256, template: leaves })
    const wraps = { ...closedTemplate, wrap: true, unwrap: true }
    await token.generateKeyPair({ id: rsa, label: 'rsa', kind: 'rsa-2048', template: wraps })
  }, 60_000)
  afterEach(() => bench.plan())
  afterAll(() => bench.close())

  /** Nothing may be left of what was refused. */
  async function refused(made: () => Promise<unknown>, ...rules: readonly string[]): Promise<string> {
    bench.plan()
    const before = (await token.inventory()).objects.length
    bench.plan(...rules)
    const what = await mismatch(made())
    bench.plan()
    expect((await token.inventory()).objects.length).toBe(before)
    return what
  }
  const next = (name: string, fault: string, ahead = 1) => `${name}@${bench.count(name) + ahead}=${fault}`

  it('HSM-ATTRIBUTE-MISMATCH a KEK of a chain that can do more than its place asks for wraps nothing', async () => {
    const make = (parent: KeyPath) => () => token.generateWrapped({ parent, algorithm: 'aes-256' })
    expect(await refused(make(hardened), next('C_UnwrapKey', 'alter:UNWRAP=1'))).toBe(
      'unwrapping key 1 of the chain: UNWRAP',
    )
    for (const altered of ['EXTRACTABLE=1', 'SENSITIVE=0', 'DECRYPT=1', 'MODIFIABLE=1', 'TOKEN=1'])
      expect(await refused(make(lax), next('C_UnwrapKey', `alter:${altered}`))).toBe(
        `unwrapping key 1 of the chain: ${altered.split('=')[0]}`,
      )
    // The first demands the rest of the second, so the token refuses that itself.
    expect(await refused(make(lax), next('C_UnwrapKey', 'alter:UNWRAP=1', 2))).toBe(
      'unwrapping key 2 of the chain: UNWRAP',
    )
    expect((await make(lax)()).wrapped).toHaveLength(40)
  })

  it('HSM-ATTRIBUTE-MISMATCH the AES key between an RSA key and what it wraps', async () => {
    const by = { id: rsa, class: 'public' } as const
    const mechanism = { kind: 'rsa-aes', hash: 'sha1', bits: 256 } as const
    const wrap = () => token.wrapKey({ by, mechanism, key: { id: data, class: 'secret' } })
    for (const altered of ['TOKEN=1', 'DECRYPT=1', 'VALUE_LEN=16'])
      expect(await refused(wrap, next('C_GenerateKey', `alter:${altered}`))).toBe(
        `wrapping by RSA and AES: ${altered.split('=')[0]}`,
      )
    const wrapped = await wrap()
    const unwrap = () =>
      token.unwrapKey({
        id: newId(),
        label: 'back',
        kind: 'aes',
        by: { id: rsa, class: 'private' },
        mechanism,
        wrapped,
        template: closedTemplate,
      })
    for (const altered of ['TOKEN=1', 'EXTRACTABLE=1', 'DECRYPT=1'])
      expect(await refused(unwrap, next('C_UnwrapKey', `alter:${altered}`))).toBe(
        `unwrapping by RSA and AES: ${altered.split('=')[0]}`,
      )
    await token.destroy((await unwrap()).ref)
  })

  // VERIFY is asked for of a public half alone: of the pairs below, and of no private key.
  const misread = 'C_GetAttributeValue@*=misread:VERIFY'

  it('HSM-ATTRIBUTE-MISMATCH either half of the pair that a key is imported under', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const make = () =>
      token.importUnderWrapping({
        id: newId(),
        label: 'in',
        kind: 'ec',
        value: new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' })),
        template: { ...closedTemplate, sign: true },
      })
    expect(await refused(make, misread)).toBe('importing a key under wrapping: VERIFY')
    expect(await refused(make, next('C_GenerateKeyPair', 'alter:EXTRACTABLE=1'))).toBe(
      'importing a key under wrapping: EXTRACTABLE',
    )
    await token.destroy((await make()).ref)
  }, 60_000)

  it('HSM-ATTRIBUTE-MISMATCH either half of a pair that leaves wrapped', async () => {
    const make = () => token.generateWrapped({ parent: { id: hardened.id }, algorithm: 'p-256' })
    const doing = 'generating a key to be wrapped (p-256)'
    expect(await refused(make, misread)).toBe(`${doing}: VERIFY`)
    expect(await refused(make, next('C_GenerateKeyPair', 'alter:SIGN=1'))).toBe(`${doing}: SIGN`)
    expect((await make()).spki).toHaveLength(91)
  })
})

describe('every attribute of a template counts', () => {
  let bench: FaultBench
  let token: Token
  beforeAll(async () => {
    bench = await startFaultBench()
    token = await bench.loggedIn('every-attribute')
    await token.chooseWrapMechanism()
  })
  afterEach(() => bench.plan())
  afterAll(() => bench.close())

  const named = ['CLASS', 'KEY_TYPE', 'ID', 'LABEL']
  const namesOf = (...lists: readonly (readonly Attribute[])[]) => [
    ...new Set([...named, ...lists.flat().map(({ type }) => attributeName(type))]),
  ]
  const number = () => 0
  const root: KeyTemplate = { ...rootTemplate, wrapTemplate: 'secret' }
  const pair: KeyTemplate = { ...signingTemplate, allowedMechanisms: ['ecdsa'], alwaysAuthenticate: false }
  const rsa: KeyTemplate = {
    ...closedTemplate,
    token: true,
    wrap: true,
    unwrap: true,
    unwrapTemplate: 'root',
  }
  const generatePair = (kind: 'p-256' | 'rsa-2048', template: KeyTemplate) => (id: string) =>
    token.generateKeyPair({ id, label: id, kind, template })

  /** Each key, how it is made, and what is asked for of it: of a pair, of either half. */
  const keys: [string, (id: string) => Promise<unknown>, readonly string[]][] = [
    [
      'a root',
      (id) => token.generateAes({ id, label: id, bits: 256, template: root }),
      [...namesOf(secretAttributes(root, number)), 'VALUE_LEN'],
    ],
    [
      'a signing pair',
      generatePair('p-256', pair),
      [...namesOf(publicAttributes(pair), privateAttributes(pair, number)), 'EC_PARAMS'],
    ],
    [
      'a transport pair',
      generatePair('rsa-2048', rsa),
      [...namesOf(publicAttributes(rsa), privateAttributes(rsa, number)), 'PUBLIC_EXPONENT', 'MODULUS_BITS'],
    ],
  ]

  it('the templates below have every attribute that we ask for of a key but TRUSTED', () => {
    const asked = new Set(keys.flatMap(([, , names]) => names))
    const never: string[] = ['VALUE', 'MODULUS', 'EC_POINT', 'TRUSTED', ...history]
    expect(Object.keys(CKA).filter((name) => !asked.has(name) && !never.includes(name))).toEqual([])
  })

  it.each(keys.flatMap(([key, make, names]) => names.map((name) => [key, name, make] as const)))(
    'HSM-ATTRIBUTE-MISMATCH %s whose %s reads otherwise is refused by that name and destroyed',
    async (_, name, make) => {
      const id = newId()
      bench.plan(`C_GetAttributeValue@*=misread:${name}`)
      expect(await mismatch(make(id))).toMatch(new RegExp(`: ${name}$`))
      bench.plan()
      expect(await token.findById(id)).toEqual([])
    },
  )

  it('HSM-ATTRIBUTE-MISMATCH so does TRUSTED of a transport key that only the security officer can mark', async () => {
    const { spki } = await token.createTransportPair({ id: newId(), label: 'there' })
    const destinations = [{ id: newId(), label: 'transport', spki }]
    await token.logOut()
    await token.logIn({ user: 'so', pin: soPin() })
    bench.plan('C_GetAttributeValue@*=misread:TRUSTED')
    expect(await mismatch(token.importTrustedDestinations({ destinations }))).toMatch(/: TRUSTED$/)
    bench.plan()
    await token.importTrustedDestinations({ destinations })
    await token.logOut()
    await token.logIn({ user: 'user', pin: userPin() })
  })

  it('and made soundly each is taken', async () => {
    for (const [, make] of keys) await make(newId())
  })
})
