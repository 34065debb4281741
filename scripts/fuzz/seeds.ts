import { sealEnvelope } from '../../apps/companion-server/src/keys/envelope.ts'
import { cardCodec } from '../../packages/ceremony/src/exports/documents.ts'
import { type MediumHeader, sealMedium } from '../../packages/crypto/src/backup/sealed-medium.ts'
import { sha256Hex } from '../../packages/crypto/src/hash.ts'
import { Secret } from '../../packages/crypto/src/secret.ts'
import { generateIdentity } from '../../packages/crypto/src/sign/identity.ts'
import { envelopeText } from '../../packages/crypto/src/transport/envelope.ts'
import { encodeHeldShare } from '../../packages/people/src/holder/share-file.ts'
import { encodePersonKey } from '../../packages/people/src/person-key.ts'
import { bytesOf } from './target.ts'

// What is made by this program in ways that take more than a line.

const entropy = { bytes: (count: number) => new Uint8Array(count).fill(7) }
const hex = (bytes: number): string => 'ab'.repeat(bytes)

export function medium(): Uint8Array {
  const wrapped = new Uint8Array(512)
  const header: MediumHeader = {
    ...({ domain: 'rehearsal', ceremonyId: hex(16), key: 'root', set: hex(16), identifier: 1 } as const),
    ...({ t: 2, n: 2, publicKey: hex(32), mechanism: 'RSA-OAEP-SHA256' } as const),
    ...{ wrapped: sha256Hex(wrapped), shares: [hex(32), hex(32)] },
  }
  const privateKey = Secret.take(entropy.bytes(64))
  return sealMedium(header, { wrapped, privateKey }, { secret: Secret.take(entropy.bytes(32)), entropy })
}

export function pasted(): Uint8Array {
  const text = envelopeText({ type: 'card', payload: entropy.bytes(40) })
  if (!text.ok) throw new Error(text.detail)
  return bytesOf(text.value)
}

export function witnessKey(): Uint8Array {
  const identity = generateIdentity(entropy, ['ed25519'])
  const said = { v: 3, kind: 'witness', domain: 'rehearsal', name: 'Ada', keys: identity.keys }
  const card = cardCodec.check(said)
  if (!card.ok) throw new Error(card.detail)
  return encodePersonKey({ card: card.value, identity, seal: null })
}

export function held(): Uint8Array {
  const [content, sealed, pub] = [entropy.bytes(90), entropy.bytes(60), entropy.bytes(30)]
  return encodeHeldShare({ content, sealed, pub, ceremonyId: hex(16), policyDigest: hex(32) })
}

export function sealed(): Uint8Array {
  const place = { organisation: 'a', project: 'b', keyId: entropy.bytes(16), version: 1 }
  const context = { ...place, algorithm: 'aes-256-gcm' } as const
  return sealEnvelope(entropy.bytes(32), context, bytesOf('text'), entropy.bytes(32))
}

/** The least library that loads a table of strings and needs another: 64-bit, of the order that x64 has. */
export function library(): Uint8Array {
  const [header, segments, dynamic] = [64, 2 * 56, 4 * 16]
  const file = Buffer.alloc(header + segments + dynamic + 32)
  const whole = BigInt(file.length)
  const [table, strings] = [header + segments, header + segments + dynamic]
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  file.writeUInt16LE(3, 16)
  file.writeUInt16LE(62, 18)
  file.writeBigUInt64LE(BigInt(header), 32)
  file.writeUInt16LE(2, 56)
  const segment = (at: number, type: number, from: number, size: bigint): void => {
    file.writeUInt32LE(type, at)
    file.writeBigUInt64LE(BigInt(from), at + 8)
    file.writeBigUInt64LE(BigInt(from), at + 16)
    file.writeBigUInt64LE(size, at + 32)
  }
  segment(header, 1, 0, whole)
  segment(header + 56, 2, table, BigInt(dynamic))
  const entries = [
    [5n, BigInt(strings)],
    [1n, 1n],
    [14n, 9n],
    [29n, 1n],
  ] as const
  for (const [at, [tag, value]] of entries.entries()) {
    file.writeBigUInt64LE(tag, table + 16 * at)
    file.writeBigUInt64LE(value, table + 16 * at + 8)
  }
  file.write('\0liba.so\0liby.so\0', strings)
  return file
}
