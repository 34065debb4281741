import { encodeCanonical, type Json } from '@lux/crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { cardCodec, heartbeatCodec } from '../../src/exports/documents.ts'
import { makePerson } from '../support/people.ts'
import { sampleBundle } from '../support/sample-bundle.ts'
import {
  custodianCard,
  type Format,
  formatsOf,
  placesOf,
  sampleHeartbeat,
  wholeOf,
  withValue,
} from '../support/version2.ts'

let formats: Format[]

beforeAll(async () => {
  formats = formatsOf(await sampleBundle({ fhe: true, life: true }))
})

describe('formats of several versions', () => {
  it('take in no version what only a later one has, and in that one each of it', () => {
    for (const format of formats) {
      const { name, codec, value, newer, third = {} } = format
      expect(codec.check(value), name).toMatchObject({ ok: true })
      expect(codec.check({ ...value, v: 2 }), name).toMatchObject({ ok: true })
      expect(codec.check({ ...value, ...third, v: 3 }), name).toMatchObject({ ok: true })
      for (const v of [0, 4, '3', null, 1.5])
        expect(codec.check({ ...value, ...third, v }), `${name} ${v}`).toMatchObject({ ok: false })
      expect(codec.check(wholeOf(format, 2)), name).toMatchObject({ ok: true })
      expect(codec.check(wholeOf(format, 3)), name).toMatchObject({ ok: true })
      for (const { path, value: added, since = 2 } of newer)
        for (const v of [1, 2, 3]) {
          const more = withValue({ ...value, ...(v === 3 ? third : {}), v }, path, added)
          expect(codec.check(more).ok, `${name} ${path.join('.')} in ${v}`).toBe(v >= since)
        }
    }
  })

  it('TEXT-RULE names and lines keep it since version 3, and what was before stays as it was', () => {
    for (const format of formats)
      for (const path of placesOf(format.value)) {
        const here = path.reduce<Json | undefined>((at, key) => Object(at)[key], format.value)
        if (here !== 'Acme' && here !== 'Hana' && here !== 'Root KEK' && here !== 'Linux 6.1') continue
        for (const text of ['Ac\u200bme', 'Acme ', 'A\u0441me', 'Zoe\u0308']) {
          const of = (v: number) =>
            format.codec.check(
              withValue({ ...format.value, ...(v === 3 ? format.third : {}), v }, path, text),
            ).ok
          expect([of(1), of(2), of(3)], `${format.name} ${path.join('.')}`).toEqual([true, true, false])
        }
      }
  })

  it('have one encoding: what is parsed is written again as it was', () => {
    for (const format of formats)
      for (const one of [format.value, wholeOf(format, 2), wholeOf(format, 3)]) {
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
