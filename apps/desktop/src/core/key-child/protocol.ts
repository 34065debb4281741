import type { DealtBackup } from '@lux/ceremony/wire'
import type { Domain } from '@lux/crypto'
import type { Authorities, Budgets, FheKeyType } from '@lux/crypto/fhe'

/** A holder as the plan names it. With `card` (its canonical JSON) the child checks digest, name and recipient again. */
export type KeyChildHolder = {
  readonly index: number
  readonly name: string
  readonly cardDigest: string
  readonly recipient: string
  readonly card?: string
}

export type KeyKind = {
  /** TFHE_BINARY has neither squash key nor compact public key, and is recovered or reshared only. */
  readonly type: FheKeyType
  /** With a noise-squashing key: the server key takes 80 to 120 s and 331 MB instead of 6 s and 60 MB. */
  readonly squash: boolean
  /** `proven` makes the compact public key under parameters of its own. */
  readonly inputs: 'signed' | 'proven'
  /** With `proven`: makes the reference string too, against which lists of at most so many bits are proven. 55 s, 3.4 MB. */
  readonly proofBits?: number
  /** False only in a rehearsal: no server key, nothing can be computed. */
  readonly serverKey: boolean
}

/** A threshold key: made, dealt, sealed and forgotten. */
export type KeygenAndDeal = {
  readonly do: 'keygen-and-deal'
  readonly params: KeyKind & {
    readonly mode: 'S' | 'F'
    readonly t: number
    readonly n: number
    readonly domain: Domain
    /** 16 bytes in hex. */
    readonly ceremonyId: string
    /** 1..n in order. */
    readonly holders: readonly KeyChildHolder[]
    /** SHA-256 of the policy in hex. */
    readonly policyDigest: string
    readonly authorities: Authorities
    /** Blocks per holder; the largest that the noise allows when null. */
    readonly budgets: Budgets | null
    /** Gets public.bin, compact-public-key.bin, server-key.bin and, with `proofBits`, crs.bin. */
    readonly outDir: string
    /** Gets holder-<i>.age. */
    readonly envelopeDir: string
  }
}

/** A key that is kept whole: client-key.bin (0600), or client-key.age sealed to a recipient, and its public files. */
export type Keygen = {
  readonly do: 'keygen'
  readonly params: KeyKind & {
    readonly words: boolean
    readonly outDir: string
    /** `age1pq1…`: the client key is written sealed and nothing of it in the open. */
    readonly recipient?: string
    /** Makes a key again from the seed of a sheet; the client key must have the SHA-256 that stands there, hex. */
    readonly restore?: { readonly seed: Uint8Array; readonly clientKeySha256: string }
  }
}

/** A TFHE_BINARY client key (0600) out of a quorum of bare rehearsal shares. */
export type Recover = {
  readonly do: 'recover'
  readonly params: { readonly shares: readonly string[]; readonly public: string; readonly out: string }
}

/** A bare rehearsal: public.bin and holder-<i>.bin (0600) of a client key on disk. */
export type Deal = {
  readonly do: 'deal'
  readonly params: {
    readonly clientKey: string
    readonly compactPublicKey: string | null
    readonly serverKey: string | null
    readonly mode: 'S' | 'F'
    readonly t: number
    readonly n: number
    readonly outDir: string
  }
}

export const sampleTypes = [
  'bool',
  'u8',
  'u16',
  'u32',
  'u64',
  'u128',
  'u256',
  'i8',
  'i16',
  'i32',
  'i64',
  'i128',
  'i256',
] as const
export type SampleType = (typeof sampleTypes)[number]

/** Fresh ciphertexts under compact-public-key.bin, each written to `out`. Rehearsals: the values are known to core. Of a key for proven inputs none is made. */
export type Encrypt = {
  readonly do: 'encrypt'
  readonly params: {
    readonly publicKey: string
    readonly samples: readonly {
      readonly type: SampleType
      /** Decimal, or `true` and `false` of a bool; within the type. */
      readonly value: string
      readonly out: string
    }[]
  }
}

/** A root's backup: the child says to which public key the window wraps the root, and goes on with what it is answered. */
export type DealBackup = {
  readonly do: 'deal-backup'
  readonly params: {
    readonly domain: Domain
    /** 16 bytes in hex: where the root is born. */
    readonly ceremonyId: string
    /** The root's id in the plan. */
    readonly key: string
    readonly t: number
    readonly n: number
    /** 1..n in order. */
    readonly custodians: readonly KeyChildHolder[]
    /** Identifiers of SLIP-39 that other backups have. */
    readonly used: readonly number[]
    /** Gets <key>.medium and custodian-<i>.age. */
    readonly outDir: string
  }
}

