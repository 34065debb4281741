import { utf8 } from '../../bytes.ts'
import type { Json } from '../../canonical-json.ts'
import { FormatError } from '../../format-error.ts'
import { toHex } from '../../hex.ts'
import { accept, type Outcome, refuse } from '../../outcome.ts'
import type { Domain } from '../../sign/context.ts'
import { encodeDocument, parseDocument, signDocument, verifyDocument } from '../../sign/document.ts'
import type { SigningIdentity } from '../../sign/identity.ts'
import { identityId } from '../../sign/verification-keys.ts'
import { isEarlierText, textFault } from '../../text/index.ts'
import type { Authorities } from '../files/authorities.ts'
import { type Ciphertext, digestOf, type KnownCiphertext, type SeenCiphertext } from '../files/ciphertext.ts'
import { batchDigest } from '../files/identifiers.ts'
import { MAX_CIPHERTEXTS as MAX_BATCH } from '../files/partial-file.ts'

/** Context of the signature on a provenance. */
const PROVENANCE_CONTEXT = 'lux-fhe/v1/provenance'
const MAX_BYTES = 1 << 20
const MAX_CIPHERTEXTS = 1024
const MAX_INPUTS = 4096
const MAX_GROUPS = 256

/** How an evaluator came to believe an input: its proof of encryption, an encryptor's signature, its own client key. */
export type Admission = 'proof' | 'signature' | 'client-key'

type ProvenanceInput = {
  /** SHA-256 of the input as admitted, hex. */
  readonly digest: string
  readonly admitted: Admission
  /** Who brought it: an identity's id, or words. */
  readonly by: string
}

/** Ciphertexts or inputs in their order: how many, and their `batchDigest`, hex. */
export type Batch = { readonly count: number; readonly digest: string }

/** Where ciphertexts come from, as whoever the key's policy names signs it. Version 1 lists them, version 2 counts them. */
export type Provenance = Said & (Listed | Counted)

type Said = {
  readonly domain: Domain
  /** 32 bytes, hex. */
  readonly keyId: string
  /** S: computed and squashed, signed by an evaluator. F: freshly encrypted, signed by an encryptor. */
  readonly mode: 'S' | 'F'
  /** `bool`, `u64`, `i8`, …: of all of its ciphertexts. */
  readonly type: string
  /** What was computed: a name and a version, or a digest of the code. */
  readonly program: string
  /** UTC, ISO 8601 with milliseconds. */
  readonly time: string
}

type Listed = {
  readonly v: 1
  /** `ciphertextDigest` of each, hex. */
  readonly ciphertexts: readonly string[]
  readonly inputs: readonly ProvenanceInput[]
}

type Counted = {
  readonly v: 2
  readonly batch: Batch
  /** In groups that came in alike: `digest` is the `batchDigest` of the inputs' digests. */
  readonly inputs: readonly (ProvenanceInput & Batch)[]
}

/** The type of a ciphertext as a provenance and a request name it. */
export function typeName({ kind, bits }: Pick<Ciphertext, 'kind' | 'bits'>): string {
  return kind === 'bool' ? 'bool' : `${kind === 'uint' ? 'u' : 'i'}${bits}`
}

/** What is known of a ciphertext by its type, which its digest covers. Throws RangeError for a type that there is not. */
export function seenOfType(
  type: string,
  width: SeenCiphertext['width'],
  digest: Uint8Array,
): KnownCiphertext {
  const [, letter, digits] = /^([ui])([1-9]\d{0,3})$/.exec(type) ?? []
  if (type !== 'bool' && digits === undefined) throw new RangeError(`type: ${type}`)
  const bits = digits === undefined ? 1 : Number(digits)
  const kind = digits === undefined ? 'bool' : letter === 'u' ? 'uint' : 'int'
  const blockCount = digits === undefined ? 1 : Math.ceil(bits / (width === 64 ? 2 : 4))
  return { kind, bits, width, blockCount, digest }
}

/** The signed document {payload, signatures} in RFC 8785 form. Throws FormatError FHE-PROVENANCE when malformed. */
export function signProvenance(identity: SigningIdentity, provenance: Provenance): Uint8Array {
  const payload = toJson(readProvenance(toJson(provenance)))
  return encodeDocument(signDocument([identity], PROVENANCE_CONTEXT, payload))
}

/** Shape only; whose signature it must bear is for `checkProvenance`. Throws FormatError FHE-PROVENANCE, DOC-…, JSON-…. */
export function parseProvenance(bytes: Uint8Array): Provenance {
  return readProvenance(parseDocument(bytes, { maxBytes: MAX_BYTES }).payload)
}

