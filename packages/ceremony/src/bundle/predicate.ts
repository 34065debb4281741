import * as v from 'valibot'
import { dealtBackup } from '../documents/backup/dealt-backup.ts'
import { keyAttributes as attributes } from '../documents/ceremony/key-statement.ts'
import { holderIndex, unsigned32 } from '../documents/format/fhe-fields.ts'
import {
  counter,
  digest,
  domain,
  earlierKey,
  hex16,
  hybridSignature,
  id,
  positive,
  type Texts,
} from '../documents/format/fields.ts'
import { type AnyVersion, textsOf, version, versions } from '../documents/format/versions.ts'
import { evidenceLevels } from '../policy/schema.ts'

export const levels = ['root', 'organisation', 'project', 'data'] as const

const keyEvidence = ({ line }: Texts) =>
  v.strictObject({
    /** The wrap tree's id, or `ceremony` for the ceremony key. */
    id,
    level: v.picklist(['ceremony', ...levels]),
    evidence: v.picklist(evidenceLevels),
    serial: line,
    ckaId: hex16,
    label: line,
    attributes,
  })

/** 1 to 16. */
const shareIndex = v.pipe(positive, v.maxValue(16))

const wrapped = ({ line }: Texts) => ({
  level: v.picklist(levels),
  id,
  /** The organisation's, the project's or the key's name, for people. */
  name: line,
  parent: v.nullable(id),
  version: positive,
  algorithm: id,
  /** How `blob` is wrapped under the parent; null for the root. */
  mechanism: v.nullable(line),
  /** SHA-256 of the wrapped key, a blob of this bundle; null for the root, whose blobs are in `transports`. */
  blob: v.nullable(digest),
  /** Blob: DER SPKI of a key pair, else null. */
  publicKey: v.nullable(digest),
  /** For the root: 16 random bytes of its birth and that ceremony's id. Null below it. */
  root: v.nullable(v.strictObject({ rootId: hex16, born: hex16 })),
})

const possession = ({ line }: Texts) => v.strictObject({ id, mechanism: line, challenge: digest, digest })

/** A root that the vendor's tool brought into the token of this role: the same `digest` as the root's possession proof. */
const replica = ({ line }: Texts) => ({
  id,
  token: id,
  serial: line,
  way: v.picklist(['vendor-clone', 'vendor-wrap']),
  ckaId: hex16,
  evidence: v.picklist(evidenceLevels),
  attributes,
  mechanism: line,
  challenge: digest,
  digest,
})

const replicas = <T extends v.GenericSchema>(one: T) =>
  v.exactOptional(v.pipe(v.array(one), v.minLength(1), v.maxLength(20)))

/** Who vouches for a key, above E1. `root`, `chain` and the statement's `document` are blobs. */
const attestation = v.strictObject({
  /** The wrap tree's id, or `ceremony`. */
  id,
  level: v.picklist(['ceremony', ...levels]),
  by: v.picklist(['companion', 'vendor']),
  root: digest,
  /** The vendor's file of certificates: about the companion key, or, where `by` is the vendor, about the key itself. */
  chain: digest,
  /** What the companion signed, and how many entries of the transcript are under it; null by the vendor. */
  statement: v.nullable(v.strictObject({ document: digest, size: counter })),
})

const transport = ({ line }: Texts) =>
  v.strictObject({
    /** Blob: the signed transport document. */
    document: digest,
    /** Per root: the age-sealed file (a blob), and the digest of the RSA-OAEP blob inside it. */
    roots: v.array(v.strictObject({ id, mechanism: line, sealed: digest, wrapped: digest })),
  })

