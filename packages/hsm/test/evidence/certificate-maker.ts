import { generateKeyPairSync, type KeyObject, randomInt, sign } from 'node:crypto'
import {
  der,
  type Extension,
  extension,
  integer,
  name,
  oid,
  sequence,
  time,
} from '../../src/evidence/der-writer.ts'

export * from '../../src/evidence/der-writer.ts'

export type Pair = { privateKey: KeyObject; publicKey: KeyObject }

export const ecPair = (): Pair => generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const rsaPair = (modulusLength = 2048): Pair => generateKeyPairSync('rsa', { modulusLength })

export const spkiOf = ({ publicKey }: Pair) => publicKey.export({ type: 'spki', format: 'der' })

const signatures = {
  ec: { sha256: '1.2.840.10045.4.3.2', sha1: '1.2.840.10045.4.1' },
  rsa: { sha256: '1.2.840.113549.1.1.11', sha1: '1.2.840.113549.1.1.5' },
} as const

export type Made = { der: Buffer; name: string; pair: Pair }

export function makeCertificate(options: {
  subject: string
  pair: Pair
  issuer?: Made
  extensions?: readonly Extension[]
  notAfter?: string
  hash?: 'sha256' | 'sha1'
}): Made {
  const { subject, pair, issuer, extensions = [], notAfter = '20710101000000Z', hash = 'sha256' } = options
  const key = issuer?.pair.privateKey ?? pair.privateKey
  const algorithm = sequence(oid(signatures[key.asymmetricKeyType === 'rsa' ? 'rsa' : 'ec'][hash]))
  const tbs = sequence(
    der(0xa0, integer(2)),
    integer(randomInt(1, 1_000_000_000)),
    algorithm,
    name(issuer?.name ?? subject),
    sequence(time('20170101000000Z'), time(notAfter)),
    name(subject),
    spkiOf(pair),
    ...(extensions.length === 0 ? [] : [der(0xa3, sequence(...extensions.map(extension)))]),
  )
  const signature = sign(hash, tbs, key)
  return { der: sequence(tbs, algorithm, der(0x03, Buffer.from([0]), signature)), name: subject, pair }
}

export const pem = (...certificates: readonly Uint8Array[]): Buffer =>
  Buffer.from(
    certificates
      .map(
        (one) =>
          `-----BEGIN CERTIFICATE-----\n${Buffer.from(one).toString('base64')}\n-----END CERTIFICATE-----\n`,
      )
      .join(''),
  )
