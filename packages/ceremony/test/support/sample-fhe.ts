import {
  concatBytes,
  type Domain,
  encodeCanonical,
  fromHex,
  type SigningIdentity,
  sha256,
  sha256Hex,
  signWith,
  toHex,
  utf8,
} from '@lux/crypto'
import { cardCodec } from '../../src/documents/people/card.ts'
import { type BundleFhe, fheKeyId } from '../../src/exports/bundle.ts'
import {
  type Acknowledgement,
  acknowledgementCodec,
  envelopeSignedBytes,
  signatureContext,
} from '../../src/exports/documents.ts'
import { entropyOf, type Person } from './people.ts'
import { type SampleOptions, signerOf } from './sample-options.ts'

/** The public parts of a 2 of 3 deal with random vectors: every id and digest is right, no key is behind them. */
export function samplePublic(
  holders: readonly Person[],
  production: boolean,
  binary = false,
  serverKey?: Uint8Array,
) {
  const entropy = entropyOf('fhe')
  const compact = binary ? null : entropy.bytes(4096)
  const own = entropy.bytes(8192)
  const server = serverKey ?? own
  const compactPublicKey = compact && sha256Hex(compact)
  const keyId = fheKeyId(compactPublicKey, sha256Hex(server))
  const [t, n] = [2, holders.length]
  const roster = holders.map(({ card }, index) => ({
    index: index + 1,
    name: card.name,
    card: cardCodec.digest(card),
  }))
  const rosterDigest = sha256(encodeCanonical(roster))
  const pub64 = entropy.bytes((binary ? 2341 : 2048) * 8)
  const commitments = entropy.bytes(32 * n)
  const domain = Uint8Array.of(production ? 1 : 0)
  const epochFields = Uint8Array.of(0, 0, 0, 0, t, n, 1, 0, 0)
  const epochId = sha256(
    utf8('lux-fhe/v1/epoch'),
    domain,
    fromHex(keyId),
    epochFields,
    sha256(pub64),
    sha256(),
    sha256(commitments),
    rosterDigest,
  )
  const header = concatBytes(
    utf8('lux-pub1'),
    domain,
    fromHex(keyId),
    epochId,
    Uint8Array.of(0, 0, 0, 0, t, n, 0, 1, 0, 0),
  )
  const fhe: Omit<BundleFhe, 'holders' | 'public'> = {
    id: 'votes',
    type: binary ? 'TFHE_BINARY' : 'TFHE_INTEGER',
    mode: 'S',
    keyId,
    epochId: toHex(epochId),
    epoch: 0,
    t,
    n,
    compactPublicKey,
    serverKey: sha256Hex(server),
    commitments: sha256Hex(commitments),
  }
  return { fhe, roster, publicBytes: concatBytes(header, rosterDigest, pub64, commitments), compact, server }
}

/** The deal as a bundle names it, every envelope signed and every share acknowledged. */
export function sampleDeal(
  holders: readonly Person[],
  ceremony: SigningIdentity,
  { ceremonyId, domain }: { ceremonyId: string; domain: Domain },
  { binary = false, crs, serverKey, alter = {} }: SampleOptions,
  put: (bytes: Uint8Array) => string,
): BundleFhe {
  const { fhe, roster, publicBytes, compact, server } = samplePublic(
    holders,
    domain === 'production',
    binary,
    serverKey,
  )
  const signer = signerOf(alter)
  if (compact !== null) put(compact)
  put(server)
  return {
    ...fhe,
    public: put(publicBytes),
    ...(crs === undefined ? {} : { crs: put(crs) }),
    holders: roster.map((holder, index) => {
      const envelope = sha256Hex(utf8(`envelope ${index}`))
      const plain: Acknowledgement = {
        v: 1,
        kind: 'acknowledgement',
        domain,
        ceremonyId,
        keyId: fhe.keyId,
        epochId: fhe.epochId,
        holder: holder.index,
        name: holder.name,
        shareDigest: sha256Hex(utf8(`share ${index}`)),
        envelopeDigest: envelope,
      }
      const payload = alter.acknowledgement?.(plain) ?? plain
      const signatures = [
        acknowledgementCodec.sign(signer('acknowledgement', holders[index]!.identity), payload, domain),
      ]
      const context = signatureContext('share-envelope', domain)
      return {
        ...holder,
        envelope,
        signature: signWith(ceremony, context, envelopeSignedBytes(envelope)),
        acknowledgement: put(acknowledgementCodec.file.encode({ payload, signatures })),
      }
    }),
  }
}
