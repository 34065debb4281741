import tfhe from 'node-tfhe'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  admitProvenList,
  configOf,
  makeReferenceString,
  type ProvenListInput,
  provenMetadata,
} from '../../../src/fhe/index.ts'
import { LIMIT } from '../fixture.ts'

const keyId = new Uint8Array(32).fill(0x4b)
let key: tfhe.TfheClientKey
let input: ProvenListInput
/** The same value, proven by nobody in particular. */
let nameless: Uint8Array

/** A reference string takes a minute, a proof 6 to 9 s, a server key 6. */
beforeAll(() => {
  const config = configOf(tfhe, 'proven') as tfhe.TfheConfig
  key = tfhe.TfheClientKey.generate(config)
  tfhe.set_server_key(tfhe.TfheServerKey.new(key))
  const string = makeReferenceString(tfhe, 8)
  const crs = tfhe.CompactPkeCrs.safe_deserialize(string, LIMIT)
  const publicKey = tfhe.TfheCompactPublicKey.new(key)
  const builder = tfhe.ProvenCompactCiphertextList.builder(publicKey)
  builder.push_u8(7)
  const metadata = provenMetadata(keyId, 'Ann')
  const list = builder.build_with_proof_packed(crs, metadata, tfhe.ZkComputeLoad.Proof)
  const nobody = provenMetadata(keyId, '')
  nameless = builder.build_with_proof_packed(crs, nobody, tfhe.ZkComputeLoad.Proof).safe_serialize(LIMIT)
  input = {
    list: list.safe_serialize(LIMIT),
    types: ['u8'],
    crs: string,
    publicKey: publicKey.safe_serialize(LIMIT),
    keyId,
    submitter: 'Ann',
  }
}, 600_000)

describe('a proven list', () => {
  test('is admitted for its key and submitter, and expands to what was encrypted', () => {
    const admitted = admitProvenList(tfhe, input)
    if (!admitted.ok) throw new Error(admitted.detail)
    // The expander is tfhe's own; the module's type names only what every caller needs.
    const expander = admitted.value as tfhe.CompactCiphertextListExpander
    expect(expander.get_uint8(0).decrypt(key)).toBe(7)
  })

  test('FHE-PROOF is refused for another submitter, another key, or with one altered word', () => {
    const altered = input.list.slice()
    new DataView(altered.buffer).setBigUint64(2000, 2n ** 59n, true)
    for (const change of [{ submitter: 'Ben' }, { keyId: new Uint8Array(32) }, { list: altered }]) {
      expect(admitProvenList(tfhe, { ...input, ...change })).toMatchObject({ ok: false, rule: 'FHE-PROOF' })
    }
  })

  test('FHE-SUBMITTER, FHE-TRAILING, FHE-LIST-TYPES what no proof covers is refused although the proof verifies', () => {
    const trailing = new Uint8Array(input.list.length + 5)
    trailing.set(input.list)
    const signed = input.list.slice()
    signed[signed.length - 24] = 1
    const rule = (change: Partial<ProvenListInput>) => {
      const admitted = admitProvenList(tfhe, { ...input, ...change })
      return admitted.ok ? 'admitted' : admitted.rule
    }
    expect([
      rule({ list: nameless, submitter: '' }),
      rule({ list: trailing }),
      rule({ list: signed }),
      rule({ list: input.list }),
    ]).toEqual(['FHE-SUBMITTER', 'FHE-TRAILING', 'FHE-LIST-TYPES', 'admitted'])
    // Whoever expects an i8 gets one: the proof says that the bits are honest, not what they mean.
    expect(rule({ list: signed, types: ['i8'] })).toBe('admitted')
  })
})
