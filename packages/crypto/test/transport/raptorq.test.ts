import { expect, test } from 'vitest'
import { raptorQ } from '../../src/transport/index.ts'
import { code, payloadOf } from './raptorq.ts'

const idOf = (packet: Uint8Array): number => new DataView(packet.buffer, packet.byteOffset).getUint32(0)

/** Sizes around each of the first extended source blocks, whose padding is between none and 12 symbols. */
const sizes = [
  1, 2, 9, 10, 11, 12, 13, 17, 18, 19, 26, 27, 49, 50, 55, 62, 63, 101, 102, 114, 115, 200, 201, 257, 258,
]

test.each(sizes)(
  'of %i symbols the packets are numbered without a gap, and the repair packets alone give the object',
  (source) => {
    const object = payloadOf(64 * source - 3)
    const packets = code.encode(object, 64, source + 4)
    expect(packets.map(idOf)).toEqual(packets.map((_, at) => at))
    const decoder = code.open(object.length, 64)
    let got: Uint8Array | null = null
    for (const packet of packets.slice(source)) got ??= decoder.add(packet)
    decoder.close()
    expect(got).toEqual(object)
  },
)

test('packets whose numbers are of another kind throw, instead of becoming frames that nobody can read', () => {
  const Encoder = {
    with_defaults: () => ({ encode: () => [new Uint8Array(68), new Uint8Array(68)], free: () => undefined }),
  }
  const Decoder = { with_defaults: () => expect.unreachable() }
  expect(() => raptorQ({ Encoder, Decoder }).encode(payloadOf(64), 64, 1)).toThrow(
    'packet 1 bears another number',
  )
})

test('more symbols than frames go to are a misuse', () => {
  expect(() => code.open(64 * 4419, 64)).toThrow(RangeError)
})
