import type { WrapMechanism } from '../device.ts'

type Vector = { readonly kek: Buffer; readonly key: Buffer; readonly wrapped: Buffer }

const vector = (kek: string, key: string, wrapped: string): Vector => ({
  kek: Buffer.from(kek, 'hex'),
  key: Buffer.from(key, 'hex'),
  wrapped: Buffer.from(wrapped, 'hex'),
})

const kek192 = '5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8'

/** RFC 5649 section 6 (both examples); RFC 3394 sections 4.1 and 4.6. KWP of a 16-byte key differs from KW's, so neither passes as the other. */
export const knownAnswers: readonly { standard: WrapMechanism['standard']; vectors: readonly Vector[] }[] = [
  {
    standard: 'KWP-RFC5649',
    vectors: [
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
  },
]