/** What the window gives: the root wrapped to the child's key, and the proof that it is the one that the token keeps. */
export type WrappedToBackup = {
  readonly wrapped: Uint8Array
  readonly possession: { readonly mechanism: string; readonly challenge: string; readonly digest: string }
}

/** A root out of its backup, wrapped to the transport pair of a token: it is in the open in the child alone. */
export type RestoreBackup = {
  readonly do: 'restore-backup'
  readonly params: {
    readonly domain: Domain
    /** Of the run that the shares were given to. */
    readonly ceremonyId: string
    readonly backup: DealtBackup
    readonly medium: string
    /** Shares as they were sealed to the run, with the name of who gave each. */
    readonly releases: readonly { readonly index: number; readonly name: string; readonly path: string }[]
    /** What opens them. Secret. */
    readonly identity: string
    /** The root's possession challenge, hex, and DER SPKI of the token's pair. */
    readonly challenge: string
    readonly spki: Uint8Array
  }
}

export type KeyChildRequest = KeygenAndDeal | Keygen | Deal | Recover | Encrypt | DealBackup | RestoreBackup

export type FileFact = { readonly path: string; readonly sha256: string; readonly size: number }
export type PhaseTime = { readonly phase: Phase; readonly milliseconds: number }

type Made = { readonly timings: readonly PhaseTime[]; readonly peakMemoryMiB: number }

export type DealtFacts = {
  readonly keyId: string
  readonly epochId: string
  /** SHA-256 of the seed commitments at the end of public.bin. */
  readonly commitments: string
  readonly public: FileFact
}

export type KeygenAndDealResult = Made &
  DealtFacts & {
    /** Null for TFHE_BINARY. */
    readonly publicKey: FileFact | null
    readonly serverKey: FileFact | null
    /** The reference string; absent without `proofBits`. */
    readonly crs?: FileFact
    readonly budgets: Budgets
    readonly shares: readonly {
      readonly index: number
      readonly holder: string
      readonly shareDigest: string
      readonly envelopeDigest: string
      readonly envelope: FileFact
    }[]
  }

export type KeygenResult = Made & {
  /** Of the file: client-key.bin, or the sealed client-key.age. */
  readonly clientKey: FileFact
  /** SHA-256 of the client key itself, for the sheet with its words. */
  readonly clientKeySha256: string
  readonly keyId: string
  /** Null for TFHE_BINARY. */
  readonly publicKey: FileFact | null
  readonly serverKey: FileFact | null
  /** The reference string; absent without `proofBits`. */
  readonly crs?: FileFact
  /** Words of the seed and its checksum: as secret as the key. Null without `words`. */
  readonly words: readonly string[] | null
}

export type DealResult = Made & DealtFacts & { readonly shares: readonly FileFact[] }

export type RecoverResult = Made & { readonly clientKey: FileFact }

export type EncryptResult = Made & { readonly files: readonly FileFact[] }

export type DealBackupResult = Made & {
  readonly set: string
  readonly identifier: number
  readonly publicKey: string
  readonly wrapped: string
  readonly medium: string
  readonly shares: readonly {
    readonly index: number
    readonly name: string
    readonly share: string
    readonly envelope: string
  }[]
}

export type RestoreBackupResult = Made & { readonly wrapped: Uint8Array }

export type KeyChildResult<Request extends KeyChildRequest> = Request extends KeygenAndDeal
  ? KeygenAndDealResult
  : Request extends Keygen
    ? KeygenResult
    : Request extends Recover
      ? RecoverResult
      : Request extends Encrypt
        ? EncryptResult
        : Request extends DealBackup
          ? DealBackupResult
          : Request extends RestoreBackup
            ? RestoreBackupResult
            : DealResult

export type AnyResult =
  | KeygenAndDealResult
  | KeygenResult
  | DealResult
  | RecoverResult
  | EncryptResult
  | DealBackupResult
  | RestoreBackupResult

export type Phase =
  | 'load'
  | 'reference-string'
  | 'client-key'
  | 'squash-key'
  | 'compact-public-key'
  | 'server-key'
  | 'backup-pair'
  | 'deal'
  | 'restore'
  | 'seal'
  | 'recover'
  | 'write'

/** Sent when a phase starts; the work inside it cannot report, so this is all the progress there is. */
export type PhaseStart = { readonly phase: Phase; readonly expectedSeconds: number }

export type FromChild =
  | ({ readonly kind: 'phase' } & PhaseStart)
  | { readonly kind: 'asks'; readonly publicKey: Uint8Array }
  | { readonly kind: 'done'; readonly result: AnyResult }
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string }
