import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Forms, maxForms } from '../../src/host/forms.ts'
import { type Frame, FrameReader, FrameWriter, parcel } from '../../src/host/frames.ts'
import { sealingTemplate, signingTemplate } from '../../src/index.ts'
import { newId, startBench } from '../soft-token-bench.ts'
import { value } from './any-value.ts'

/** A sender's bytes for these values, each a call of its own. */
function sender() {
  const forms = new Forms()
  const writer = new FrameWriter()
  return (values: readonly unknown[]): Buffer => {
    values.forEach((one, id) => {
      writer.add(parcel(forms, id, one))
    })
    let bytes = Buffer.alloc(0)
    writer.send((bundle) => {
      bytes = Buffer.from(bundle)
      return true
    })
    return bytes
  }
}

const bytesOf = (...values: readonly unknown[]) => sender()(values)
const valuesOf = (frames: readonly Frame[]) => frames.map((frame) => frame.value)
const read = (bundle: Uint8Array) => valuesOf(new FrameReader('copied').push(Buffer.from(bundle)))

/** Without what makes arrays differ that hold the same. */
const plain = (one: unknown): unknown => {
  if (one instanceof Uint8Array) return new Uint8Array(one)
  if (Array.isArray(one)) return one.map(plain)
  if (typeof one !== 'object' || one === null) return one
  return Object.fromEntries(Object.entries(one).map(([name, inner]) => [name, plain(inner)]))
}

