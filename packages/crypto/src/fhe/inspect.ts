import { fromUtf8, wipe } from '../bytes.ts'
import type { Json } from '../canonical-json.ts'
import { FormatError } from '../format-error.ts'
import { toHex } from '../hex.ts'
import { safeFloodingBits } from '../sharing/flooding.ts'
import { forgetSeeds } from '../sharing/seeds.ts'
import { CARRIED_MAGIC, parseCarried } from './decryption/carry.ts'
import { byteReader } from './files/byte-reader.ts'
import { type Ciphertext, ciphertextDigest, parseCiphertext } from './files/ciphertext.ts'
import {
  CORRECTION_MAGIC,
  isSeedFile,
  parseCorrection,
  parseSeedFile,
  type RedealHeader,
} from './files/correction-file.ts'
import type { FileHeader } from './files/file-header.ts'
import { commitmentsDigest } from './files/identifiers.ts'
import { PARTIAL_MAGIC, parsePartial } from './files/partial-file.ts'
import { isIntegerKey, PUBLIC_MAGIC, parsePublic } from './files/public-file.ts'
import { forgetEnvelope, parseShareEnvelope } from './files/share-envelope.ts'
import { forgetShare, parseShare, SHARE_MAGIC } from './files/share-file.ts'
import { readSafeHeader } from './files/tfhe-fields.ts'
import { parseBinaryKey } from './keys/binary-key.ts'
import { CLIENT_KEY_NAME, parseClientKey } from './keys/client-key.ts'

/** What a file is, and what of it may be shown: never a seed, a key bit or anything derived from one. */
type Inspection = {
  readonly type: string
  /** Whoever has this file has (part of) a key. */
  readonly secret: boolean
  /** `header`: what follows the header was not looked at and may be cut or changed. */
  readonly checked: 'whole' | 'header'
  readonly facts: { readonly [name: string]: Json }
}
type Named = Omit<Inspection, 'checked'>

const OPAQUE = new Map([
  ['high_level_api::CompactPublicKey', 'compact-public-key'],
  ['high_level_api::CompressedCompactPublicKey', 'compressed-compact-public-key'],
  ['high_level_api::CompressedServerKey', 'compressed-server-key'],
  ['high_level_api::ServerKey', 'server-key'],
  ['high_level_api::PublicKey', 'public-key'],
  ['high_level_api::CompressedPublicKey', 'compressed-public-key'],
  ['high_level_api::CompactCiphertextList', 'compact-ciphertext-list'],
  ['high_level_api::ProvenCompactCiphertextList', 'proven-compact-ciphertext-list'],
  ['zk::CompactPkeCrs', 'reference-string'],
])
const SEALED = 'sealed-file'
const headerOnly: ReadonlySet<string> = new Set([...OPAQUE.values(), SEALED])
const SEALED_MAGIC = 'age-encr'
const ENVELOPE_MAGIC = 'lux-env1'
const OURS = new Map([
  [SHARE_MAGIC, 'share'],
  [PUBLIC_MAGIC, 'public'],
  [PARTIAL_MAGIC, 'partial-decryption'],
  [CARRIED_MAGIC, 'carried-ciphertext'],
  [ENVELOPE_MAGIC, 'opened-share-envelope'],
  [SEALED_MAGIC, SEALED],
])
const SECRET: ReadonlySet<string> = new Set([
  'share',
  'opened-share-envelope',
  'seeds-of-a-reshare',
  'client-key',
])

/**
 * Names any known file of this product or of tfhe's safe_serialize. It is parsed in full where there is a parser and the whole file is
 * given; `checked` says whether it was. Throws FormatError: FHE-UNKNOWN-FILE, or the parser's rule for a damaged file. A file too large for
 * memory is named by its first 4096 bytes and `size`, in bytes, and only its header is read.
 */
export function inspect(bytes: Uint8Array, size: number = bytes.length): Inspection {
  if (bytes.length < size) return { ...identifyHead(bytes, size), checked: 'header' }
  const { type, secret, facts } = identify(bytes, size)
  return { type, secret, checked: headerOnly.has(type) ? 'header' : 'whole', facts }
}

/** The head of an intact file ends where a parser wants more, as that of a cut one: so none parses it. */
function identifyHead(bytes: Uint8Array, size: number): Named {
  const magic = magicOf(bytes)
  let type = OURS.get(magic)
  if (magic === CORRECTION_MAGIC) type = isSeedFile(bytes, size) ? 'seeds-of-a-reshare' : 'reshare-correction'
  if (type !== undefined) return { type, secret: SECRET.has(type), facts: { size } }
  const name = nameOf(bytes)
  type = name === null ? undefined : typeOf(name)
  if (name === null || type === undefined) throw unknownFile(name)
  return { type, secret: SECRET.has(type), facts: { tfhe: name, size } }
}

