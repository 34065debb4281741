import type { ColumnType, Generated, InsertType, SelectType } from 'kysely'

export type Time = ColumnType<Date, Date | string, Date | string>
export type MadeTime = ColumnType<Date, Date | string | undefined, Date | string>
/** PostgreSQL's bigint, read as decimal text so that nothing is rounded. */
export type BigInt64 = ColumnType<string, string | number | bigint, string | number | bigint>
export type Document = ColumnType<unknown, string, string>

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
  /** Of the upload that its file is of. */
  created_at: ColumnType<Date, Date | undefined, Date>
  /** When its file was removed; null while it is kept. */
  removed_at: ColumnType<Date | null, null | undefined, Date | null>
}

/** How much room the ciphertexts of one key, or of one organisation's keys, may take, where a server-admin has said so. */
export type CiphertextQuotaTable = {
  organisation_id: string | null
  fhe_key_id: string | null
  bytes: ColumnType<string, number, number>
}

/** Ciphertexts that a request names; the database fills it when a request is opened. */
export type FheRequestCiphertextTable = { fhe_key_id: string; request_id: string; digest: string }

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

const requestStates = ['open', 'ready', 'released', 'closed', 'refused', 'expired'] as const
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
  /** When it came to `closed`, `refused` or `expired`, by the database's clock. */
  ended_at: ColumnType<Date | null, never, Date>
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
  fhe_request_ciphertext: FheRequestCiphertextTable
  ciphertext_quota: CiphertextQuotaTable
  fhe_taken_request: FheTakenRequestTable
  fhe_spent: FheSpentTable
  decrypt_request: DecryptRequestTable
  partial_decryption: PartialDecryptionTable
}

export type KeyOrigin = 'ceremony' | 'online'
/** `pre-active`: made, and not used yet. `compromised`: what it encrypted is still opened, and what it signed verified: it makes nothing new. `revoked`: by a bundle, of no more use for ever. */
export type VersionState =
  | 'pre-active'
  | 'enabled'
  | 'decrypt-only'
  | 'disabled'
  | 'compromised'
  | 'revoked'
  | 'destroyed'
/**
 * When a key was activated, revoked and destroyed, why, and what took its place: ISO times, absent where it has not been. Of an object,
 * SHA-256 of its bytes too.
 */
export type KeyDates = {
  readonly activated?: string
  readonly deactivated?: string
  readonly compromised?: string
  readonly compromiseOccurred?: string
  readonly destroyed?: string
  /** KMIP's code. */
  readonly reason?: number
  readonly message?: string
  readonly replaces?: string
  readonly replacedBy?: string
  readonly digest?: string
  readonly publicDigest?: string
}
/** An attribute that a client gave: its name as `name`, its value as TTLV in hex. */
export type KeptAttribute = { readonly name: string; readonly value: string }
export type RootState = 'staged' | 'current' | 'retained' | 'revoked' | 'destroyed'
export type ImportState = 'staged' | 'imported' | 'refused'
export type StoredRole =
  | 'server-admin'
  | 'organisation-admin'
  | 'crypto-officer'
  | 'operator'
  | 'service'
  | 'user'
  | 'auditor'

export type DeploymentTable = {
  id: string
  domain: string
  card: Document
  audience: string
  created_at: MadeTime
  setup_code_hash: ColumnType<Buffer | null, Buffer | null | undefined, Buffer | null>
  setup_expires_at: ColumnType<Date | null, Date | string | null | undefined, Date | string | null>
  /** When the first server admin was made: it closes the set-up for ever. */
  set_up_at: ColumnType<Date | null, Date | string | null | undefined, Date | string | null>
  /** Whom a set-up invited last. */
  set_up_person: Generated<string | null>
  /** People log in by an identity provider; by password the break-glass admins alone. */
  sign_on_required: Generated<boolean>
}

export type NodeTable = {
  id: string
  deployment_id: string
  token_serial: string
  created_at: MadeTime
}

export type PolicyTable = {
  digest: string
  version: number
  domain: string
  document: string
  pinned_at: MadeTime
}

