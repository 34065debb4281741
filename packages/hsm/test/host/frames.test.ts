import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeFrame, FrameReader, joinedFrames } from '../../src/host/frames.ts'
import { sealingTemplate, signingTemplate } from '../../src/index.ts'
import { newId, startBench } from '../soft-token-bench.ts'

const value = fc.letrec((tie) => ({
  one: fc.oneof(
    { maxDepth: 3 },
    fc.uint8Array({ maxLength: 40 }),
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
    fc.array(tie('one'), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), tie('one'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).one

const read = (bundle: Uint8Array) => new FrameReader('copied').push(Buffer.from(bundle))

/** What is lent comes as Buffers. */
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
        expect(read(joinedFrames(values.map(encodeFrame)))).toEqual(values)
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
          const bundle = joinedFrames(values.map(encodeFrame))
          const reader = new FrameReader(arrays)
          const got: unknown[] = []
          let at = 0
          for (const cut of [...cuts, bundle.length]) {
            got.push(...reader.push(Buffer.from(bundle.subarray(at, at + cut))))
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
    const bytes = encodeFrame([secret])
    const pieces = [bytes.subarray(0, 30), bytes.subarray(30, 60), bytes.subarray(60)].map((p) =>
      Buffer.from(p),
    )
    const reader = new FrameReader('lent')
    const [[lent]] = pieces.flatMap((piece) => reader.push(piece)) as [[Uint8Array]]
    expect(pieces.every((piece) => piece.every((byte) => byte === 0))).toBe(true)
    expect([...lent]).toEqual([...secret])
    const whole = encodeFrame([secret])
    new FrameReader('copied').push(whole)
    expect(whole.includes(7)).toBe(false)
  })

  it('share no memory with each other or with what they came from', () => {
    const given = new Uint8Array([1, 2, 3])
    const bundle = encodeFrame([given, given, { again: given }])
    given.fill(9)
    const [[first, second, { again }]] = read(bundle) as [[Uint8Array, Uint8Array, { again: Uint8Array }]]
    bundle.fill(0)
    first.fill(0)
    expect([[...second], [...again]]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ])
  })

  it('a frame that is too long, is no JSON or points outside of itself is refused before anything is allocated', () => {
    const long = Buffer.alloc(8)
    long.writeUInt32LE(1 << 26, 0)
    long.writeUInt32LE(1, 4)
    expect(() => read(long)).toThrow('more than 64 MiB')
    const frame = (json: string) => {
      const bytes = Buffer.alloc(8 + json.length)
      bytes.writeUInt32LE(json.length, 0)
      bytes.write(json, 8)
      return bytes
    }
    for (const json of [
      '{',
      '{"$":[0,1]}',
      '{"$":[-1,1]}',
      '{"$":[0,9e15]}',
      '{"$":["a"]}',
      '[{"a":{"$":7}}]',
    ])
      expect(() => read(frame(json))).toThrow(RangeError)
    expect(() => read(frame('{"__proto__":{"x":1}}'))).toThrow(RangeError)
  })

  it('what cannot cross is refused at the call, and the host goes on', async () => {
    for (const wrong of [() => 1, 1n, Symbol('x')]) expect(() => encodeFrame([wrong])).toThrow(RangeError)
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
})