const fhe = ({ line }: Texts) =>
  v.strictObject({
    id,
    type: v.picklist(['TFHE_INTEGER', 'TFHE_BINARY']),
    mode: v.picklist(['S', 'F']),
    keyId: digest,
    epochId: digest,
    epoch: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(0xffff_ffff)),
    t: v.pipe(positive, v.maxValue(15)),
    n: v.pipe(positive, v.maxValue(15)),
    /** Blobs: public.bin; compact-public-key.bin and server-key.bin, null where the rehearsal made none. */
    public: digest,
    compactPublicKey: v.nullable(digest),
    serverKey: v.nullable(digest),
    /** Blob: crs.bin, the reference string, where the plan names how many bits a list may prove. */
    crs: v.exactOptional(digest),
    /** SHA-256 of the seed commitments at the end of public.bin. */
    commitments: digest,
    /** By holder index from 1. `card` is a blob; the share envelope itself is not in the bundle. */
    holders: v.pipe(
      v.array(
        v.strictObject({
          index: v.pipe(positive, v.maxValue(15)),
          name: line,
          card: digest,
          envelope: digest,
          /** Ceremony key over the envelope's digest, context share-envelope. */
          signature: hybridSignature,
          /** Blob: the holder's signed acknowledgement. */
          acknowledgement: digest,
        }),
      ),
      v.minLength(1),
      v.maxLength(15),
    ),
  })

/** An epoch of a key that an earlier ceremony dealt. `public` is a blob. */
const existingEpoch = v.strictObject({
  keyId: digest,
  epochId: digest,
  epoch: unsigned32,
  public: digest,
})

/** A threshold decryption. `package`, every `document` and `result` are blobs. */
const decryption = ({ line }: Texts) =>
  v.strictObject({
    id,
    /** The requester's package, with the approvers' signatures. */
    package: digest,
    /** In the order in which they came. */
    answers: v.pipe(
      v.array(v.strictObject({ holder: holderIndex, name: line, document: digest })),
      v.minLength(1),
      v.maxLength(15),
    ),
    result: digest,
  })

/** The next epoch. `public`, `approvals`, every `document`, `correction` and `acknowledgement`, and `live` are blobs. */
const nextEpoch = ({ line }: Texts) =>
  v.strictObject({
    epochId: digest,
    epoch: unsigned32,
    t: holderIndex,
    n: holderIndex,
    public: digest,
    approvals: v.pipe(v.array(digest), v.minLength(1), v.maxLength(15)),
    /** Ascending by dealer. */
    redeals: v.pipe(
      v.array(v.strictObject({ dealer: holderIndex, name: line, document: digest, correction: digest })),
      v.minLength(1),
      v.maxLength(15),
    ),
    /** By index from 1. */
    holders: v.pipe(
      v.array(v.strictObject({ index: holderIndex, name: line, card: digest, acknowledgement: digest })),
      v.minLength(1),
      v.maxLength(15),
    ),
    live: digest,
  })

const common = (of: Texts) => ({
  ceremonyId: hex16,
  domain,
  /** Also the digest of the plan's file, a blob. */
  planHash: digest,
  /** Blob: plan.lock.json; null in a rehearsal. */
  lock: v.nullable(digest),
  policyDigest: digest,
  /** Blobs: cards of people and of the server, ascending. */
  cards: v.pipe(v.array(digest), v.maxLength(300)),
  /** Blob: the signed opening certificate. */
  opening: digest,
  /** Blobs: signed checkpoints with their cosignatures, by size. The last covers the whole transcript. */
  checkpoints: v.pipe(
    v.array(v.strictObject({ size: counter, blob: digest })),
    v.minLength(1),
    v.maxLength(4096),
  ),
  /** Blobs: signed decisions about exceptions, by number. `size`: of the head that each names. */
  exceptions: v.pipe(
    v.array(v.strictObject({ id: positive, size: counter, blob: digest })),
    v.maxLength(4096),
  ),
  transcript: v.strictObject({ size: counter, node: digest, root: digest }),
  keyEvidence: v.pipe(v.array(keyEvidence(of)), v.maxLength(4096)),
  possession: v.pipe(v.array(possession(of)), v.maxLength(64)),
  /** Absent where nobody vouches for a key. */
  attestations: v.exactOptional(v.pipe(v.array(attestation), v.minLength(1), v.maxLength(4096))),
  transports: v.pipe(v.array(transport(of)), v.maxLength(64)),
  fhe: v.nullable(fhe(of)),
  /** The epoch from which the run started, where it dealt none. */
  existing: v.nullable(existingEpoch),
  decryptions: v.pipe(v.array(decryption(of)), v.maxLength(100)),
  next: v.nullable(nextEpoch(of)),
  /** The server that may import; null where the bundle is for nobody (then sequence is 0). */
  audience: v.nullable(digest),
  sequence: counter,
  /** Digest of the last bundle that the audience receipted, null for its first. */
  previous: v.nullable(digest),
  /** Digests of bundles sent since then and never receipted, which this one replaces. */
  supersedes: v.pipe(v.array(digest), v.maxLength(64)),
})