/** One row for each root that a bundle brought: where it is in the token, and what was read back there. */
export type RootConfigTable = {
  root_id: string
  node_id: string
  cka_id: string
  version: number
  state: RootState
  mechanism: string
  possession: string
  attributes: Document
  origin: Generated<KeyOrigin>
  bundle_digest: string | null
  created_at: MadeTime
}

export type OrganisationTable = {
  id: string
  name: string
  ceremony_only: Generated<boolean>
  created_at: MadeTime
}

export type ProjectTable = {
  id: string
  organisation_id: string
  name: string
  /** Its keys may be made so that they leave in the clear. */
  plain_export: Generated<boolean>
  /** They leave wrapped under keys that somebody has, too. */
  wrapped_export: Generated<boolean>
  created_at: MadeTime
}

/** What a wrapped key's row has at every level; `mac` covers all but state and created_at. */
type WrappedColumns = {
  version: number
  algorithm: string
  wrapped: Buffer
  wrapping_kek_id: string
  wrapping_kek_version: number
  origin: KeyOrigin
  bundle_digest: string | null
  state: VersionState
  mac: Buffer
  created_at: MadeTime
}

export type OrganisationKekTable = WrappedColumns & { kek_id: string; organisation_id: string }
export type ProjectKekTable = WrappedColumns & { kek_id: string; project_id: string }

export type KeyTable = {
  id: string
  envelope_id: Buffer
  organisation_id: string
  project_id: string
  name: string
  description: string | null
  key_usage: string
  algorithm: string
  current_version: number
  min_decrypt_version: Generated<number>
  is_disabled: Generated<boolean>
  /** The identity that made it here; null of a ceremony's. */
  created_by: ColumnType<string | null, string | null | undefined, string | null>
  /** Disabled until then, and destroyed. */
  destroy_at: ColumnType<Date | null, Date | string | null | undefined, Date | string | null>
  is_exportable: Generated<boolean>
  /** Both null where it is rotated by hand alone. */
  rotate_every_days: ColumnType<number | null, number | null | undefined, number | null>
  rotate_at: ColumnType<Date | null, Date | string | null | undefined, Date | string | null>
  /** What a threshold key is to be dealt as; null of every other key. */
  threshold: ColumnType<ThresholdWanted | null, string | null | undefined, string | null>
  /** The threshold key that a ceremony dealt for it; null while it waits. */
  fhe_key_id: ColumnType<string | null, string | null | undefined, string | null>
  /** A name in free words, the project's own like `name`: KMIP's Name. */
  label: ColumnType<string | null, string | null | undefined, string | null>
  /** Where it may leave, it does so wrapped alone. */
  is_sensitive: Generated<boolean>
  /** KMIP's Cryptographic Usage Mask, which narrows what the key is for; null: all of it. */
  usage_mask: ColumnType<number | null, number | null | undefined, number | null>
  /** Encryptions by AES-GCM itself with a random nonce, which are counted. */
  raw_uses: ColumnType<string, string | undefined, string>
  attributes: ColumnType<readonly KeptAttribute[], string | undefined, string>
  lifecycle: ColumnType<KeyDates, string | undefined, string>
  created_at: MadeTime
  updated_at: MadeTime
}

export type ThresholdWanted = { readonly t: number; readonly n: number; readonly mode: 'S' | 'F' }

export type KeyVersionTable = Omit<WrappedColumns, 'origin'> & {
  key_id: string
  origin: KeyOrigin | 'imported'
}

export type ImportKeyTable = {
  id: string
  project_id: string
  identity_id: string
  wrapped: Buffer
  wrapping_kek_version: number
  mac: Buffer
  created_at: MadeTime
  expires_at: Time
}

/** What was shredded never comes back, from a bundle or a backup. */
export type TombstoneTable = {
  level: 'data' | 'project' | 'organisation'
  id: string
  digest: string
  /** The signed receipt, canonical JSON. */
  receipt: string
  /** The receipt of the higher level that it came to since. */
  raised: ColumnType<string | null, string | null | undefined, string | null>
  shredded_at: Time
}

