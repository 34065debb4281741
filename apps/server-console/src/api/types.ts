import type { Role } from './limits.ts'

export type Conditions = {
  readonly notBefore?: string
  readonly notAfter?: string
  readonly hours?: { readonly from: number; readonly until: number }
  readonly days?: readonly number[]
  readonly networks?: readonly string[]
  readonly keyNames?: readonly string[]
  readonly keyAlgorithms?: readonly string[]
  readonly approvals?: { readonly count: number; readonly by: readonly string[] }
}

export type Grant = {
  readonly role: Role
  readonly organisationId: string | null
  readonly organisationName: string | null
  readonly projectId: string | null
  readonly projectName: string | null
  readonly conditions: Conditions | null
}

export type Identity = {
  readonly id: string
  readonly kind: 'person' | 'service'
  readonly name: string
  readonly username: string | null
  readonly invited: boolean
  readonly revokedAt: string | null
  readonly createdAt: string
  /** What is shown beside the password; null where a provider or no person logs in. */
  readonly factor: 'none' | 'app' | 'security-key' | null
  readonly grants: readonly Grant[]
}

/** `lastSeen`: its newest entry in the log. */
export type ListedIdentity = Identity & { readonly lastSeen: string | null }

export type Session = {
  readonly domain: 'production' | 'rehearsal'
  readonly setUp: boolean
  readonly person: Identity | null
}

export type Enrolment = {
  readonly identityId: string
  readonly username: string
  readonly code: string
  readonly expiresAt: string
}

export type Organisation = {
  readonly id: string
  readonly name: string
  readonly ceremonyOnly: boolean
  readonly createdAt: string
}

export type Project = {
  readonly id: string
  readonly name: string
  readonly organisationId: string
  readonly createdAt: string
}

export type Usage = 'encrypt-decrypt' | 'sign-verify' | 'generate-verify-mac' | 'fhe-computation'

export type Key = {
  readonly id: string
  readonly name: string
  readonly description: string | null
  readonly isDisabled: boolean
  readonly orgId: string
  readonly projectId: string
  readonly keyUsage: Usage
  readonly version: number
  readonly minDecryptVersion: number
  readonly isExportable: boolean
  readonly rotateEveryDays: number | null
  readonly nextRotation: string | null
  readonly state?: 'awaiting-ceremony' | 'dealt'
  readonly threshold?: { readonly t: number; readonly n: number; readonly mode: string }
  readonly algorithm: string
  readonly deletionDate: string | null
  readonly createdAt: string
  readonly updatedAt: string
}

export type ListedKey = Key & { readonly lastUsed: string | null }

export type VersionState =
  | 'pre-active'
  | 'enabled'
  | 'decrypt-only'
  | 'disabled'
  | 'compromised'
  | 'destroyed'

export type KeyVersion = {
  readonly version: number
  readonly state: VersionState
  readonly origin: 'ceremony' | 'online' | 'imported'
  readonly bundleDigest: string | null
  readonly createdAt: string
}

export type Parents = {
  readonly roots: readonly KeyVersion[]
  readonly organisation: readonly KeyVersion[]
  readonly projects: readonly (KeyVersion & { readonly projectId: string })[]
}

export type AuditEntry = {
  readonly time: string
  readonly reqId: string | null
  readonly door: string
  readonly identity: string | null
  readonly organisation: string | null
  readonly project: string | null
  readonly key: string | null
  readonly version: number | null
  readonly operation: string
  readonly outcome: string
  /** Absent of the server itself, and of entries from before. */
  readonly credential?: string
  readonly factor?: string
}

export type PlacedEntry = {
  readonly writer: string
  readonly seq: string
  readonly hash: string
  /** Null once it was deleted. */
  readonly entry: AuditEntry | null
}

export type AuditDay = { readonly day: string; readonly entries: number; readonly refused: number }

export type AuditVerdict = {
  readonly entries: number
  readonly dropped: number
  readonly writers: number
  readonly checkpoints: number
  readonly pending: number
  readonly head: { readonly seq: string; readonly hash: string } | null
}

export type Credential = {
  readonly id: string
  readonly kind: 'client-secret' | 'token' | 'api-key'
  readonly name: string | null
  readonly createdAt: string
  readonly expiresAt: string | null
}

export type ThresholdKey = {
  readonly id: string
  readonly name: string
  readonly algorithm: string
  readonly t: number
  readonly n: number
  readonly epoch: number
  readonly createdAt: string
}

export type RequestState = 'open' | 'ready' | 'released' | 'closed' | 'refused' | 'expired'

export type DecryptRequest = {
  readonly requestId: string
  readonly state: RequestState
  readonly openedBy: string
  readonly expiry: string
  readonly answers: readonly { readonly holder: number; readonly decision: 'approved' | 'refused' }[]
  readonly createdAt: string
}

export type Bundle = {
  /** Null until the whole of it was read. */
  readonly digest: string | null
  readonly fileDigest: string
  readonly state: 'staged' | 'imported' | 'refused'
  readonly rule: string | null
  readonly ceremonyId: string | null
  readonly receivedAt: string
}