const tree = <T extends v.GenericSchema>(node: T) => v.pipe(v.array(node), v.maxLength(4096))

const schema1 = v.strictObject({
  v: version,
  ...common(textsOf[1]),
  /** Absent where none was made, as in bundles from before there were any. */
  replicas: replicas(v.strictObject(replica(textsOf[1]))),
  wrapTree: tree(v.strictObject(wrapped(textsOf[1]))),
})

/** Shares of a root's backup. `card`, `publicKey` and every `acknowledgement` are blobs; medium and envelopes are not in the bundle. */
const backup = ({ line }: Texts) =>
  v.strictObject({
    /** The root's id in the wrap tree. */
    id,
    /** 16 random bytes; and the identifier of SLIP-39, which no other set of the organisation has. */
    set: hex16,
    identifier: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(0x7fff)),
    t: shareIndex,
    n: shareIndex,
    /** DER SPKI of the RSA-4096 pair to which the window wrapped the root, and SHA-256 of the RSA-OAEP blob. */
    publicKey: digest,
    wrapped: digest,
    /** SHA-256 of the sealed medium. */
    medium: digest,
    /** By index from 1. `share`: SHA-256 of tag, set, index and share, by which each is checked alone. */
    shares: v.pipe(
      v.array(
        v.strictObject({
          index: shareIndex,
          name: line,
          card: digest,
          share: digest,
          envelope: digest,
          /** Ceremony key over the envelope's digest, context share-envelope. */
          signature: hybridSignature,
          acknowledgement: digest,
        }),
      ),
      v.minLength(1),
      v.maxLength(16),
    ),
  })

const address = v.strictObject({
  audience: digest,
  sequence: counter,
  previous: v.nullable(digest),
  supersedes: v.pipe(v.array(digest), v.maxLength(64)),
})

const schema2 = (of: Texts) =>
  v.strictObject({
    v: version,
    ...common(of),
    wrapTree: tree(v.strictObject({ ...wrapped(of), replaces: v.exactOptional(earlierKey) })),
    /** A spare has its root by the `trusted-window`. */
    replicas: replicas(
      v.strictObject({ ...replica(of), way: v.picklist(['vendor-clone', 'vendor-wrap', 'trusted-window']) }),
    ),
    backups: v.exactOptional(v.pipe(v.array(backup(of)), v.minLength(1), v.maxLength(64))),
    /** The backup of an earlier ceremony that the run used; statements by custodian's index, each `document` a blob. */
    recovery: v.exactOptional(
      v.strictObject({
        use: v.picklist(['check', 'drill', 'restore']),
        backup: dealtBackup,
        /** Where it was opened: blob of what asked the custodians, and the root as the token shows and proves it. */
        request: v.exactOptional(digest),
        restored: v.exactOptional(
          v.strictObject({
            token: of.line,
            serial: of.line,
            ckaId: hex16,
            evidence: v.picklist(evidenceLevels),
            attributes,
            mechanism: of.line,
            challenge: digest,
            digest,
            /** Which were combined. */
            shares: v.pipe(v.array(shareIndex), v.maxLength(16)),
          }),
        ),
        /** The token in which it was destroyed again, and proved absent. */
        zeroised: v.exactOptional(v.strictObject({ token: of.line, serial: of.line })),
        statements: v.pipe(
          v.array(v.strictObject({ index: shareIndex, name: of.line, document: digest })),
          v.maxLength(16),
        ),
      }),
    ),
    /** Statements that shares are still held, by holder's index; each `document` is a blob. */
    heartbeats: v.exactOptional(
      v.pipe(
        v.array(v.strictObject({ index: holderIndex, name: of.line, document: digest })),
        v.minLength(1),
        v.maxLength(15),
      ),
    ),
    revokes: v.exactOptional(v.pipe(v.array(earlierKey), v.minLength(1), v.maxLength(4096))),
    /** Roots of earlier ceremonies that were destroyed, by token, in the plan's order. */
    decommissioned: v.exactOptional(
      v.pipe(
        v.array(v.strictObject({ id, token: of.line, serial: of.line, ckaId: hex16 })),
        v.minLength(1),
        v.maxLength(64),
      ),
    ),
    /** Blob: the file of the next version of the policy. */
    nextPolicy: v.exactOptional(digest),
    /** Further servers that may import, each with its own sequence. */
    alsoFor: v.exactOptional(v.pipe(v.array(address), v.minLength(1), v.maxLength(19))),
  })