export type BundleImportTable = {
  id: Generated<BigInt64>
  digest: string | null
  file_digest: string
  audience: string | null
  ceremony_id: string | null
  sequence: BigInt64 | null
  previous: string | null
  policy_digest: string | null
  state: ImportState
  rule: string | null
  /** The signed receipt or refusal, canonical JSON; null while staged. */
  receipt: string | null
  provenance: ColumnType<unknown, string | null, string | null>
  created_at: MadeTime
  finished_at: ColumnType<Date | null, Date | string | null, Date | string | null>
}

export type IdentityTable = {
  id: string
  name: string
  /** Null of a person, who logs in by name. */
  client_id: string | null
  token_ttl_seconds: number
  created_at: MadeTime
  revoked_at: ColumnType<Date | null, Date | string | null, Date | string | null>
}

type Makers = ColumnType<readonly string[] | null, string | null, string | null>

export type ClientSecretTable = {
  id: string
  identity_id: string
  hash: Buffer
  /** Who else made this and so has it, and who could be him; null: nobody. */
  made_by: Makers
  created_at: MadeTime
  revoked_at: ColumnType<Date | null, Date | string | null | undefined, Date | string | null>
}

/** Who logs in by password and second factor; while `enrolment_hash` is there, neither is set. */
export type PersonTable = {
  identity_id: string
  username: string
  password_hash: ColumnType<string | null, string | null | undefined, string | null>
  /** The secret of the second factor, sealed under a key of the token. */
  totp_sealed: ColumnType<Buffer | null, Buffer | null | undefined, Buffer | null>
  /** The step whose code was used last: none is taken twice. */
  totp_step: ColumnType<string, number | undefined, number>
  enrolment_hash: ColumnType<Buffer | null, Buffer | null | undefined, Buffer | null>
  enrolment_expires_at: ColumnType<Date | null, Date | string | null | undefined, Date | string | null>
  /** Logs in by password whatever is required of others. */
  break_glass: Generated<boolean>
  /** Who reset it last, and who could be him; null: nobody did. */
  made_by: ColumnType<readonly string[] | null, string | null | undefined, string | null>
  /** Who gave the first code, and who could be him; null: it was reset since. */
  invited_by: Makers
  created_at: MadeTime
}

/** A public key by which a person shows, beside the password, that a device is there. */
export type AuthenticatorTable = {
  id: string
  /** As the device calls it, base64url. */
  credential_id: string
  identity_id: string
  name: string
  /** COSE. */
  public_key: Buffer
  /** As the device last counted; 0 where it counts nothing. */
  counter: BigInt64
  transports: Document
  created_at: Time
  used_at: MaybeTime
}

/** What an organisation wants to hear of. */
export type AlertRuleTable = {
  id: string
  organisation_id: string
  rule: Document
  created_at: Time
  removed_at: ColumnType<Date | null, Date | string | null | undefined, Date | string | null>
}

export type AlertTable = {
  id: string
  rule_id: string
  organisation_id: string
  identity_id: string
  at: Time
  seen: number
}

export type AlertWatchTable = { only_one: Generated<boolean>; checkpoint: BigInt64 }

export type WebhookTable = {
  id: string
  organisation_id: string
  name: string
  url: string
  secret_sealed: Buffer
  created_at: Time
  removed_at: ColumnType<Date | null, Date | string | null | undefined, Date | string | null>
}

/** `next_at`: of its next try; null where it was delivered or given up. */
export type WebhookDeliveryTable = {
  id: string
  webhook_id: string
  event: string
  body: string
  tries: Generated<number>
  next_at: MaybeTime
  status: ColumnType<number | null, number | null | undefined, number | null>
  failure: ColumnType<string | null, string | null | undefined, string | null>
  delivered_at: ColumnType<Date | null, Date | string | null | undefined, Date | string | null>
  created_at: Time
}

/** `payload` and `signatures`: canonical JSON, as they were signed. */
export type AccessReviewTable = {
  id: string
  organisation_id: string | null
  reviewer_id: string
  reviewed_at: Time
  access_digest: string
  access: Document
  payload: string
  signatures: string
}

export type AnsweredChallengeTable = { hash: Buffer; expires_at: Time }

type OptionalText = ColumnType<string | null, string | null | undefined, string | null>

