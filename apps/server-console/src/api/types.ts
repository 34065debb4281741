export type Role =
  | 'server-admin'
  | 'organisation-admin'
  | 'crypto-officer'
  | 'operator'
  | 'service'
  | 'user'
  | 'auditor'

export type Conditions = {
  readonly notBefore?: string
  readonly notAfter?: string
  readonly hours?: { readonly from: number; readonly until: number }
  readonly days?: readonly number[]
  readonly networks?: readonly string[]
  readonly keyNames?: readonly string[]
  readonly keyAlgorithms?: readonly string[]
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
  readonly grants: readonly Grant[]
}

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
  readonly origin: 'ceremony' | 'online'
  readonly bundleDigest: string | null
  readonly createdAt: string
}