type ProvenanceExpectation = {
  readonly domain: Domain
  readonly keyId: Uint8Array
  /** From the holder's own share, so that no request can add any. */
  readonly authorities: Authorities
  readonly ciphertexts: readonly (Ciphertext | SeenCiphertext)[]
}

type Vouched = {
  /** Who vouches for each ciphertext, in their order: the identity's id. */
  readonly signers: readonly string[]
  /** Whether all were encrypted with the client key, whose noise is far below that of the compact public key. */
  readonly clientKey: boolean
  /** The program that each ciphertext claims to come from, in their order. */
  readonly programs: readonly string[]
}

/**
 * Whether every ciphertext is vouched for by somebody whom the share names. An unknown ciphertext decrypted once can
 * give the whole key away, whatever the flooding. Refusals: FHE-PROVENANCE malformed · FHE-PROVENANCE-KEY ·
 * FHE-PROVENANCE-DOMAIN · FHE-PROVENANCE-SIGNER nobody of the share's list, or a bad signature ·
 * FHE-PROVENANCE-MODE · FHE-PROVENANCE-TYPE · FHE-PROVENANCE-MISSING. THRESHOLD-FHE section 6.
 */
export function checkProvenance(
  documents: readonly Uint8Array[],
  { domain, keyId, authorities, ciphertexts }: ProvenanceExpectation,
): Outcome<Vouched> {
  const vouched = new Map<string, { provenance: Provenance; signer: string }>()
  let next = 0
  for (const bytes of documents) {
    const read = verified(bytes, authorities)
    if (!read.ok) return read
    const { provenance } = read.value
    if (provenance.domain !== domain) return refuse('FHE-PROVENANCE-DOMAIN', `it is of ${provenance.domain}`)
    if (provenance.keyId !== toHex(keyId)) return refuse('FHE-PROVENANCE-KEY', 'it is of another key')
    for (const digest of provenance.v === 1 ? provenance.ciphertexts : []) vouched.set(digest, read.value)
    if (provenance.v === 1) continue
    // Batches follow each other as the documents do.
    const digests = ciphertexts.slice(next, next + provenance.batch.count).map(digestOf)
    if (digests.length !== provenance.batch.count || toHex(batchDigest(digests)) !== provenance.batch.digest)
      return refuse('FHE-PROVENANCE-MISSING', `from ciphertext ${next + 1} on it is not the batch`)
    for (const digest of digests) vouched.set(toHex(digest), read.value)
    next += digests.length
  }
  const signers: string[] = []
  const programs: string[] = []
  let clientKey = true
  for (const [i, ciphertext] of ciphertexts.entries()) {
    const found = vouched.get(toHex(digestOf(ciphertext)))
    if (!found) return refuse('FHE-PROVENANCE-MISSING', `nobody vouches for ciphertext ${i + 1}`)
    const { mode, type } = found.provenance
    if ((mode === 'S') !== (ciphertext.width === 128)) {
      return refuse('FHE-PROVENANCE-MODE', `mode ${mode} for ciphertext ${i + 1} of ${ciphertext.width} bits`)
    }
    if (type !== typeName(ciphertext)) {
      return refuse('FHE-PROVENANCE-TYPE', `ciphertext ${i + 1} is ${typeName(ciphertext)}, not ${type}`)
    }
    signers.push(found.signer)
    programs.push(found.provenance.program)
    clientKey &&= found.provenance.inputs.every(({ admitted }) => admitted === 'client-key')
  }
  return accept({ signers, clientKey, programs })
}

function verified(
  bytes: Uint8Array,
  authorities: Authorities,
): Outcome<{ provenance: Provenance; signer: string }> {
  try {
    const document = parseDocument(bytes, { maxBytes: MAX_BYTES })
    const provenance = readProvenance(document.payload)
    const listed = provenance.mode === 'S' ? authorities.evaluators : authorities.encryptors
    const known = [...new Map(listed.map((keys) => [identityId(keys), keys])).values()]
    const role = provenance.mode === 'S' ? 'evaluator' : 'encryptor'
    if (known.length === 0) return refuse('FHE-PROVENANCE-SIGNER', `the share names no ${role}`)
    const result = verifyDocument(document, PROVENANCE_CONTEXT, known, 1)
    if (!result.ok)
      return refuse('FHE-PROVENANCE-SIGNER', `no ${role} of the share: ${result.rule} ${result.detail}`)
    const [signer] = result.signers
    return signer === undefined
      ? refuse('FHE-PROVENANCE-SIGNER', 'nobody signed it')
      : accept({ provenance, signer })
  } catch (error) {
    if (error instanceof FormatError) return refuse('FHE-PROVENANCE', `${error.rule}: ${error.detail}`)
    throw error
  }
}