/** Who says, for its members, who they are. `settings`: its kind's, as they were checked. */
export type IdentityProviderTable = {
  id: string
  name: string
  /** Null: of the whole deployment. */
  organisation_id: string | null
  kind: 'oidc' | 'saml'
  settings: Document
  secret_sealed: ColumnType<Buffer | null, Buffer | null | undefined, Buffer | null>
  scim_token_hash: ColumnType<Buffer | null, Buffer | null | undefined, Buffer | null>
  /** Null also of a token from before it was kept. */
  scim_token_made_at: ColumnType<Date | null, Date | string | null | undefined, Date | string | null>
  created_at: MadeTime
  removed_at: ColumnType<Date | null, Date | string | null | undefined, Date | string | null>
}

/** A role that a group of a provider gives. */
export type GroupRoleTable = {
  id: string
  provider_id: string
  group_name: string
  role: StoredRole
  organisation_id: string | null
  project_id: string | null
  conditions: ColumnType<unknown, string | null | undefined, string | null>
}

/** An identity that a provider vouches for, by its name for it alone. */
export type MemberTable = {
  identity_id: string
  provider_id: string
  subject: string
  /** What the last log-in said. */
  groups: ColumnType<readonly string[], string | undefined, string>
  username: OptionalText
  given_name: OptionalText
  family_name: OptionalText
  email: OptionalText
  external_id: OptionalText
  /** When the provider ended it; the identity is revoked at the same time. */
  deactivated_at: ColumnType<Date | null, Date | string | null | undefined, Date | string | null>
  created_at: MadeTime
  updated_at: MadeTime
}

/** A group that the provider keeps here by SCIM. */
export type MemberGroupTable = {
  id: string
  provider_id: string
  name: string
  external_id: OptionalText
  created_at: MadeTime
  updated_at: MadeTime
}

export type MemberOfGroupTable = { group_id: string; identity_id: string }

export type SignOnAttemptTable = {
  state_hash: Buffer
  provider_id: string
  browser_hash: Buffer
  /** Null once the answer was looked at. */
  checks_sealed: Buffer | null
  identity_id: ColumnType<string | null, string | null | undefined, string | null>
  /** When the provider saw its person; null where it does not say. */
  proved_at: ColumnType<Date | null, Date | null | undefined, Date | null>
  expires_at: Time
}

/** A role and where it holds; both ids null: in the whole deployment. */
export type RoleGrantTable = {
  identity_id: string
  role: StoredRole
  organisation_id: string | null
  project_id: string | null
  /** What narrows it; `Conditions` as JSON. */
  conditions: ColumnType<unknown, string | null | undefined, string | null>
  created_at: MadeTime
}

/** Roles that were taken, since the migration that keeps them: the database writes a row when one of `role_grant` goes. */
export type RoleGrantEndedTable = Omit<RoleGrantTable, 'created_at'> & {
  created_at: Time
  ended_at: MadeTime
}

export type TokenTable = {
  id: Generated<string>
  /** Of an API key. */
  name: ColumnType<string | null, string | null | undefined, string | null>
  client_secret_id: ColumnType<string | null, string | null | undefined, string | null>
  /** Of a workload: the rule that let it in. */
  workload_rule_id: OptionalText
  hash: Buffer
  identity_id: string
  /** Of an API key: as of a client secret. */
  made_by: ColumnType<readonly string[] | null, string | null | undefined, string | null>
  created_at: MadeTime
  /** Of a person's session: when a second factor was shown, or the provider saw the person. */
  proved_at: ColumnType<Date | null, Date | null | undefined, Date | null>
  /** By what: a `Factor`. */
  proved_by: OptionalText
  expires_at: Time
  revoked_at: ColumnType<Date | null, Date | string | null, Date | string | null>
}

/** Who logs in as a service without a secret: by tokens of an issuer, or by certificates. */
export type WorkloadRuleTable = {
  id: string
  identity_id: string
  name: string
  kind: 'jwt' | 'kubernetes' | 'certificate'
  settings: ColumnType<unknown, string, string>
  token_ttl_seconds: number
  /** As of a client secret. */
  made_by: ColumnType<readonly string[] | null, string | null | undefined, string | null>
  created_at: MadeTime
  revoked_at: ColumnType<Date | null, Date | null | undefined, Date | null>
}

