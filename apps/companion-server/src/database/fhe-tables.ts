import type { ColumnType } from 'kysely'
import type { BigInt64, Document, MadeTime, Time } from './column-types.ts'

type MaybeTime = ColumnType<Date | null, Date | string | null, Date | string | null>

/** A threshold key as it is now; `t`, `n`, `epoch` and `commitments` are those of its newest epoch. */
export type FheKeyTable = {
  id: string
  /** The one organisation of the bundle that dealt it; null where the bundle named none or several. */
  organisation_id: string | null
  type: string
  mode: string
  t: number
  n: number
  epoch: BigInt64
  commitments: string
  evidence: Document
  bundle_digest: string
  created_at: MadeTime
}

/** One row for each epoch that a bundle brought. */
export type FheEpochTable = {
  fhe_key_id: string
  epoch: number
  epoch_id: string
  t: number
  n: number
  /** SHA-256 of public.bin, a file of the state folder. */
  public: string
  commitments: string
  /** Whom the shares of this epoch let ask, open and vouch. */
  policy_digest: string
  bundle_digest: string
  /**
   * Blocks of the key's width that each holder of this epoch may answer by what the old ones said was left. Null where the key
   * was dealt, and in rows from before it was kept.
   */
  carried: BigInt64 | null
  created_at: MadeTime
}

export type FheShareCommitmentTable = {
  fhe_key_id: string
  epoch: number
  holder_index: number
  /** The envelope digest that the holder acknowledged; the seeds' commitments are in public.bin. */
  envelope: string
  holder: string
  /** The holder's card, canonical JSON: its digest is in the roster of public.bin. Null in rows from before it was kept. */
  card: string | null
}

export type FheCiphertextTable = {
  fhe_key_id: string
  /** The ciphertext digest that requests name. */
  digest: string
  /** SHA-256 of the file. */
  sha256: string
  type: string
  width: number
  blocks: number
  size: number
  identity_id: string
  created_at: MadeTime
}

/** Ids of requests are used once in a key's life, in a ceremony or here. */
export type FheTakenRequestTable = { fhe_key_id: string; request_id: string }

/** Blocks that holders have answered, once for each ciphertext and epoch: what is spent of the noise. */
export type FheSpentTable = {
  fhe_key_id: string
  epoch_id: string
  digest: string
  width: number
  blocks: number
}

export const requestStates = ['open', 'ready', 'released', 'closed', 'refused', 'expired'] as const
export type RequestState = (typeof requestStates)[number]

export type DecryptRequestTable = {
  fhe_key_id: string
  request_id: string
  /** Request digest, which every answer names. */
  digest: string
  epoch: number
  state: RequestState
  /** The requester's package, canonical JSON. */
  package: string
  identity_id: string
  width: number
  /** Blocks reserved until the first partial spends them or the request ends without one. */
  reserved: number
  expires_at: Time
  /** Malicious holders that the value is verified against, what may be said of it, and who cheated; null until `ready`. */
  verified: number | null
  claim: string | null
  cheaters: ColumnType<number[] | null, string | null, string | null>
  /** Why the answers give no value yet. */
  trouble: string | null
  /** The values, sealed to this server's own combiner; null before the release and after the one reading. */
  result: Buffer | null
  released_at: MaybeTime
  created_at: MadeTime
}

export type PartialDecryptionTable = {
  fhe_key_id: string
  request_id: string
  holder_index: number
  decision: 'approved' | 'refused'
  /** The holder's signed answer, canonical JSON. */
  answer: string
  /** The age file to the combiner; null where the holder refused. */
  sealed: Buffer | null
  created_at: MadeTime
}

export type FheTables = {
  fhe_key: FheKeyTable
  fhe_epoch: FheEpochTable
  fhe_share_commitment: FheShareCommitmentTable
  fhe_ciphertext: FheCiphertextTable
  fhe_taken_request: FheTakenRequestTable
  fhe_spent: FheSpentTable
  decrypt_request: DecryptRequestTable
  partial_decryption: PartialDecryptionTable
}
