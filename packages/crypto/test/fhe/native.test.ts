import { readFileSync } from 'node:fs'
import tfhe from 'node-tfhe'
import { describe, expect, test } from 'vitest'
import { encodeCanonical } from '../../src/canonical-json.ts'
import { decodePhases } from '../../src/fhe/decryption/decode.ts'
import {
  checkProvenance,
  ciphertextDigest,
  combinePartials,
  keyIdOf,
  NO_AUTHORITIES,
  parseCiphertext,
  parseClientKey,
  parseProvenance,
  partialDecrypt,
  seeCiphertext,
  verifyShare,
} from '../../src/fhe/index.ts'
import { fromHex, identityId, sha256, toHex, verifySignature } from '../../src/index.ts'
import { toDocument } from '../../src/sign/document.ts'
import { dense, wordsOf } from '../sharing/reference.ts'

// What native tfhe-rs 1.7.0 computed under a key of ours, and what our holders make of it: vectors/native/README.md.

const read = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../vectors/native/${name}`, import.meta.url)))
const json = (name: string) => JSON.parse(new TextDecoder().decode(read(name)))

const results: readonly { output: string; kind: string; value: string }[] = json('values.json')
const ciphertexts = results.map(({ output }) => parseCiphertext(read(`results/${output}.squashed.bin`)))
const seen = results.map(({ output }) => seeCiphertext(read(`results/${output}.squashed.bin`)))
const expected = results.map(({ kind, value }) => (kind === 'bool' ? value === 'true' : BigInt(value)))
const SERVER_KEY = '94d25531029103321e62ae684e23ebe8eeb861e1971a176e1c2434c3086058f2'

test('the results are of every type that is computed on', () => {
  expect(new Set(results.map(({ kind }) => kind))).toEqual(new Set(['u8', 'u64', 'i64', 'bool']))
  expect(ciphertexts.every(({ width }) => width === 128)).toBe(true)
})

test.each([
  { name: '2of3', t: 2, quorum: [1, 3], verified: 0 },
  { name: '2of3', t: 2, quorum: [3, 2, 1], verified: 1 },
  { name: '3of5', t: 3, quorum: [2, 4, 5], verified: 0 },
  { name: '3of5', t: 3, quorum: [1, 2, 3, 4, 5], verified: 2 },
])('holders $quorum of $name decrypt all that native computed', ({ name, quorum, verified }) => {
  const shares = quorum.map((holder) => {
    const share = verifyShare(read(`${name}/holder-${holder}.bin`), read(`${name}/public.bin`), { holder })
    if (!share.ok) throw new Error(`${share.rule}: ${share.detail}`)
    return share.value
  })
  const partials = shares.map((share) => {
    const partial = partialDecrypt(share, ciphertexts, new Uint8Array(32))
    if (!partial.ok) throw new Error(`${partial.rule}: ${partial.detail}`)
    return partial.value
  })
  // The same of what is left when each file was read alone.
  for (const given of [ciphertexts, seen])
    expect(combinePartials(shares[0]!.pub, given, partials)).toMatchObject({
      ok: true,
      value: { values: expected, verified, cheaters: [] },
    })
})

test('the whole key decrypts them densely, with noise far within the bound of 2^70', () => {
  const { key128 } = parseClientKey(read('client-key.bin'))
  const key = wordsOf(key128!, 128)
  let worst = 0n
  for (const [i, ciphertext] of ciphertexts.entries()) {
    const phases = ciphertext.blocks.map(({ mask, body }) =>
      BigInt.asUintN(128, wordsOf(body, 128)[0]! - dense(wordsOf(mask, 128), key, 128)),
    )
    for (const phase of phases) {
      const noise = BigInt.asIntN(123, phase)
      worst = noise < 0n ? (worst > -noise ? worst : -noise) : worst > noise ? worst : noise
    }
    expect(decodePhases(ciphertext, phases)).toEqual({ ok: true, value: expected[i] })
  }
  expect(worst > 1n << 55n && worst < 1n << 68n).toBe(true)
})

describe('what was signed in Rust', () => {
  const evaluator = json('evaluator.json').keys
  const encryptor = json('encryptor.json').keys
  const publicKey = read('compact-public-key.bin')
  const keyId = keyIdOf({ compactPublicKey: sha256(publicKey), serverKey: fromHex(SERVER_KEY, 32) })
  const documents = results.map(({ output }) => read(`results/${output}.provenance.json`))
  const expectation = { domain: 'rehearsal', keyId, ciphertexts } as const

  test('the native evaluator vouches for each result as the evaluator whom the share names, and as nobody else', () => {
    const authorities = { ...NO_AUTHORITIES, evaluators: [evaluator] }
    expect(checkProvenance(documents, { ...expectation, authorities })).toMatchObject({
      ok: true,
      value: { signers: results.map(() => identityId(evaluator)) },
    })
    const stranger = { ...NO_AUTHORITIES, evaluators: [encryptor] }
    expect(checkProvenance(documents, { ...expectation, authorities: stranger })).toMatchObject({
      rule: 'FHE-PROVENANCE-SIGNER',
    })
    expect(checkProvenance(documents.slice(1), { ...expectation, authorities })).toMatchObject({
      rule: 'FHE-PROVENANCE-MISSING',
    })
  })

  test('names the digests that we compute, and the one signed input', () => {
    const input = toHex(sha256(read('inputs.bin')))
    for (const [i, document] of documents.entries()) {
      expect(parseProvenance(document)).toMatchObject({
        ciphertexts: [toHex(ciphertextDigest(ciphertexts[i]!))],
        inputs: [{ digest: input, admitted: 'signature', by: identityId(encryptor) }],
      })
    }
  })

  test('was admitted on a statement that the encryptor signed for this key and file', () => {
    const { payload, signatures } = toDocument(json('inputs.bin.signed.json'))
    const bytes = encodeCanonical(payload)
    expect(verifySignature(encryptor, 'lux-fhe/v1/input', bytes, signatures[0]!)).toEqual({ ok: true })
    expect(payload).toMatchObject({ keyId: toHex(keyId), digest: toHex(sha256(read('inputs.bin'))) })
  })
})

test('tfhe takes the key that it was all made with', () => {
  const key = tfhe.TfheClientKey.safe_deserialize(read('client-key.bin'), 1n << 30n)
  expect(new Uint8Array(key.safe_serialize(1n << 30n))).toEqual(read('client-key.bin'))
})
