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
import { dialects } from '../fault-module/vendors.ts'
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

/** What a vendor's library does with templates (fault-module/vendors.ts), in front of SoftHSM. */
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
    ['yubihsm', ['WRAP_WITH_TRUSTED']],
    ['smartcard-hsm', ['WRAP_WITH_TRUSTED', 'COPYABLE']],
    ['cloudhsm', ['COPYABLE']],
    ['piv', ['WRAP_WITH_TRUSTED', 'MODIFIABLE']],
  ] as const)(
    'as %s does: an officer’s pair is made without %s, and the report says so',
    async (name, lacking) => {
      const token = await speaking(dialects[name].rules)
      expect(await signs(token)).toEqual(lacking)
      const calls = bench.count('C_GenerateKeyPair')
      expect(await signs(token)).toEqual(lacking)
      expect(bench.count('C_GenerateKeyPair') - calls, 'what it lacks is found once').toBe(1)
    },
  )

  it('HSM-ATTRIBUTE-REFUSED names the attribute and the role where the role needs it', async () => {
    const token = await speaking(dialects.yubihsm.rules)
    const id = newId()
    expect(await failure(token.createTransportPair({ id, label: 'transport' }))).toMatch(
      /^HSM-ATTRIBUTE-REFUSED .*does not take (ALLOWED_MECHANISMS|UNWRAP_TEMPLATE).*transport key needs/,
    )
    const root = token.generateAes({ id, label: 'root', bits: 256, template: rootTemplate })
    expect(await failure(root)).toMatch(
      /^HSM-ATTRIBUTE-REFUSED .*does not take .*UNWRAP_TEMPLATE.*root needs/,
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
    const token = await speaking(dialects.cloudhsm.rules)
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
    const token = await speaking(dialects.cloudhsm.rules)
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
    bench.plan(...dialects.cloudhsm.rules)
    const other = await token.probe()
    expect(other.passed).toBe(false)
    expect(other.lacking).toEqual(['ALLOWED_MECHANISMS', 'COPYABLE'])
  })
})