/** Tokens that logged in by a rule that takes each one time, until they are over. */
export type WorkloadJtiTable = { rule_id: string; jti_hash: Buffer; expires_at: Time }

/** Who speaks KMIP: the SHA-256 of a certificate's public key (SPKI), for one identity in one project. */
export type KmipClientTable = {
  spki: Buffer
  name: string
  identity_id: string
  project_id: string
  made_by: Makers
  expires_at: Time
  created_at: MadeTime
  revoked_at: ColumnType<Date | null, Date | string | null | undefined, Date | string | null>
}

/** A key that lives at a provider: what is called there, and by which credentials, sealed under a key of the token. */
export type ExternalKeyTable = {
  id: string
  organisation_id: string
  project_id: string
  name: string
  provider: string
  settings: ColumnType<Readonly<Record<string, string>>, string, string>
  credentials: Buffer
  key_use: string
  /** Of a key that signs: what its signatures are checked with before they are handed out. */
  public_key: ColumnType<Buffer | null, Buffer | null | undefined, Buffer | null>
  created_by: string
  created_at: MadeTime
  updated_at: ColumnType<Date, Date | undefined, Date>
}

/** Where its id may be taken again, so that what was encrypted under it opens. */
export type RemovedExternalKeyTable = {
  id: string
  project_id: string
  name: string
  removed_at: ColumnType<Date, Date | string, Date | string>
}

/** Failed logins in a window, keyed by (account, source): knowing an account's name locks nobody else out. */
export type LoginFailureTable = {
  account: string
  source: string
  failures: number
  window_started_at: Time
}

/** One operation that somebody may do once, when enough of those who are named approve. */
export type ApprovalRequestTable = {
  id: string
  identity_id: string
  operation: string
  organisation_id: string | null
  project_id: string | null
  key_id: string | null
  asked: string
  needed: number
  approvers: ColumnType<readonly string[], string, string>
  /** Whose secrets the asker could come in by, then. */
  hands: ColumnType<unknown, string | null | undefined, string>
  /** What officers of the ceremony were asked of it, and what came of it. */
  override: ColumnType<unknown, string | null | undefined, string>
  created_at: Time
  expires_at: Time
  used_at: ColumnType<Date | null, Date | null | undefined, Date | null>
}

export type ApprovalTable = {
  request_id: string
  identity_id: string
  approves: boolean
  /** Whose secrets the approver could come in by, then. */
  hands: ColumnType<unknown, string | null | undefined, string>
  decided_at: Time
}

/** `call`: SHA-256 of what was asked. Status and sealed reply are null until there is one. */
export type IdempotentCallTable = {
  identity_id: string
  key: string
  call: Buffer
  status: number | null
  reply: Buffer | null
  expires_at: Time
}

export type AuditTable = {
  writer: string
  seq: BigInt64
  prev: Buffer
  salt: Buffer
  /** Null where it is no longer kept; then there is its leaf. */
  entry: string | null
  leaf: ColumnType<Buffer | null, Buffer | null | undefined, Buffer | null>
  hash: Buffer
  /** Null in rows from before entries had one. */
  mac: ColumnType<Buffer | null, Buffer | null | undefined, Buffer | null>
  req_id: string
  identity_id: string | null
  project_id: string | null
  organisation_id: ColumnType<string | null, string | null | undefined, string | null>
  key_id: ColumnType<string | null, string | null | undefined, string | null>
  /** These two are null in rows from before they were kept apart. */
  operation: ColumnType<string | null, string | null | undefined, string | null>
  outcome: ColumnType<string | null, string | null | undefined, string | null>
  time: Time
}

export type AuditWriterTable = {
  writer: string
  checkpointed_seq: ColumnType<string, string | number | undefined, string | number>
  closed: Generated<boolean>
}

/** The signed payload, canonical JSON, and its signatures. */
export type AuditCheckpointTable = { seq: BigInt64; payload: string; signatures: string; time: Time }

export type AuditCheckpointRangeTable = {
  checkpoint: BigInt64
  writer: string
  from_seq: BigInt64
  to_seq: BigInt64
}

export type AuditTreeTable = { level: number; index: BigInt64; hash: Buffer }

export type AuditNoteTable = { size: BigInt64; note: string; time: Time }

