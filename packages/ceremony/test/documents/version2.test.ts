import { encodeCanonical } from '@lux/crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { cardCodec, heartbeatCodec } from '../../src/exports/documents.ts'
import { makePerson } from '../support/people.ts'
import { sampleBundle } from '../support/sample-bundle.ts'
import {
  custodianCard,
  type Format,
  formatsOf,
  sampleHeartbeat,
  wholeOf,
  withValue,
} from '../support/version2.ts'

let formats: Format[]

beforeAll(async () => {
  formats = formatsOf(await sampleBundle({ fhe: true, life: true }))
})

describe('formats of two versions', () => {
  it('take in version 1 nothing that version 2 alone has, and in version 2 each of it', () => {
    for (const format of formats) {
      const { name, codec, value, newer } = format
      expect(codec.check(value), name).toMatchObject({ ok: true })
      expect(codec.check({ ...value, v: 2 }), name).toMatchObject({ ok: true })
      expect(codec.check({ ...value, v: 3 }), name).toMatchObject({ ok: false })
      expect(codec.check(wholeOf(format)), name).toMatchObject({ ok: true })
      for (const { path, value: added } of newer) {
        const more = withValue(value, path, added)
        expect(codec.check(more), `${name} ${path.join('.')}`).toMatchObject({ ok: false })
        expect(codec.check(withValue(more, ['v'], 2)), `${name} ${path.join('.')}`).toMatchObject({
          ok: true,
        })
      }
    }
  })

  it('have one encoding: what is parsed is written again as it was', () => {
    for (const format of formats)
      for (const one of [format.value, wholeOf(format)]) {
        const bytes = encodeCanonical(one)
        const { name, codec } = format
        const parsed = codec.parse(bytes)
        if (!parsed.ok) throw new Error(`${name}: ${parsed.detail}`)
        expect(codec.encode(parsed.value)).toEqual(bytes)
        expect(codec.parse(Uint8Array.from([...bytes, 0x20])), name).toMatchObject({ ok: false })
      }
  })

  it('CARD-MALFORMED a custodian has a card of version 2 with a recipient, and no other', () => {
    const card = custodianCard()
    expect(cardCodec.check(card)).toMatchObject({ ok: true })
    expect(cardCodec.check({ ...card, v: 1 })).toMatchObject({ ok: false, rule: 'CARD-MALFORMED' })
    expect(cardCodec.check(withValue(card, ['recipient'], undefined))).toMatchObject({ ok: false })
    expect(cardCodec.check({ ...card, kind: 'officer' })).toMatchObject({ ok: false })
  })

  it('CARD-MALFORMED an origin is https and a host, or this machine, and has no path', () => {
    const { card } = makePerson('holder', 'Hana', 'production')
    const made = (origin: string) =>
      cardCodec.check({ ...card, v: 2, app: { origin, release: '6b'.repeat(32) } }).ok
    for (const origin of ['https://a', 'https://phone.acme.example:8443', 'http://127.0.0.1:8130'])
      expect(made(origin), origin).toBe(true)
    for (const origin of [
      'https://a/',
      'http://phone.acme.example',
      'https://A',
      'https://',
      'https://a:0',
      'ftp://a',
    ])
      expect(made(origin), origin).toBe(false)
  })
})

describe('heartbeat', () => {
  it('is signed by the holder over the challenge of the run', () => {
    const { identity } = makePerson('holder', 'Hana', 'production')
    const group = { role: 'holder', members: [{ name: 'Hana', keys: identity.keys }], quorum: 1 }
    const signatures = [heartbeatCodec.sign(identity, sampleHeartbeat, 'production')]
    expect(
      heartbeatCodec.verify({ payload: sampleHeartbeat, signatures }, 'production', [group]),
    ).toMatchObject({
      ok: true,
    })
    const other = { ...sampleHeartbeat, challenge: '0d'.repeat(32) }
    expect(heartbeatCodec.verify({ payload: other, signatures }, 'production', [group])).toMatchObject({
      ok: false,
    })
    expect(
      heartbeatCodec.verify({ payload: sampleHeartbeat, signatures }, 'rehearsal', [group]),
    ).toMatchObject({
      ok: false,
    })
  })
})
