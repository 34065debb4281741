import type { Domain, SigningIdentity } from '@lux/crypto'
import type { BlobSource, Predicate } from '../../src/exports/bundle.ts'
import type {
  Acknowledgement,
  Card,
  ExceptionDecisionDocument,
  KeyStatement,
  OpeningCertificate,
  PlanLock,
  Transport,
  Version,
} from '../../src/exports/documents.ts'
import type { Plan } from '../../src/exports/plan.ts'
import type { Policy, PolicyFile } from '../../src/exports/policy.ts'
import type { Checkpoint, FullEntry, Header } from '../../src/exports/transcript.ts'
import type { Person, Server } from './people.ts'
import type { EpochAlterations } from './sample-epochs.ts'

/** A document that somebody signs, by what it is. */
export type SignedPart =
  | 'lock'
  | 'transport'
  | 'acknowledgement'
  | 'answer'
  | 'result'
  | 'epoch-approval'
  | 'redeal'
  | 'proof'
  | 'live'
/** Who signs it in place of `by`, who should. */
export type SignerOf = (part: SignedPart, by: SigningIdentity) => SigningIdentity

/** What a lock says beside its signatures. */
export type LockTerms = Omit<PlanLock, 'signatures'>

/** Changes made before the part is hashed and signed, so that only the altered thing is wrong. */
export type Alterations = {
  policy?: (policy: Policy) => Policy
  plan?: (plan: Plan) => Plan
  /** The plan's file, before it is hashed. */
  planText?: (text: string) => string
  header?: (header: Header) => Header
  entries?: (entries: FullEntry[]) => FullEntry[]
  opening?: (opening: OpeningCertificate) => OpeningCertificate
  openingSigners?: (officers: SigningIdentity[]) => SigningIdentity[]
  checkpoint?: (checkpoint: Checkpoint, index: number) => Checkpoint
  /** Witnesses of the last checkpoint, and of the two live ones before it. */
  cosigners?: (witnesses: SigningIdentity[]) => SigningIdentity[]
  liveCosigners?: (witnesses: SigningIdentity[], index: number) => SigningIdentity[]
  exception?: (decision: ExceptionDecisionDocument) => ExceptionDecisionDocument
  exceptionSigners?: (officers: SigningIdentity[]) => SigningIdentity[]
  transport?: (transport: Transport) => Transport
  /** Before the companion signs it; `companionSigner` signs instead of the companion. */
  statement?: (statement: KeyStatement) => KeyStatement
  companionSigner?: () => SigningIdentity
  acknowledgement?: (acknowledgement: Acknowledgement) => Acknowledgement
  predicate?: (predicate: Predicate) => Predicate
  blobs?: (blobs: BlobSource[]) => BlobSource[]
  epochs?: EpochAlterations
  /** Anybody in the room, before a card of theirs is used; and who sits there besides. */
  person?: (person: Person) => Person
  guests?: Person[]
  /** The second card of the holder who stays. */
  renewal?: (card: Card) => Card
  signer?: SignerOf
  /** What the plan is locked to, and by which officers. */
  lock?: (terms: LockTerms) => LockTerms
  lockSigners?: (officers: SigningIdentity[]) => SigningIdentity[]
  bundleSigners?: (signers: SigningIdentity[]) => SigningIdentity[]
}

/** Who attests keys: a root certificate, and a file for a P-256 key. The plan names `chain`, or what `attest` gives. */
export type SampleVendor = {
  root: Uint8Array
  attest(spki: Uint8Array): Uint8Array
  ceremony?: 'companion' | 'vendor'
  format?: 'luna' | 'yubihsm'
}

export type SampleOptions = {
  /** Of plan, transcript and bundle; 1 by default. */
  version?: Version
  domain?: Domain
  sequence?: string
  previous?: string | null
  supersedes?: string[]
  fhe?: boolean
  /** With `fhe`: a TFHE_BINARY key, which has no compact public key. */
  binary?: boolean
  /** With `fhe`: a reference string for proven inputs, which the plan has as one for 64 bits. */
  crs?: Uint8Array
  /** With `fhe`: its server key, of whatever length. */
  serverKey?: Uint8Array
  /** With `fhe`: the key is asked once, moved to other holders and tried with a canary. */
  life?: boolean
  /** With `life`: the holder who stays has another envelope key in the next epoch, as every plan says now. */
  renewed?: boolean
  /** A server of the caller's own, e.g. a real one under test. Its transports are signed by `receipt`. */
  server?: Server
  /** One node per entry; `seal` gives the age file with the wrapped root for it. */
  nodes?: { transport: Transport; sealed: Uint8Array; wrapped: string; mechanism: string }[]
  /** Wrapped keys below the root, in order; the sample's own are random bytes. */
  wrapped?: { organisation: Uint8Array; project: Uint8Array; data: Uint8Array; mechanism: string }
  /** What the data key is; an AES-256 key by default. `publicKey`: DER SPKI of a pair. */
  data?: {
    algorithm: 'AES-256' | 'RSA-2048' | 'RSA-4096' | 'EC-P256' | 'EC-P384'
    publicKey: Uint8Array | null
  }
  /** Possession digest of the root; the sample's own is of nothing. */
  possession?: { mechanism: string; digest: string }
  /** The root is also in a second token, by a vendor's clone or as a spare of its window. */
  replica?: boolean | 'spare'
  /** The companion vouches for ceremony key and root; with `ceremony: vendor` the vendor attests the ceremony key itself. */
  attested?: SampleVendor
  rootId?: string
  /** A root that an earlier ceremony made. */
  rootBorn?: string
  ceremonyId?: string
  alter?: Alterations
}

export type SampleBundle = {
  bytes: Uint8Array
  digest: string
  policy: PolicyFile
  header: Header
  entries: FullEntry[]
  predicate: Predicate
  server: Server
  officers: SigningIdentity[]
  witnesses: SigningIdentity[]
  ceremony: SigningIdentity
}

/** The signer that these alterations name, else whoever should. */
export const signerOf =
  ({ signer }: Alterations): SignerOf =>
  (part, by) =>
    signer?.(part, by) ?? by

export const sampleCeremonyId = 'c0'.repeat(16)
export const sampleBuild = 'b1'.repeat(32)
export const sampleTime = (minute: number) => `2026-01-15T09:${String(minute).padStart(2, '0')}:00.000Z`