function toJson(provenance: Provenance): Json {
  return provenance.v === 1
    ? {
        ...provenance,
        ciphertexts: [...provenance.ciphertexts],
        inputs: provenance.inputs.map((one) => ({ ...one })),
      }
    : {
        ...provenance,
        batch: { ...provenance.batch },
        inputs: provenance.inputs.map((one) => ({ ...one })),
      }
}

function readProvenance(value: Json): Provenance {
  const { v, domain, keyId, mode, type, program, inputs, time, ...named } = members(value)
  const wrong = (what: string) => new FormatError('FHE-PROVENANCE', what)
  if (v !== 1 && v !== 2) throw wrong('v: expected 1 or 2')
  if (Object.keys(named).join() !== (v === 1 ? 'ciphertexts' : 'batch')) throw wrong('an unknown member')
  if (domain !== 'production' && domain !== 'rehearsal') throw wrong('domain')
  if (mode !== 'S' && mode !== 'F') throw wrong('mode')
  const text = (name: string, given: Json | undefined, pattern: RegExp): string => {
    if (typeof given !== 'string' || !pattern.test(given)) throw wrong(name)
    if (v === 1 ? !isEarlierText(given) : textFault(given) !== null) throw wrong(name)
    return given
  }
  const hex = (name: string, given: Json | undefined) => text(name, given, /^[0-9a-f]{64}$/)
  const count = (given: Json | undefined, most: number): number => {
    if (typeof given !== 'number' || !Number.isSafeInteger(given) || given < 1 || given > most)
      throw wrong('count')
    return given
  }
  const input = (given: { readonly [key: string]: Json | undefined }): ProvenanceInput => {
    const { digest, admitted, by, ...more } = given
    if (Object.keys(more).length > 0) throw wrong('inputs: an unknown member')
    if (admitted !== 'proof' && admitted !== 'signature' && admitted !== 'client-key') throw wrong('admitted')
    return { digest: hex('digest', digest), admitted, by: text('by', by, /^.{1,200}$/u) }
  }
  const list = (name: string, given: Json | undefined, most: number): readonly Json[] => {
    if (!Array.isArray(given) || given.length === 0 || given.length > most) throw wrong(name)
    return given
  }
  const said = {
    domain,
    keyId: hex('keyId', keyId),
    mode,
    type: text('type', type, /^(bool|[ui][1-9]\d{0,3})$/),
    program: text('program', program, /^.{1,200}$/u),
    time: text('time', time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  } as const
  const read: Provenance =
    v === 1
      ? {
          ...{ v, ...said },
          ciphertexts: list('ciphertexts', named.ciphertexts, MAX_CIPHERTEXTS).map((one) =>
            hex('ciphertexts', one),
          ),
          inputs: list('inputs', inputs, MAX_INPUTS).map((one) => input(members(one))),
        }
      : {
          ...{ v, ...said, batch: batchIn(named.batch) },
          inputs: list('inputs', inputs, MAX_GROUPS).map((one) => {
            const { count: of, ...more } = members(one)
            return { ...input(more), count: count(of, 0xffff_ffff) }
          }),
        }
  // A proven list expands to evaluated noise, which mode F does not hide.
  if (read.mode === 'F' && read.inputs.some(({ admitted }) => admitted === 'proof'))
    throw wrong('inputs: a proof')
  if (read.v === 1 && new Set(read.ciphertexts).size !== read.ciphertexts.length)
    throw wrong('ciphertexts: one is listed twice')
  return read

  function batchIn(given: Json | undefined): Batch {
    const { count: of, digest, ...more } = members(given ?? null)
    if (Object.keys(more).length > 0) throw wrong('batch: an unknown member')
    return { count: count(of, MAX_BATCH), digest: hex('digest', digest) }
  }
}

function members(value: Json): { readonly [key: string]: Json | undefined } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FormatError('FHE-PROVENANCE', 'not an object')
  }
  return Object.fromEntries(Object.entries(value))
}

/** What a proven list's proof is bound to, so that nobody can submit another's: keyId || identity of the submitter. */
export function provenMetadata(keyId: Uint8Array, submitter: string): Uint8Array {
  if (keyId.length !== 32) throw new RangeError(`keyId: expected 32 bytes, got ${keyId.length}`)
  return Uint8Array.from([...keyId, ...utf8(submitter)])
}
