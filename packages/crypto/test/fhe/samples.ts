import tfhe from 'node-tfhe'
import {
  barePartial,
  encodeCarried,
  encodeShareEnvelope,
  NO_AUTHORITIES,
  parseCiphertext,
  parseClientKey,
  partialDecrypt,
  redealShare,
  roundForCarrying,
  signProvenance,
  verifyShare,
} from '../../src/fhe/index.ts'
import { generateIdentity } from '../../src/sign/identity.ts'
import { vectorBytes } from '../vectors.ts'
import { dealt, entropyOf, LIMIT, realClientKey, squashedFile, withSquashKey } from './fixture.ts'

/** One honest file of every format. */
export function samples(): Readonly<Record<string, Uint8Array>> {
  const { key, bytes } = realClientKey()
  const clientKey = withSquashKey(bytes)
  const { key128 } = parseClientKey(clientKey)
  const deal = dealt(clientKey, 2, 3, 'S', true)
  const verified = verifyShare(deal.shares[0]!, deal.pub)
  if (!verified.ok) throw new Error(verified.detail)
  const squashed = squashedFile(key128!, 'Bool', 1n, 1)
  const partial = partialDecrypt(verified.value, [parseCiphertext(squashed)], new Uint8Array(32))
  const redealt = redealShare({
    verified: verified.value,
    dealers: [1, 2],
    to: { t: 2, n: 3 },
    planHash: new Uint8Array(32),
    entropy: entropyOf(70),
  })
  if (!partial.ok || !redealt.ok) throw new Error('no sample')
  const carried = encodeCarried(roundForCarrying(parseCiphertext(squashed)))
  const provenance = signProvenance(generateIdentity(entropyOf(71), ['ed25519']), {
    v: 1,
    domain: 'rehearsal',
    keyId: 'ab'.repeat(32),
    mode: 'S',
    type: 'bool',
    ciphertexts: ['cd'.repeat(32)],
    program: 'and',
    inputs: [{ digest: 'ef'.repeat(32), admitted: 'proof', by: 'Ann' }],
    time: '2026-01-31T09:30:00.000Z',
  })
  const fresh = tfhe.FheUint8.encrypt_with_client_key(1, key).safe_serialize(LIMIT)
  const boolean = tfhe.Boolean.new_client_key(tfhe.Boolean.get_parameters(0))
  return {
    'client-key': clientKey,
    'binary-key': tfhe.Boolean.serialize_client_key(boolean),
    'compact-public-key': tfhe.TfheCompactPublicKey.new(key).safe_serialize(LIMIT),
    ciphertext: fresh,
    'any-ciphertext': squashed,
    carried,
    share: deal.shares[0]!,
    public: deal.pub,
    partial: barePartial(partial.value),
    correction: redealt.value.correction,
    seeds: redealt.value.seedFiles[1]!,
    envelope: encodeShareEnvelope({
      ceremonyId: 'c0'.repeat(16),
      name: 'Ada',
      authorities: NO_AUTHORITIES,
      share: deal.shares[0]!,
      pub: deal.pub,
    }),
    provenance,
    'proven-list': vectorBytes('fhe/proven-u8.bin'),
    inspect: redealt.value.seedFiles[0]!,
  }
}
