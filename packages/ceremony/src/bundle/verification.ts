import type { ExceptionDecisionDocument } from '../documents/ceremony/exception.ts'
import type { OpeningCertificate } from '../documents/ceremony/opening.ts'
import type { PlanLock } from '../documents/ceremony/plan-approval.ts'
import type { Signed } from '../documents/format/document.ts'
import type { Domain } from '../documents/format/fields.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import type { Card } from '../documents/people/card.ts'
import type { ServerCard } from '../documents/people/server-card.ts'
import type { Transport } from '../documents/people/transport.ts'
import type { Plan } from '../plan/plan.ts'
import type { Policy, PolicyFile } from '../policy/schema.ts'
import type { Checkpoint } from '../transcript/checkpoint.ts'
import type { Verified } from '../transcript/verify.ts'
import { Ledger } from './checks.ts'
import type { Manifest } from './dsse.ts'
import type { Predicate } from './predicate.ts'
import type { Statement } from './statement.ts'
import { blobName, type ZipEntry } from './zip-layout.ts'
import { type RandomAccess, readEntry } from './zip-reader.ts'

/** A vendor's attestation of one public key, and the root that the policy pins for its format. */
export type AttestationClaim = {
  readonly format: NonNullable<Policy['attestationRoots']>[number]['format']
  readonly chain: Uint8Array
  /** DER. */
  readonly root: Uint8Array
  /** DER SubjectPublicKeyInfo, P-256. */
  readonly spki: Uint8Array
  readonly serial: string
  /** When the run was opened: every certificate but the root's has to be valid then. */
  readonly time: string
}

/** Reads X.509, which this package does not. */
export type AttestationCheck = (
  claim: AttestationClaim,
) => { readonly ok: true } | { readonly ok: false; readonly rule: string; readonly detail: string }

/** What the verifier knows besides the bundle. */
export type VerifyOptions = {
  /** Left out, no bundle with an attestation is accepted: ATTESTATION-CHAINS. */
  readonly attestation?: AttestationCheck
  /** Without one nothing is accepted: POLICY-MISSING. */
  readonly policy?: PolicyFile
  /** The verifier's own domain, where it has one besides the policy's. */
  readonly domain?: Domain
  /** The server that is about to import. */
  readonly audience?: string
  /** The last bundle that this audience receipted; null when it has none. Left out: not compared. */
  readonly lastReceipt?: { readonly bundleDigest: string; readonly sequence: string } | null
}

/** The policy's officers, by whether their signature of the manifest was verified. */
export type ManifestSigners = { readonly signed: readonly string[]; readonly missing: readonly string[] }

/** What the checks have found so far; a part is set by the check that parsed it. */
export class Verification {
  readonly ledger = new Ledger()
  readonly reader: RandomAccess
  readonly options: VerifyOptions
  readonly entries = new Map<string, ZipEntry>()
  readonly people = new Map<string, Card>()
  readonly servers = new Map<string, ServerCard>()
  readonly checkpoints: Signed<Checkpoint>[] = []
  readonly transports: Signed<Transport>[] = []
  manifest: Manifest | null = null
  statement: Statement | null = null
  transcript: Verified | null = null
  opening: Signed<OpeningCertificate> | null = null
  readonly exceptions: Signed<ExceptionDecisionDocument>[] = []
  /** Uncompressed point of the key that each vendor's chain has to be of, in the order of the predicate. */
  readonly attested: string[] = []
  plan: Plan | null = null
  lock: PlanLock | null = null
  commitments: string | null = null
  signers: ManifestSigners | null = null

  constructor(reader: RandomAccess, options: VerifyOptions) {
    this.reader = reader
    this.options = options
  }

  get predicate(): Predicate {
    return required(this.statement).predicate
  }

  get policy(): Policy {
    return required(this.options.policy ?? null).policy
  }

  get run(): Verified {
    return required(this.transcript)
  }

  get certificate(): OpeningCertificate {
    return required(this.opening).payload
  }

  /** A blob of at most `max` bytes, whole. */
  async blob(digest: string, max: number): Promise<Outcome<Uint8Array>> {
    const entry = this.entries.get(blobName(digest))
    if (entry === undefined) return refuse('BLOB-REFERENCES', `${digest.slice(0, 16)} is not in the bundle`)
    if (entry.size > max) return refuse('BLOB-SIZE', `${digest.slice(0, 16)} is longer than ${max} bytes`)
    const bytes = new Uint8Array(entry.size)
    let at = 0
    for await (const chunk of readEntry(this.reader, entry)) {
      bytes.set(chunk, at)
      at += chunk.length
    }
    return accept(bytes)
  }

  /** A blob parsed by one of the codecs. */
  async parsed<T>(digest: string, codec: { parse(bytes: Uint8Array): Outcome<T> }): Promise<Outcome<T>> {
    const bytes = await this.blob(digest, 16 << 20)
    return bytes.ok ? codec.parse(bytes.value) : bytes
  }
}

/** The catalogue's `needs` see to it that the part is there; a gap in them is a bug. */
export function required<T>(part: T | null): T {
  if (part === null) throw new Error('a check ran before the one that it needs')
  return part
}