function identify(bytes: Uint8Array, size: number): Named {
  switch (magicOf(bytes)) {
    case SHARE_MAGIC: {
      const share = parseShare(bytes)
      const { header, budgets, policyHash, seeds } = share
      forgetShare(share)
      return {
        type: 'share',
        secret: true,
        facts: {
          ...headerFacts(header),
          policy: toHex(policyHash),
          budget: { ...budgets },
          sets: seeds.length,
          size,
        },
      }
    }
    case PUBLIC_MAGIC: {
      const pub = parsePublic(bytes)
      const { header, pub128, commitments, rosterDigest } = pub
      return {
        type: 'public',
        secret: false,
        facts: {
          ...headerFacts(header),
          roster: toHex(rosterDigest),
          key: isIntegerKey(pub) ? 'TFHE_INTEGER' : 'TFHE_BINARY',
          squash: pub128.length > 0,
          commitments: toHex(commitmentsDigest(commitments)),
          // Shares of a binary key answer nothing, so that no noise hides anything.
          ...(isIntegerKey(pub) ? { floodingBits: floodingBitsOf(header) } : {}),
          size,
        },
      }
    }
    case PARTIAL_MAGIC: {
      const { header, width, requestDigest, answers, signatures } = parsePartial(bytes)
      return {
        type: 'partial-decryption',
        secret: false,
        facts: {
          ...headerFacts(header),
          width,
          request: toHex(requestDigest),
          ciphertexts: answers.map(({ ciphertextDigest: digest }) => toHex(digest)),
          blocks: answers.reduce((sum, { blockCount }) => sum + blockCount, 0),
          signed: signatures.ed25519.length > 0 && signatures.mlDsa65.length > 0,
          size,
        },
      }
    }
    case CORRECTION_MAGIC:
      return inspectRedealing(bytes, size)
    case CARRIED_MAGIC: {
      const ciphertext = parseCarried(bytes)
      return {
        type: 'carried-ciphertext',
        secret: false,
        facts: { ...ciphertextFacts(ciphertext), size },
      }
    }
    case ENVELOPE_MAGIC: {
      const envelope = parseShareEnvelope(bytes)
      const { header } = envelope.share
      forgetEnvelope(envelope)
      return {
        type: 'opened-share-envelope',
        secret: true,
        facts: { ...headerFacts(header), ceremony: envelope.ceremonyId, name: envelope.name, size },
      }
    }
    case SEALED_MAGIC:
      return { type: SEALED, secret: false, facts: { size } }
    default:
      return inspectTfhe(bytes, size)
  }
}

function floodingBitsOf(header: FileHeader): { [name: string]: Json } {
  return { at64: safeFloodingBits(header, 64), at128: safeFloodingBits(header, 128) }
}

function inspectRedealing(bytes: Uint8Array, size: number): Named {
  const facts = ({ domain, keyId, epochId, planHash, dealer, t, n }: RedealHeader) => ({
    domain,
    keyId: toHex(keyId),
    oldEpochId: toHex(epochId),
    plan: toHex(planHash),
    dealer,
    t,
    n,
    size,
  })
  if (isSeedFile(bytes)) {
    const { header, holder, seeds } = parseSeedFile(bytes)
    forgetSeeds(seeds)
    return { type: 'seeds-of-a-reshare', secret: true, facts: { ...facts(header), holder } }
  }
  const { header, corr128, commitments } = parseCorrection(bytes)
  return {
    type: 'reshare-correction',
    secret: false,
    facts: {
      ...facts(header),
      squash: corr128.length > 0,
      commitments: toHex(commitmentsDigest(commitments)),
    },
  }
}

function ciphertextFacts(ciphertext: Ciphertext): { [name: string]: Json } {
  const { kind, bits, width, blocks, tag } = ciphertext
  return {
    kind,
    bits,
    width,
    blocks: blocks.length,
    tag: toHex(tag),
    digest: toHex(ciphertextDigest(ciphertext)),
  }
}

function inspectTfhe(bytes: Uint8Array, size: number): Named {
  const name = nameOf(bytes)
  if (name === null) {
    const binary = binaryKeyOf(bytes)
    if (binary === null) throw unknownFile(name)
    return { type: 'binary-client-key', secret: true, facts: { parameters: binary, size } }
  }
  const type = typeOf(name)
  if (type === undefined) throw unknownFile(name)
  if (type === 'client-key') {
    const { key64, key128, dedicatedCompactKey } = parseClientKey(bytes)
    wipe(key64)
    if (key128) wipe(key128)
    return { type, secret: true, facts: { squash: key128 !== null, dedicatedCompactKey, size } }
  }
  if (headerOnly.has(type)) return { type, secret: false, facts: { tfhe: name, size } }
  return { type, secret: false, facts: { ...ciphertextFacts(parseCiphertext(bytes)), size } }
}

/** The name that tfhe's safe_serialize wrote, or null for a file of anything else. */
function nameOf(bytes: Uint8Array): string | null {
  try {
    return readSafeHeader(byteReader(bytes))
  } catch {
    return null
  }
}

function typeOf(name: string): string | undefined {
  if (name === CLIENT_KEY_NAME) return 'client-key'
  const kind = /::(SquashedNoise)?Fhe(Uint|Int|Bool)$/.exec(name)
  if (kind === null) return OPAQUE.get(name)
  return kind[1] === undefined ? 'ciphertext' : 'squashed-ciphertext'
}

function unknownFile(name: string | null): FormatError {
  const what =
    name === null
      ? 'neither a file of tfhe safe_serialize nor one of ours'
      : 'a file of tfhe of a type that is not used here'
  return new FormatError('FHE-UNKNOWN-FILE', what)
}

/** The parameter set of a TFHE_BINARY client key, which has no header of its own; null for anything else. */
function binaryKeyOf(bytes: Uint8Array): string | null {
  try {
    const { parameters, words } = parseBinaryKey(bytes)
    wipe(words)
    return parameters
  } catch {
    return null
  }
}

function magicOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes.slice(0, 8))
  } catch {
    return ''
  }
}

function headerFacts(header: FileHeader): { [name: string]: Json } {
  const { domain, epoch, t, n, holder, d } = header
  const facts = {
    domain,
    keyId: toHex(header.keyId),
    epochId: toHex(header.epochId),
    epoch,
    t,
    n,
    dealers: d,
  }
  return holder === 0 ? facts : { ...facts, holder }
}
