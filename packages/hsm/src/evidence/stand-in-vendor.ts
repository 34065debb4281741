import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomInt,
  sign,
} from 'node:crypto'
import {
  caConstraints,
  der,
  type Extension,
  extendedUsage,
  extension,
  integer,
  keyUsage,
  name,
  oid,
  pkcs7,
  sequence,
  time,
} from './der-writer.ts'

const luna = '1.3.6.1.4.1.12383.1.'
const ecdsaWithSha256 = '1.2.840.10045.4.3.2'

/** Stands in for a token's vendor in a rehearsal: a root of its own, which only that rehearsal's policy pins. */
export type StandInVendor = {
  /** DER; its SHA-256 is what a policy pins. */
  readonly root: Uint8Array
  /** PKCS #8 DER. */
  readonly key: Uint8Array
}

/** A new root, to the profile that Luna's public key confirmations have for elliptic curves. */
export function makeStandInVendor(subject: string, created: string): StandInVendor {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const root = certificate({
    subject,
    issuer: subject,
    created,
    key: privateKey,
    spki: spkiOf(privateKey),
    extensions: [extendedUsage(`${luna}14`), caConstraints(), keyUsage(6)],
  })
  return { root, key: new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' })) }
}

/** What a vendor's tool gives for a P-256 key of a token: a confirmation with its chain, PKCS #7. */
export function confirmAsStandIn(
  vendor: StandInVendor,
  options: { subject: string; spki: Uint8Array; created: string },
): Uint8Array {
  const { subject, spki, created } = options
  const root = createPrivateKey({ key: Buffer.from(vendor.key), format: 'der', type: 'pkcs8' })
  const device = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const deviceName = `${subject} device`
  const middle = certificate({
    subject: deviceName,
    issuer: subject,
    created,
    key: root,
    spki: spkiOf(device),
    extensions: [extendedUsage(`${luna}15`), caConstraints(), keyUsage(6)],
  })
  const leaf = certificate({
    subject: `${subject} key`,
    issuer: deviceName,
    created,
    key: device,
    spki,
    extensions: [extendedUsage(`${luna}13`), keyUsage(0x80)],
  })
  return new Uint8Array(pkcs7(leaf, middle, vendor.root))
}

const spkiOf = (key: KeyObject): Uint8Array => createPublicKey(key).export({ type: 'spki', format: 'der' })

/** Valid for ten years from `created` on. */
function certificate(options: {
  subject: string
  issuer: string
  created: string
  key: KeyObject
  spki: Uint8Array
  extensions: readonly Extension[]
}): Uint8Array {
  const { subject, issuer, created, key, spki, extensions } = options
  const from = `${created.slice(0, 19).replaceAll(/[^0-9]/g, '')}Z`
  const to = `${Number(from.slice(0, 4)) + 10}${from.slice(4)}`.replace(/^(\d{4})0229/, '$10228')
  const algorithm = sequence(oid(ecdsaWithSha256))
  const tbs = sequence(
    der(0xa0, integer(2)),
    integer(randomInt(1, 1_000_000_000)),
    algorithm,
    name(issuer),
    sequence(time(from), time(to)),
    name(subject),
    spki,
    der(0xa3, sequence(...extensions.map(extension))),
  )
  // A Buffer's slice shares its memory, so the callers get copies.
  return new Uint8Array(sequence(tbs, algorithm, der(0x03, Buffer.from([0]), sign('sha256', tbs, key))))
}
