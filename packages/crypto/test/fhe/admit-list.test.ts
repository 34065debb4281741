import tfhe from 'node-tfhe'
import { expect, test } from 'vitest'
import { admitProvenList } from '../../src/fhe/index.ts'
import { LIMIT, realClientKey } from './fixture.ts'

const { key, bytes } = realClientKey(true)
const publicKey = tfhe.TfheCompactPublicKey.new(key)
const builder = tfhe.CompactCiphertextList.builder(publicKey)
builder.push_u8(7)
const bare = builder.build_packed().safe_serialize(LIMIT)
const input = {
  crs: new Uint8Array(10),
  publicKey: publicKey.safe_serialize(LIMIT),
  keyId: new Uint8Array(32),
  submitter: 'Ann',
}

test('FHE-BARE-LIST a list without a proof is refused before anything is expanded', () => {
  expect(admitProvenList(tfhe, { ...input, list: bare })).toMatchObject({ ok: false, rule: 'FHE-BARE-LIST' })
})

test('FHE-TYPE what is no list is refused', () => {
  for (const list of [bytes, new Uint8Array(0), new Uint8Array(100)]) {
    expect(admitProvenList(tfhe, { ...input, list })).toMatchObject({ ok: false, rule: 'FHE-TYPE' })
  }
})

test('FHE-PROOF a bare list under the name of a proven one is refused', () => {
  const name = 'high_level_api::ProvenCompactCiphertextList'
  const head = Buffer.from(bare.subarray(0, 26))
  const length = Buffer.alloc(8)
  length.writeUInt32LE(name.length)
  const forged = Buffer.concat([head, length, Buffer.from(name), bare.subarray(34 + 37)])
  expect(admitProvenList(tfhe, { ...input, list: new Uint8Array(forged) })).toMatchObject({
    ok: false,
    rule: 'FHE-PROOF',
  })
})
