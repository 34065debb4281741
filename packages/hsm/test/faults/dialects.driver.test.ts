import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { CKM, mechanismName } from '../../src/constants.ts'
import type { MechanismInfo } from '../../src/device.ts'
import {
  HsmError,
  hmacTemplate,
  rootTemplate,
  sealingTemplate,
  signingTemplate,
  type Token,
} from '../../src/index.ts'
import { rsaWraps } from '../../src/pkcs11/probe/ways.ts'
import { newId } from '../soft-token-bench.ts'
import { type FaultBench, startFaultBench } from './fault-bench.ts'

async function failure(made: Promise<unknown>): Promise<string> {
  try {
    await made
    return 'no error'
  } catch (error) {
    if (error instanceof HsmError) return `${error.code} ${error.detail}`
    throw error
  }
}

it('a vendor’s own number that wraps is tried under a public key too, with the parameters that Yubico’s takes', () => {
  const number = CKM.YUBICO_RSA_WRAP
  const info: MechanismInfo = {
    number,
    name: '',
    minKeySize: 0,
    maxKeySize: 0,
    does: ['wrap'],
    hardware: true,
  }
  const ways = rsaWraps({ mechanisms: new Map([[number, info]]), profile: { oaepHash: 'sha256' } })
  const yubico = ways.filter(({ mechanism }) => mechanism === number)
  expect(yubico.map(({ parameter }) => parameter?.length)).toEqual([16, 16])
  expect(mechanismName(number)).toBe('CKM_YUBICO_RSA_WRAP')
})

const makers = ['C_GenerateKey', 'C_GenerateKeyPair', 'C_CreateObject', 'C_DeriveKey'] as const
const refuses = (names: string, code: string, by: readonly string[] = makers): string[] =>
  by.map((name) => `${name}@*=refuses:${names}:${code}`)

/** Attributes that are not known, as several vendors' libraries refuse them; whole makes are in test/stand-in. */
const strict = refuses('WRAP_WITH_TRUSTED|ALLOWED_MECHANISMS|UNWRAP_TEMPLATE', 'CKR_ATTRIBUTE_TYPE_INVALID')
const lessUnwrapped = [
  ...refuses('COPYABLE|ALLOWED_MECHANISMS|PRIVATE=0', 'CKR_TEMPLATE_INCONSISTENT'),
  ...refuses(
    'COPYABLE|ALLOWED_MECHANISMS|WRAP_WITH_TRUSTED|UNWRAP_TEMPLATE|VALUE_LEN',
    'CKR_TEMPLATE_INCONSISTENT',
    ['C_UnwrapKey'],
  ),
  'C_GetAttributeValue@*=lacks:COPYABLE|ALLOWED_MECHANISMS|KEY_GEN_MECHANISM',
  'C_CopyObject@*=CKR_FUNCTION_NOT_SUPPORTED',
]
/** Yubico/yubico-piv-tool 2.7.2, ykcs11/: MODIFIABLE and WRAP_WITH_TRUSTED are not known. */
const piv = [
  ...refuses('MODIFIABLE|WRAP_WITH_TRUSTED', 'CKR_ATTRIBUTE_TYPE_INVALID'),
  'C_GetAttributeValue@*=lacks:MODIFIABLE|WRAP_WITH_TRUSTED',
]