/** `line`: of the note of that size. */
export type AuditWitnessTable = {
  name: string
  size: ColumnType<string, string | number | undefined, string | number>
  line: string | null
  cosigned_at: MaybeTime
  answer: string
  asked_at: Time
}

declare const sealed: unique symbol
/** What the writer of authority alone gives (authority/writer.ts): an insert anywhere else does not compile. */
export type Sealed<T> = T & { readonly [sealed]: true }

/** A row that grants, restricts or names: nothing of it but its free columns is changed beside the writer of authority. */
type SealedTable<T, Free> = {
  [C in keyof T]: C extends Free ? T[C] : ColumnType<SelectType<T[C]>, InsertType<T[C]>, never>
} & {
  /** The organisation whose set has the row; empty of the deployment's own. */
  authority_tenant: ColumnType<string, Sealed<string>, never>
  /** Null from before the authority was sealed. */
  authority_mac: ColumnType<Buffer | null, Sealed<Buffer>, never>
}

/** The rows of authority as the writer takes them. */
export type AuthorityRows = {
  deployment: DeploymentTable
  organisation: OrganisationTable
  project: ProjectTable
  identity: IdentityTable
  client_secret: ClientSecretTable
  person: PersonTable
  authenticator: AuthenticatorTable
  token: TokenTable
  role_grant: RoleGrantTable
  key: KeyTable
  key_version: KeyVersionTable
  identity_provider: IdentityProviderTable
  group_role: GroupRoleTable
  member: MemberTable
  member_group: MemberGroupTable
  member_of_group: MemberOfGroupTable
  kmip_client: KmipClientTable
  workload_rule: WorkloadRuleTable
  external_key: ExternalKeyTable
  approval_request: ApprovalRequestTable
  approval: ApprovalTable
  root_config: RootConfigTable
  organisation_kek: OrganisationKekTable
  project_kek: ProjectKekTable
}

/** What a MAC does not cover; authority/tables.ts says why. */
export type FreeColumns = {
  deployment: never
  organisation: never
  project: never
  identity: never
  client_secret: never
  person: 'totp_step'
  authenticator: 'counter' | 'used_at'
  token: never
  role_grant: never
  key: 'raw_uses' | 'updated_at'
  key_version: 'wrapped'
  identity_provider: never
  group_role: never
  member: never
  member_group: never
  member_of_group: never
  kmip_client: never
  workload_rule: never
  external_key: never
  approval_request: never
  approval: never
  root_config: never
  organisation_kek: 'wrapped'
  project_kek: 'wrapped'
}

/** Of one tenant: how often its set was changed, and the sum of it, which only the root opens. */
export type AuthoritySetTable = { tenant: string; counter: BigInt64; sealed: Buffer }

/** The MACs of the rows that came and went with the newest changes, for other servers. */
export type AuthorityChangeTable = { tenant: string; counter: BigInt64; added: Buffer; removed: Buffer }

export type Tables = {
  node: NodeTable
  policy: PolicyTable
  import_key: ImportKeyTable
  tombstone: TombstoneTable
  bundle_import: BundleImportTable
  answered_challenge: AnsweredChallengeTable
  access_review: AccessReviewTable
  alert_rule: AlertRuleTable
  alert: AlertTable
  alert_watch: AlertWatchTable
  webhook: WebhookTable
  webhook_delivery: WebhookDeliveryTable
  role_grant_ended: RoleGrantEndedTable
  removed_external_key: RemovedExternalKeyTable
  sign_on_attempt: SignOnAttemptTable
  workload_jti: WorkloadJtiTable
  login_failure: LoginFailureTable
  audit: AuditTable
  idempotent_call: IdempotentCallTable
  audit_writer: AuditWriterTable
  audit_checkpoint: AuditCheckpointTable
  audit_checkpoint_range: AuditCheckpointRangeTable
  audit_tree: AuditTreeTable
  audit_note: AuditNoteTable
  audit_witness: AuditWitnessTable
  authority_set: AuthoritySetTable
  authority_change: AuthorityChangeTable
} & FheTables & { [N in keyof AuthorityRows]: SealedTable<AuthorityRows[N], FreeColumns[N]> }
