import type { WrapMechanism } from '../../device.ts'

export type Vector = { readonly kek: Buffer; readonly key: Buffer; readonly wrapped: Buffer }

const vector = (kek: string, key: string, wrapped: string): Vector => ({
  kek: Buffer.from(kek, 'hex'),
  key: Buffer.from(key, 'hex'),
  wrapped: Buffer.from(wrapped, 'hex'),
})

const kek192 = '5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8'

type KnownAnswer = {
  readonly standard: WrapMechanism['standard']
  /** All must match. */
  readonly vectors: readonly Vector[]
  /** Keys that are no whole number of 8-byte blocks: SoftHSM pads them with zeros before it wraps, which RFC 5649 does not. */
  readonly oddLengths: readonly Vector[]
}

/**
 * KWP of whole blocks: computed with OpenSSL's id-aes256-wrap-pad and id-aes128-wrap-pad, an independent implementation
 * (RFC 5649 has only odd lengths: its section 6, both examples). KW: RFC 3394 sections 4.1 and 4.6, on the same keys, so
 * that neither passes as the other.
 */
export const knownAnswers: readonly KnownAnswer[] = [
  {
    standard: 'KWP-RFC5649',
    vectors: [
      vector(
        '000102030405060708090a0b0c0d0e0f',
        '00112233445566778899aabbccddeeff',
        '2cef0c9e30de26016c230cb78bc60d51b1fe083ba0c79cd5',
      ),
      vector(
        '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
        '00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f',
        '4a8029243027353b0694cf1bd8fc745bb0ce8a739b19b1960b12426d4c39cfeda926d103ab34e9f6',
      ),
    ],
    oddLengths: [
      vector(
        kek192,
        'c37b7e6492584340bed12207808941155068f738',
        '138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a',
      ),
      vector(kek192, '466f7250617369', 'afbeb0f07dfbf5419200f2ccb50bb24f'),
    ],
  },
  {
    standard: 'KW-RFC3394',
    vectors: [
      vector(
        '000102030405060708090a0b0c0d0e0f',
        '00112233445566778899aabbccddeeff',
        '1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5',
      ),
      vector(
        '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
        '00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f',
        '28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21',
      ),
    ],
    oddLengths: [],
  },
]