describe('calls and answers as bytes', () => {
  it('come back as they were, many in one bundle', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 5 }), (values) => {
        expect(read(bytesOf(...values))).toEqual(values)
      }),
    )
  })

  it('come back as they were, whatever pieces the pipe hands them over in', () => {
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 5 }),
        fc.array(fc.nat({ max: 60 }), { maxLength: 12 }),
        fc.constantFrom('lent' as const, 'copied' as const),
        (values, cuts, arrays) => {
          const bundle = bytesOf(...values)
          const reader = new FrameReader(arrays)
          const got: unknown[] = []
          let at = 0
          for (const cut of [...cuts, bundle.length]) {
            got.push(...valuesOf(reader.push(Buffer.from(bundle.subarray(at, at + cut)))))
            at += cut
          }
          expect(plain(got)).toEqual(values)
          expect(reader.between).toBe(true)
        },
      ),
    )
  })

  it('nothing of a call is left in the pieces that it came in, but what was lent', () => {
    const secret = new Uint8Array(100).fill(7)
    const bytes = bytesOf([secret])
    const pieces = [bytes.subarray(0, 30), bytes.subarray(30, 60), bytes.subarray(60)].map((p) =>
      Buffer.from(p),
    )
    const reader = new FrameReader('lent')
    const [[lent]] = valuesOf(pieces.flatMap((piece) => reader.push(piece))) as [[Uint8Array]]
    expect(pieces.every((piece) => piece.every((byte) => byte === 0))).toBe(true)
    expect([...lent]).toEqual([...secret])
    const whole = bytesOf([secret])
    new FrameReader('copied').push(whole)
    expect(whole.includes(7)).toBe(false)
  })

  it('a frame whose end never comes is given up, and the next one is whole', () => {
    const bytes = bytesOf([new Uint8Array(100).fill(7)])
    const reader = new FrameReader('copied')
    expect(reader.push(Buffer.from(bytes.subarray(0, 60)))).toEqual([])
    expect(reader.between).toBe(false)
    reader.discard()
    expect(reader.between).toBe(true)
    expect(valuesOf(reader.push(bytes))).toEqual([[new Uint8Array(100).fill(7)]])
  })

  it('share no memory with each other or with what they came from', () => {
    const given = new Uint8Array([1, 2, 3])
    const bundle = bytesOf([given, given, { again: given }])
    given.fill(9)
    const [[first, second, { again }]] = read(bundle) as [[Uint8Array, Uint8Array, { again: Uint8Array }]]
    bundle.fill(0)
    first.fill(0)
    expect([[...second], [...again]]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ])
  })

  it('a form that was sent is not sent again, and its values come back as they were', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 5 }), (values) => {
        const send = sender()
        const reader = new FrameReader('copied')
        const first = send(values)
        expect(valuesOf(reader.push(Buffer.from(first)))).toEqual(values)
        const second = send(values)
        expect(valuesOf(reader.push(Buffer.from(second)))).toEqual(values)
        expect(second.length).toBeLessThan(first.length)
      }),
    )
  })

  it('more forms than are remembered are all told apart, also after the oldest have made way', () => {
    const send = sender()
    const reader = new FrameReader('copied')
    const values = Array.from({ length: 2 * maxForms + 3 }, (_, i) => ({
      key: `k${i}`,
      data: new Uint8Array([i]),
    }))
    for (const given of [values, values.slice(0, 5), values.slice(-maxForms), values])
      expect(valuesOf(reader.push(send(given)))).toEqual(given)
  })

  it('what one host was taught is told anew to the next', () => {
    const forms = new Forms()
    const value = ['sign', new Uint8Array([1])]
    for (let host = 0; host < 2; host++) {
      const writer = new FrameWriter()
      const reader = new FrameReader('copied')
      writer.add(parcel(forms, 1, value))
      writer.add(parcel(forms, 2, value))
      writer.send((bundle) => {
        expect(valuesOf(reader.push(Buffer.from(bundle)))).toEqual([value, value])
        return true
      })
    }
  })

  it('what a receiver does to an answer changes no other of the same form', () => {
    const send = sender()
    const reader = new FrameReader('copied')
    const given = { info: { label: 'a', flags: ['x'] } }
    const [first] = valuesOf(reader.push(send([given]))) as [typeof given]
    first.info.label = 'changed'
    first.info.flags.push('y')
    expect(valuesOf(reader.push(send([given])))).toEqual([given])
  })

  it('what was sent is wiped in the sender, and what never was as well', () => {
    const writer = new FrameWriter()
    const forms = new Forms()
    let lent: Uint8Array = Buffer.alloc(0)
    writer.add(parcel(forms, 1, [new Uint8Array(40).fill(7)]))
    writer.send((bundle) => {
      lent = bundle
      expect(bundle.includes(7)).toBe(true)
      return true
    })
    expect(lent.every((byte) => byte === 0)).toBe(true)
    writer.add(parcel(forms, 2, [new Uint8Array(40).fill(7)]))
    expect(lent.includes(7)).toBe(true)
    writer.discard()
    expect(lent.every((byte) => byte === 0)).toBe(true)
    writer.send(() => expect.unreachable())
  })

  it('a frame that is too long, is no JSON or points outside of itself is refused before anything is allocated', () => {
    const frame = (
      form: number,
      text: string,
      arrays = Buffer.alloc(0),
      lengths = [text.length, arrays.length],
    ) => {
      const head = Buffer.alloc(16)
      head.writeUInt32LE(form, 4)
      head.writeUInt32LE(lengths[0]!, 8)
      head.writeUInt32LE(lengths[1]!, 12)
      return Buffer.concat([head, Buffer.from(text), arrays])
    }
    expect(() => read(frame(0, '', Buffer.alloc(0), [1 << 26, 1]))).toThrow('more than 64 MiB')
    const one = Buffer.from([1, 0, 0, 0, 9])
    expect(read(frame(0, '[{"$":0}]', one))).toEqual([[new Uint8Array([9])]])
    for (const text of [
      '{',
      '{"$":0}',
      '{"$":-1}',
      '{"$":1.5}',
      '{"$":"a"}',
      '[{"a":{"$":7}}]',
      '{"__proto__":{"x":1}}',
    ])
      expect(() => read(frame(0, text)), text).toThrow(RangeError)
    expect(() => read(frame(0, '[1]', Buffer.from([2, 0, 0, 0, 9])))).toThrow('bytes outside')
    expect(() => read(frame(0, '[1]', Buffer.from([2, 0])))).toThrow(RangeError)
    expect(() => read(frame(3, ''))).toThrow('form 3 is not known')
    expect(() => read(frame(maxForms + 1, '[1]'))).toThrow(`form ${maxForms + 1}`)
    expect(() => read(frame(1, JSON.stringify('x'.repeat(4000))))).toThrow('a form that is not remembered')
  })

  it('what cannot cross is refused at the call, and the host goes on', async () => {
    for (const wrong of [() => 1, 1n, Symbol('x')]) expect(() => bytesOf([wrong])).toThrow(RangeError)
    const bench = await startBench()
    await expect(bench.hsm.token('1').random(1n as unknown as number)).rejects.toThrow(RangeError)
    expect((await bench.hsm.tokens()).length).toBe(1)
    await bench.close()
  })

  it('calls of one turn that were given the same arrays each work on what they were given', async () => {
    const bench = await startBench()
    const token = await bench.loggedIn('shared')
    const [aes, ec] = [newId(), newId()]
    await token.generateAes({ id: aes, label: 'a', bits: 256, template: sealingTemplate })
    await token.generateKeyPair({ id: ec, label: 'e', kind: 'p-256', template: signingTemplate })
    const digest = new Uint8Array(32).fill(7)
    const key = { id: ec, class: 'private' } as const
    const signatures = await Promise.all(Array.from({ length: 8 }, () => token.signEcdsa({ key, digest })))
    for (const signature of signatures) {
      const mechanism = { kind: 'ecdsa', hash: 'sha256' } as const
      const of = { key: { id: ec, class: 'public' }, mechanism, input: { digest } } as const
      expect(await token.verify({ ...of, signature })).toBe(true)
    }
    const of = {
      key: { id: aes, class: 'secret' },
      nonce: new Uint8Array(12),
      aad: new Uint8Array(),
    } as const
    const plaintext = new Uint8Array(100).fill(5)
    const ciphertext = await token.encryptGcm({ ...of, plaintext })
    const opened = await Promise.all(Array.from({ length: 8 }, () => token.decryptGcm({ ...of, ciphertext })))
    expect(opened).toEqual(Array.from({ length: 8 }, () => plaintext))
    await bench.close()
  })

  it('calls and answers that are larger than the pipe come whole, beside small ones', async () => {
    const bench = await startBench()
    const token = await bench.loggedIn('large')
    const id = newId()
    await token.generateAes({ id, label: 'a', bits: 256, template: sealingTemplate })
    const of = { key: { id, class: 'secret' }, aad: new Uint8Array() } as const
    const texts = [3_000_000, 10, 2_500_001, 70_000, 0].map((length, i) => new Uint8Array(length).fill(i + 1))
    const nonce = (i: number) => new Uint8Array(12).fill(i)
    for (let round = 0; round < 2; round++) {
      const sealed = await Promise.all(
        texts.map((plaintext, i) => token.encryptGcm({ ...of, nonce: nonce(i), plaintext })),
      )
      const opened = await Promise.all(
        sealed.map((ciphertext, i) => token.decryptGcm({ ...of, nonce: nonce(i), ciphertext })),
      )
      for (const [i, text] of texts.entries()) expect(Buffer.from(opened[i]!).equals(text)).toBe(true)
    }
    await bench.close()
  })
})

describe('an answer that may hold a key', () => {
  it('is wiped in the host once it stands in the bundle that goes out, and only then', () => {
    const forms = new Forms()
    const writer = new FrameWriter()
    const key = Uint8Array.of(1, 2, 3)
    const large = new Uint8Array(100_000).fill(7)
    writer.spend(parcel(forms, 5, [{ key }, large]))
    expect([key.every((byte) => byte === 0), large.every((byte) => byte === 0)]).toEqual([true, true])
    let sent: readonly unknown[] = []
    writer.send((bundle) => {
      sent = read(bundle)
      return true
    })
    expect(sent).toEqual([[{ key: Uint8Array.of(1, 2, 3) }, new Uint8Array(100_000).fill(7)]])
  })
})