describe('a token that does not know every attribute', () => {
  let bench: FaultBench
  beforeAll(async () => {
    bench = await startFaultBench()
  })
  afterEach(() => bench.plan())
  afterAll(() => bench.close())

  async function speaking(rules: readonly string[]): Promise<Token> {
    const token = await bench.loggedIn(newId())
    await token.chooseWrapMechanism()
    bench.plan(...rules)
    return token
  }

  async function signs(token: Token): Promise<string[]> {
    const id = newId()
    const made = await token.generateKeyPair({
      id,
      label: 'officer',
      kind: 'p-384',
      template: signingTemplate,
    })
    const wrong = made.attributes.filter(({ ok, lacking, expected }) => !ok && !lacking && expected !== null)
    expect(wrong).toEqual([])
    expect(await token.signEcdsa({ key: made.privateKey, digest: new Uint8Array(48) })).toHaveLength(96)
    const found = (await token.findById(id, signingTemplate)).filter(({ ref }) => ref.class === 'private')
    expect(
      found.flatMap(({ attributes }) => attributes).filter(({ ok, lacking }) => !ok && !lacking),
    ).toEqual([])
    await token.destroy(made.privateKey)
    await token.destroy(made.publicKey)
    return made.attributes.filter(({ lacking }) => lacking).map(({ attribute }) => attribute)
  }

  it.each([
    ['WRAP_WITH_TRUSTED', strict, ['WRAP_WITH_TRUSTED']],
    ['COPYABLE', lessUnwrapped, ['COPYABLE']],
    ['WRAP_WITH_TRUSTED, MODIFIABLE', piv, ['WRAP_WITH_TRUSTED', 'MODIFIABLE']],
  ] as const)(
    'an officer’s pair is made without %s, and the report says so',
    async (_names, rules, lacking) => {
      const token = await speaking(rules)
      expect(await signs(token)).toEqual(lacking)
      const calls = bench.count('C_GenerateKeyPair')
      expect(await signs(token)).toEqual(lacking)
      expect(bench.count('C_GenerateKeyPair') - calls, 'what it lacks is found once').toBe(1)
    },
  )

  it('HSM-ATTRIBUTE-REFUSED names the attribute and the role where the role needs it', async () => {
    const token = await speaking(strict)
    const id = newId()
    expect(await failure(token.createTransportPair({ id, label: 'transport' }))).toMatch(
      /^HSM-ATTRIBUTE-REFUSED .*does not take (ALLOWED_MECHANISMS|UNWRAP_TEMPLATE).*transport key needs/,
    )
    const root = token.generateAes({ id, label: 'root', bits: 256, template: rootTemplate })
    expect(await failure(root), 'what it takes is not blamed').toMatch(
      /^HSM-ATTRIBUTE-REFUSED .*does not take ALLOWED_MECHANISMS, UNWRAP_TEMPLATE, which a root needs/,
    )
    bench.plan()
    expect(await token.findById(id)).toEqual([])
  })

  it('HSM-ATTRIBUTE-MISMATCH says so of one that is read as absent, too, and the key is destroyed', async () => {
    const token = await speaking(['C_GetAttributeValue@*=lacks-ok:ALLOWED_MECHANISMS|COPYABLE'])
    const id = newId()
    const made = token.generateAes({ id, label: 'root', bits: 256, template: rootTemplate })
    expect(await failure(made)).toMatch(/^HSM-ATTRIBUTE-MISMATCH .*ALLOWED_MECHANISMS is absent.*root needs/)
    expect(await token.findById(id)).toEqual([])
  })

  it('a code that names no attribute is no reason to make a weaker key', async () => {
    const token = await speaking([])
    const id = newId()
    bench.plan('C_GenerateKey@*=CKR_TEMPLATE_INCONSISTENT')
    const made = token.generateAes({ id, label: 'root', bits: 256, template: rootTemplate })
    expect(await failure(made)).toMatch(/^HSM-ATTRIBUTE-REFUSED /)
    bench.plan()
    expect(await token.findById(id)).toEqual([])
  })

  it('keys that seal, sign messages and are wrapped once are made as well, and what lacks is told', async () => {
    const token = await speaking(lessUnwrapped)
    const lackOf = ({ attributes }: Awaited<ReturnType<Token['generateAes']>>) =>
      attributes.filter(({ lacking }) => lacking).map(({ attribute }) => attribute)
    const named = () => ({ id: newId(), label: newId() })
    const seal = await token.generateAes({ ...named(), bits: 256, template: sealingTemplate })
    expect(lackOf(seal)).toEqual(['ALLOWED_MECHANISMS', 'COPYABLE'])
    const rows = await token.generateHmac({ ...named(), template: hmacTemplate })
    expect(lackOf(rows)).toEqual(['ALLOWED_MECHANISMS', 'COPYABLE'])
  })

  it('an attribute that is refused with one value is asked for with another', async () => {
    const token = await speaking(['C_GenerateKey@*=refuses:ALLOWED_MECHANISMS:CKR_ATTRIBUTE_VALUE_INVALID'])
    const lackOf = ({ attributes }: Awaited<ReturnType<Token['generateAes']>>) =>
      attributes.filter(({ lacking }) => lacking).map(({ attribute }) => attribute)
    const named = () => ({ id: newId(), label: newId() })
    const seal = await token.generateAes({ ...named(), bits: 256, template: sealingTemplate })
    expect(lackOf(seal)).toEqual(['ALLOWED_MECHANISMS'])
    bench.plan()
    const rows = await token.generateHmac({ ...named(), template: hmacTemplate })
    expect(lackOf(rows)).toEqual([])
  })

  it('a key comes in under wrapping, although less is taken there than where one is made', async () => {
    const token = await speaking(lessUnwrapped)
    const named = { id: newId(), label: newId() }
    const value = new Uint8Array(32).fill(9)
    const made = await token.importUnderWrapping({ ...named, kind: 'aes', value, template: sealingTemplate })
    const lacking = made.attributes.filter((one) => one.lacking).map(({ attribute }) => attribute)
    expect(lacking).toEqual(['ALLOWED_MECHANISMS', 'COPYABLE'])
    expect(made.attributes.filter((one) => !one.ok && !one.lacking && one.expected !== null)).toEqual([])
  })

  it('the probe measures a token whose COPYABLE is absent, and tells it; one without ALLOWED_MECHANISMS is no root', async () => {
    const token = await speaking([
      'C_GetAttributeValue@*=lacks:COPYABLE',
      'C_CopyObject@*=CKR_FUNCTION_NOT_SUPPORTED',
    ])
    const report = await token.probe()
    expect(report).toMatchObject({ passed: true, lacking: ['COPYABLE'] })
    const window = report.attacks.find(
      ({ name, template }) => name === 'wrap-to-untrusted' && template === 'hardened',
    )
    expect(window, 'a root that cannot be copied goes by no trusted window').toMatchObject({
      outcome: 'not-applicable',
    })
    bench.plan(...lessUnwrapped)
    const other = await token.probe()
    expect(other.passed).toBe(false)
    expect(other.lacking).toEqual(['ALLOWED_MECHANISMS', 'COPYABLE'])
  })
})
