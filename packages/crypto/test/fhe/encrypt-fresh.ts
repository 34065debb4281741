import tfhe from 'node-tfhe'

const LIMIT = 1n << 30n

/** A fresh FheUint8 under a compact public key, as a named encryptor would bring it: tfhe's own file, unpacked without a server key. */
export function encryptU8(publicKey: Uint8Array, value: number): Uint8Array {
  const key = tfhe.TfheCompactPublicKey.safe_deserialize(publicKey, LIMIT)
  const builder = tfhe.CompactCiphertextList.builder(key)
  builder.push_u8(value)
  return new Uint8Array(builder.build().expand().get_uint8(0).safe_serialize(LIMIT))
}
