import { scrypt } from '@noble/hashes/scrypt.js'
import { ml_kem768_x25519 } from '@noble/post-quantum/hybrid.js'
import { equalBytes, utf8 } from './bytes.ts'
import { encodeCanonical } from './canonical-json.ts'
import { hkdfSha256, hmacSha256, sha256, sha256Hex } from './hash.ts'
import { fromHex, toHex } from './hex.ts'
import { merkleRoot } from './merkle.ts'
import { deterministicEntropy } from './random.ts'
import { ed25519 } from './sign/ed25519.ts'
import { mlDsa65 } from './sign/ml-dsa.ts'
import { p256, p256DerToRaw } from './sign/p256.ts'
import { toWords } from './words/words.ts'
import { aesGcmOpen, aesGcmSeal, aesKwpUnwrap, aesKwpWrap, aesKwWrap } from './wrap.ts'

/** What one primitive answered: `ok` only when it gave its known answer. */
export type SelfTestResult = { readonly name: string; readonly ok: boolean }

const counting = Uint8Array.from({ length: 32 }, (_, index) => index)
const abc = utf8('abc')

// Sources: vectors/README.md; FIPS 180-4, RFC 8439 A.1, NIST GCM test case 14, RFC 7914 12, X-Wing draft C.
// ML-DSA digests: of NIST's deterministic key and of this package's own signature, itself covered by the KAT tests.
const knownAnswers: { readonly [name: string]: () => boolean } = {
  'sha-256': () => sha256Hex(abc) === 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  'hmac-sha-256': () =>
    toHex(hmacSha256(new Uint8Array(20).fill(0x0b), utf8('Hi There'))) ===
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  'hkdf-sha-256': () =>
    toHex(
      hkdfSha256(new Uint8Array(22).fill(0x0b), counting.slice(0, 13), fromHex('f0f1f2f3f4f5f6f7f8f9'), 42),
    ) === '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  'aes-kw': () =>
    toHex(
      aesKwWrap(counting, fromHex('00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f')),
    ) === '28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21',
  'aes-kwp': () => {
    const kek = fromHex('5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8')
    const wrapped = aesKwpWrap(kek, fromHex('466f7250617369'))
    return (
      toHex(wrapped) === 'afbeb0f07dfbf5419200f2ccb50bb24f' &&
      toHex(aesKwpUnwrap(kek, wrapped)) === '466f7250617369'
    )
  },
  'aes-256-gcm': () => {
    const sealed = aesGcmSeal(new Uint8Array(32), new Uint8Array(12), new Uint8Array(16))
    const opened = aesGcmOpen(new Uint8Array(32), new Uint8Array(12), sealed)
    return (
      toHex(sealed) === 'cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919' &&
      equalBytes(opened, new Uint8Array(16))
    )
  },
  chacha20: () =>
    toHex(deterministicEntropy(new Uint8Array(32)).bytes(32)) ===
    '76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7',
  'ecdsa-p256': () => {
    const secretKey = fromHex('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721')
    const publicKey = p256.publicKey(secretKey)
    const signature = p256.sign(secretKey, utf8('test'))
    return (
      toHex(p256DerToRaw(signature)) ===
        'f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083' &&
      p256.verify(publicKey, utf8('test'), signature) &&
      !p256.verify(publicKey, abc, signature)
    )
  },
  ed25519: () => {
    const seed = fromHex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60')
    const signature = ed25519.sign(seed, new Uint8Array(0))
    return (
      toHex(signature) ===
        'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b' &&
      ed25519.verify(ed25519.publicKey(seed), new Uint8Array(0), signature) &&
      !ed25519.verify(ed25519.publicKey(seed), abc, signature)
    )
  },
  'ml-dsa-65': () => {
    const seed = fromHex('f696484048ec21f96cf50a56d0759c448f3779752f0383d37449690694cf7a68')
    const publicKey = mlDsa65.publicKey(seed)
    const signature = mlDsa65.sign(seed, abc)
    return (
      sha256Hex(publicKey) === 'ab0f27cfe4f84d2a9fa74d48467439df9e5dd8401f8715f82ed70e43a371400a' &&
      sha256Hex(signature) === '6b9256c9fac7df03a1f759e760bcf06ba4659c4104a7af4644d6473dc0d84bba' &&
      mlDsa65.verify(publicKey, abc, signature) &&
      !mlDsa65.verify(publicKey, utf8('abd'), signature)
    )
  },
  'x25519-ml-kem-768': () => {
    const secretKey = fromHex('7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26')
    const coins = fromHex(
      '3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e235b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2',
    )
    const { cipherText, sharedSecret } = ml_kem768_x25519.encapsulate(
      ml_kem768_x25519.getPublicKey(secretKey),
      coins,
    )
    return (
      toHex(sharedSecret) === 'd2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384' &&
      equalBytes(ml_kem768_x25519.decapsulate(cipherText, secretKey), sharedSecret)
    )
  },
  scrypt: () =>
    toHex(scrypt(utf8(''), utf8(''), { N: 16, r: 1, p: 1, dkLen: 64 })) ===
    '77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906',
  'canonical-json': () =>
    toHex(encodeCanonical({ b: [1, 'ö'], a: null })) === '7b2261223a6e756c6c2c2262223a5b312c22c3b6225d7d',
  merkle: () =>
    toHex(merkleRoot([sha256(Uint8Array.of(0)), sha256(Uint8Array.of(0, 0))])) ===
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'pgp-words': () =>
    toWords(Uint8Array.of(0xe5, 0x82, 0xff, 0xff)).join(' ') === 'topmost Istanbul Zulu Yucatan',
}

/**
 * Known answers of every primitive in use, for each start of a program: the same in Node, in a page and in Electron.
 * Takes some tens of milliseconds; a primitive that throws counts as not ok.
 */
export function selfTest(): SelfTestResult[] {
  return Object.entries(knownAnswers).map(([name, answer]) => {
    try {
      return { name, ok: answer() }
    } catch {
      return { name, ok: false }
    }
  })
}
