import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rootTemplate, type Token } from '../src/index.ts'
import { closedTemplate } from '../src/templates.ts'
import { type FaultBench, startFaultBench } from './faults/fault-bench.ts'
import { newId, refusal, userPin } from './soft-token-bench.ts'

const kekTemplate = { ...rootTemplate, token: false, allowedMechanisms: null, unwrapTemplate: null }

describe('WRAP_TEMPLATE: what a key demands of everything that it wraps', () => {
  let bench: FaultBench
  let token: Token
  beforeAll(async () => {
    bench = await startFaultBench()
    token = await bench.newToken('wrap template')
    await token.logIn({ user: 'user', pin: userPin() })
  })
  afterAll(() => bench.close())

  const of = (report: readonly { attribute: string; actual: string; ok: boolean }[]) =>
    report.find(({ attribute }) => attribute === 'WRAP_TEMPLATE')

  it('is set, read back, and shown in evidence and inventory', async () => {
    const kek = { id: newId(), class: 'secret' } as const
    const template = { ...kekTemplate, wrapTemplate: 'secret' } as const
    const wanted = 'CLASS=SECRET_KEY SENSITIVE=true'
    const made = await token.generateAes({ ...kek, label: 'kek', bits: 256, template })
    expect(of(made.attributes)).toMatchObject({ expected: wanted, actual: wanted, ok: true })
    expect(of(await token.readAttributes(kek))).toMatchObject({ actual: wanted, ok: true })
    const [evidence] = await token.findById(kek.id, template)
    expect(of(evidence!.attributes)).toMatchObject({ expected: wanted, actual: wanted, ok: true })
    const { objects } = await token.inventory()
    expect(objects.find(({ id }) => id === kek.id)?.attributes.WRAP_TEMPLATE).toBe(wanted)
    await token.destroy(kek)
  })

  it('differs from another demand in evidence, and is absent where none was asked for', async () => {
    const kek = { id: newId(), class: 'secret' } as const
    await token.generateAes({ ...kek, label: 'kek', bits: 256, template: kekTemplate })
    const [evidence] = await token.findById(kek.id, { ...kekTemplate, wrapTemplate: 'sensitive' })
    expect(of(evidence!.attributes)).toMatchObject({ expected: 'SENSITIVE=true', ok: false })
    await token.destroy(kek)
  })

  it('a key that does not meet it is not wrapped, one that does is', async () => {
    const kek = { id: newId(), class: 'secret' } as const
    const template = { ...kekTemplate, wrapTemplate: 'sensitive' } as const
    await token.generateAes({ ...kek, label: 'kek', bits: 256, template })
    const wrapOf = async (sensitive: boolean) => {
      const key = { id: newId(), class: 'secret' } as const
      const open = { ...closedTemplate, extractable: true, sensitive }
      await token.generateAes({ ...key, label: 'key', bits: 256, template: open })
      return token.wrap({ kek, key })
    }
    expect((await wrapOf(true)).wrapped.length).toBe(40)
    expect(await refusal(wrapOf(false))).toBe('HSM-KEY-FORBIDDEN')
    await token.destroy(kek)
  })

  it('stands on the public half of a pair, which is the one that wraps', async () => {
    const id = newId()
    const template = { ...closedTemplate, wrap: true, unwrap: true, wrapTemplate: 'sensitive' } as const
    await token.generateKeyPair({ id, label: 'pair', kind: 'rsa-2048', template })
    const publicHalf = of(await token.readAttributes({ id, class: 'public' }))
    expect(publicHalf).toMatchObject({ actual: 'SENSITIVE=true', ok: true })
    expect(of(await token.readAttributes({ id, class: 'private' }))).toMatchObject({ ok: false })
  })

  it('is refused by name where the token does not know it; no key without it takes its place', async () => {
    const id = newId()
    bench.plan('C_GenerateKey@*=refuses:WRAP_TEMPLATE:CKR_ATTRIBUTE_TYPE_INVALID')
    const template = { ...kekTemplate, wrapTemplate: 'secret' } as const
    await expect(token.generateAes({ id, label: 'kek', bits: 256, template })).rejects.toMatchObject({
      code: 'HSM-ATTRIBUTE-REFUSED',
      detail: expect.stringContaining('does not take WRAP_TEMPLATE, which a key-encryption key needs'),
    })
    bench.plan()
    expect(await token.findById(id)).toEqual([])
  })
})
