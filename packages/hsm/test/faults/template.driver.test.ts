import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { HsmError, rootTemplate, signingTemplate, type Token } from '../../src/index.ts'
import { closedTemplate } from '../../src/templates.ts'
import { newId, refusal, soPin, userPin } from '../soft-token-bench.ts'
import { type FaultBench, startFaultBench } from './fault-bench.ts'

/** What a template was refused for, or 'no error'. */
async function mismatch(made: Promise<unknown>): Promise<string> {
  const error = await made.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (error === null) return 'no error'
  if (!(error instanceof HsmError)) throw error
  return `${error.code} ${/: (\w+ is \w+, asked for \w+)/.exec(error.detail)?.[1]}`
}

describe('a token that makes another key than it was asked for', () => {
  let bench: FaultBench
  let token: Token
  beforeAll(async () => {
    bench = await startFaultBench()
    token = await bench.loggedIn('template')
    await token.chooseWrapMechanism()
  })
  beforeEach(() => bench.plan())
  afterAll(() => bench.close())

  it.each([
    ['VALUE_LEN=16', 'VALUE_LEN is 16, asked for 32'],
    ['EXTRACTABLE=1', 'EXTRACTABLE is true, asked for false'],
    ['SENSITIVE=0', 'SENSITIVE is false, asked for true'],
    ['MODIFIABLE=1', 'MODIFIABLE is true, asked for false'],
    ['DECRYPT=1', 'DECRYPT is true, asked for false'],
    ['DERIVE=1', 'DERIVE is true, asked for false'],
    ['TOKEN=0', 'TOKEN is false, asked for true'],
    ['WRAP=0', 'WRAP is false, asked for true'],
  ])(
    'HSM-ATTRIBUTE-MISMATCH a root made with %s is refused by that name and destroyed',
    async (altered, what) => {
      const id = newId()
      bench.next('C_GenerateKey', `alter:${altered}`)
      const made = token.generateAes({ id, label: 'root', bits: 256, template: rootTemplate })
      expect(await mismatch(made)).toBe(`HSM-ATTRIBUTE-MISMATCH ${what}`)
      expect(await token.findById(id)).toEqual([])
    },
  )

  it('HSM-ATTRIBUTE-MISMATCH a shorter key is refused wherever one is made', async () => {
    const kek = newId()
    await token.generateAes({ id: kek, label: 'kek', bits: 256, template: rootTemplate })
    const base = newId()
    await token.generateAes({
      id: base,
      label: 'b',
      bits: 256,
      template: { ...closedTemplate, derive: true },
    })
    const id = newId()
    const makers: [string, () => Promise<unknown>][] = [
      ['C_GenerateKey', () => token.generateHmac({ id, label: 'h', template: closedTemplate })],
      ['C_GenerateKey', () => token.generateWrapped({ parent: { id: kek }, algorithm: 'aes-256' })],
      ['C_GenerateKey', () => token.generateWrapped({ parent: { id: kek }, algorithm: 'hmac-sha256' })],
      [
        'C_DeriveKey',
        () =>
          token.derive({
            id,
            label: 'd',
            key: { id: base, class: 'secret' },
            mechanism: { kind: 'aes-ecb-data', data: new Uint8Array(32) },
            kind: 'aes',
            bytes: 32,
            template: closedTemplate,
          }),
      ],
    ]
    for (const [name, make] of makers) {
      bench.next(name, 'alter:VALUE_LEN=16')
      expect(await mismatch(make())).toBe('HSM-ATTRIBUTE-MISMATCH VALUE_LEN is 16, asked for 32')
      expect(await token.findById(id)).toEqual([])
    }
  })

  it('HSM-ATTRIBUTE-MISMATCH of a pair whose private half can do more, neither half is left', async () => {
    const id = newId()
    bench.next('C_GenerateKeyPair', 'alter:DECRYPT=1')
    const made = token.generateKeyPair({ id, label: 'p', kind: 'p-256', template: signingTemplate })
    expect(await mismatch(made)).toBe('HSM-ATTRIBUTE-MISMATCH DECRYPT is true, asked for false')
    expect(await token.findById(id)).toEqual([])
  })

  it('HSM-ATTRIBUTE-MISMATCH a trusted window with a shorter root is not opened, one that stays open is not committed', async () => {
    const there = await bench.loggedIn('destination')
    const pair = await there.createTransportPair({ id: newId(), label: 'transport' })
    const destinations = [{ id: newId(), label: 'transport', spki: pair.spki }]
    await token.logOut()
    await token.logIn({ user: 'so', pin: soPin() })
    await token.importTrustedDestinations({ destinations })
    await token.logOut()
    await token.logIn({ user: 'user', pin: userPin() })
    const options = { ckaId: newId(), label: 'root', destinations }
    bench.next('C_GenerateKey', 'alter:VALUE_LEN=16')
    expect(await mismatch(token.openTrustedWindow(options))).toMatch(
      /^HSM-ATTRIBUTE-MISMATCH VALUE_LEN is 16/,
    )
    bench.plan()
    await token.openTrustedWindow(options)
    bench.next('C_CopyObject', 'alter:EXTRACTABLE=1')
    const copies = bench.count('C_CopyObject')
    expect(await mismatch(token.commitTrustedWindow())).toMatch(/^HSM-ATTRIBUTE-MISMATCH EXTRACTABLE is true/)
    expect(bench.count('C_CopyObject') - copies, 'what is still open is not copied to the token').toBe(1)
    expect(await token.findById(options.ckaId)).toEqual([])
    bench.plan()
    await token.openTrustedWindow(options)
    bench.plan(`C_CopyObject@${bench.count('C_CopyObject') + 2}=CKR_FUNCTION_FAILED`)
    expect(await refusal(token.commitTrustedWindow())).toBe('HSM-DEVICE-ERROR')
    bench.plan()
    const left = (await token.inventory()).objects.filter(({ label }) => label === 'root')
    // The window's own key, still open.
    expect(left.map(({ attributes: { TOKEN, EXTRACTABLE } }) => [TOKEN, EXTRACTABLE])).toEqual([
      ['false', 'true'],
    ])
    const { attributes, inventory } = await token.commitTrustedWindow()
    const length = attributes.find(({ attribute }) => attribute === 'VALUE_LEN')
    expect(length).toMatchObject({ expected: '32', actual: '32', ok: true })
    expect(inventory.objects.find((one) => one.id === options.ckaId)?.attributes.VALUE_LEN).toBe('32')
    const read = await token.readAttributes({ id: options.ckaId, class: 'secret' })
    expect(read.find(({ attribute }) => attribute === 'VALUE_LEN')?.actual).toBe('32')
  })
})