const schema = versions<Predicate>({
  1: schema1,
  2: schema2(textsOf[2]),
  3: schema2(textsOf[3]),
})

/** What a bundle says, in the predicate of its in-toto statement. */
export type Predicate = AnyVersion<v.InferOutput<ReturnType<typeof schema2>>>

/** Where a bundle stands in the line of one server that may import it. */
export type Address = Pick<Predicate, 'sequence' | 'previous' | 'supersedes'> & { audience: string }

/** Every server that may import the bundle, in the plan's order. */
export function addressesOf({
  audience,
  sequence,
  previous,
  supersedes,
  alsoFor = [],
}: Predicate): Address[] {
  return audience === null ? [...alsoFor] : [{ audience, sequence, previous, supersedes }, ...alsoFor]
}

export type WrapNode = Predicate['wrapTree'][number]

export type BundleFhe = NonNullable<Predicate['fhe']>

export const predicateSchema: v.GenericSchema<unknown, Predicate> = schema

/** Every blob that a predicate names. */
export function namedBlobs(predicate: Predicate): Set<string> {
  const { planHash, lock, cards, opening, checkpoints, exceptions, wrapTree, transports, fhe } = predicate
  const named: (string | null)[] = [planHash, lock, ...cards, opening, ...checkpoints.map(({ blob }) => blob)]
  named.push(...exceptions.map(({ blob }) => blob))
  for (const { blob, publicKey } of wrapTree) named.push(blob, publicKey)
  for (const { document, roots } of transports) named.push(document, ...roots.map(({ sealed }) => sealed))
  for (const { root, chain, statement } of predicate.attestations ?? [])
    named.push(root, chain, statement?.document ?? null)
  if (fhe) {
    named.push(fhe.public, fhe.compactPublicKey, fhe.serverKey, fhe.crs ?? null)
    for (const { card, acknowledgement } of fhe.holders) named.push(card, acknowledgement)
  }
  const { existing, decryptions, next } = predicate
  named.push(existing?.public ?? null)
  for (const { package: given, answers, result } of decryptions)
    named.push(given, result, ...answers.map(({ document }) => document))
  if (next) {
    named.push(next.public, next.live, ...next.approvals)
    for (const { document, correction } of next.redeals) named.push(document, correction)
    for (const { card, acknowledgement } of next.holders) named.push(card, acknowledgement)
  }
  for (const { publicKey, shares } of predicate.backups ?? [])
    named.push(publicKey, ...shares.flatMap(({ card, acknowledgement }) => [card, acknowledgement]))
  named.push(predicate.recovery?.request ?? null)
  named.push(...(predicate.recovery?.statements ?? []).map(({ document }) => document))
  named.push(...(predicate.heartbeats ?? []).map(({ document }) => document), predicate.nextPolicy ?? null)
  return new Set(named.filter((digest) => digest !== null))
}
