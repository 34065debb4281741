import { randomUUID } from 'node:crypto'
import type { InsertType, Selectable, SelectType } from 'kysely'
import type { AuthorityRows, FreeColumns, Tables } from '../tables.ts'

export type AuthorityTable = keyof AuthorityRows
/** A row as it is stored, with its tenant and its MAC. */
export type StoredRow<N extends AuthorityTable> = Selectable<Tables[N]> & {
  readonly authority_tenant: string
  readonly authority_mac: Buffer | null
}

/** `bytes`: bytea. `number` and `text`: also what PostgreSQL's bigint is read as. */
export type Kind = 'text' | 'number' | 'flag' | 'bytes' | 'time' | 'json'
type FreeColumn = { readonly kind: Kind; readonly free: string }

type Optional<T> = { [C in keyof T]: undefined extends InsertType<T[C]> ? C : never }[keyof T]

type Entry<N extends AuthorityTable, T = AuthorityRows[N]> = {
  readonly key: readonly (keyof T & string)[]
  /** Whose set has the row: an organisation in a column, the tenant of the row that it hangs from, one that the writer is told, or the deployment. */
  readonly tenant:
    | { readonly column: keyof T & string }
    | { readonly of: AuthorityTable; readonly by: keyof T & string }
    | 'told'
    | 'deployment'
  /** All of them; a free one with the reason why no MAC covers it. */
  readonly columns: { readonly [C in keyof T]: C extends FreeColumns[N] ? FreeColumn : Kind }
  /** What a column is that an insert leaves out: the database's own defaults are not asked. */
  readonly fresh: { readonly [C in Optional<T> & keyof T]: () => SelectType<T[C]> }
}

const now = () => new Date()
const none = () => null
const free = (kind: Kind, why: string) => ({ kind, free: why })

/** Of every version of a key that another one wraps. */
const ofWrapped = {
  version: 'number',
  algorithm: 'text',
  wrapped: free('bytes', 'the MAC of the wrapped key covers it, which is covered'),
  wrapping_kek_id: 'text',
  wrapping_kek_version: 'number',
  origin: 'text',
  bundle_digest: 'text',
  state: 'text',
  mac: 'bytes',
  created_at: 'time',
} as const

/** Every table of authority. A column that is added to one later is covered, and changes the MAC of no row where it is null. */
export const authorityTables: { readonly [N in AuthorityTable]: Entry<N> } = {
  deployment: {
    key: ['id'],
    tenant: 'deployment',
    columns: {
      id: 'text',
      domain: 'text',
      card: 'json',
      audience: 'text',
      created_at: 'time',
      setup_code_hash: 'bytes',
      setup_expires_at: 'time',
      set_up_at: 'time',
      set_up_person: 'text',
      sign_on_required: 'flag',
    },
    fresh: {
      created_at: now,
      setup_code_hash: none,
      setup_expires_at: none,
      set_up_at: none,
      set_up_person: none,
      sign_on_required: () => false,
    },
  },
  organisation: {
    key: ['id'],
    tenant: { column: 'id' },
    columns: { id: 'text', name: 'text', ceremony_only: 'flag', created_at: 'time' },
    fresh: { ceremony_only: () => false, created_at: now },
  },
  project: {
    key: ['id'],
    tenant: { column: 'organisation_id' },
    columns: {
      id: 'text',
      organisation_id: 'text',
      name: 'text',
      plain_export: 'flag',
      wrapped_export: 'flag',
      created_at: 'time',
    },
    fresh: { plain_export: () => false, wrapped_export: () => false, created_at: now },
  },
  identity: {
    key: ['id'],
    tenant: 'told',
    columns: {
      id: 'text',
      name: 'text',
      client_id: 'text',
      token_ttl_seconds: 'number',
      created_at: 'time',
      revoked_at: 'time',
    },
    fresh: { created_at: now },
  },
  client_secret: {
    key: ['id'],
    tenant: { of: 'identity', by: 'identity_id' },
    columns: {
      id: 'text',
      identity_id: 'text',
      hash: 'bytes',
      made_by: 'json',
      created_at: 'time',
      revoked_at: 'time',
    },
    fresh: { created_at: now, revoked_at: none },
  },
  person: {
    key: ['identity_id'],
    tenant: { of: 'identity', by: 'identity_id' },
    columns: {
      identity_id: 'text',
      username: 'text',
      password_hash: 'text',
      totp_sealed: 'bytes',
      totp_step: free('text', 'a counter: put back, it takes a code of the last minute once more'),
      enrolment_hash: 'bytes',
      enrolment_expires_at: 'time',
      break_glass: 'flag',
      made_by: 'json',
      invited_by: 'json',
      created_at: 'time',
    },
    fresh: {
      password_hash: none,
      totp_sealed: none,
      totp_step: () => '0',
      enrolment_hash: none,
      enrolment_expires_at: none,
      break_glass: () => false,
      made_by: none,
      created_at: now,
    },
  },
  authenticator: {
    key: ['id'],
    tenant: { of: 'identity', by: 'identity_id' },
    columns: {
      id: 'text',
      credential_id: 'text',
      identity_id: 'text',
      name: 'text',
      public_key: 'bytes',
      counter: free('text', 'as the device last counted'),
      transports: 'json',
      created_at: 'time',
      used_at: free('time', 'it is only shown'),
    },
    fresh: {},
  },
  token: {
    key: ['id'],
    tenant: { of: 'identity', by: 'identity_id' },
    columns: {
      id: 'text',
      name: 'text',
      client_secret_id: 'text',
      workload_rule_id: 'text',
      hash: 'bytes',
      identity_id: 'text',
      made_by: 'json',
      created_at: 'time',
      proved_at: 'time',
      proved_by: 'text',
      expires_at: 'time',
      revoked_at: 'time',
    },
    fresh: {
      id: () => randomUUID(),
      name: none,
      client_secret_id: none,
      workload_rule_id: none,
      made_by: none,
      created_at: now,
      proved_at: none,
      proved_by: none,
    },
  },
  role_grant: {
    key: ['identity_id', 'role', 'organisation_id', 'project_id'],
    tenant: { column: 'organisation_id' },
    columns: {
      identity_id: 'text',
      role: 'text',
      organisation_id: 'text',
      project_id: 'text',
      conditions: 'json',
      created_at: 'time',
    },
    fresh: { conditions: none, created_at: now },
  },
  key: {
    key: ['id'],
    tenant: { column: 'organisation_id' },
    columns: {
      id: 'text',
      envelope_id: 'bytes',
      organisation_id: 'text',
      project_id: 'text',
      name: 'text',
      description: 'text',
      key_usage: 'text',
      algorithm: 'text',
      current_version: 'number',
      min_decrypt_version: 'number',
      is_disabled: 'flag',
      created_by: 'text',
      destroy_at: 'time',
      is_exportable: 'flag',
      rotate_every_days: 'number',
      rotate_at: 'time',
      threshold: 'json',
      fhe_key_id: 'text',
      label: 'text',
      is_sensitive: 'flag',
      usage_mask: 'number',
      raw_uses: free('text', 'a counter, raised by each use'),
      attributes: 'json',
      lifecycle: 'json',
      created_at: 'time',
      updated_at: free('time', 'it is only shown'),
    },
    fresh: {
      min_decrypt_version: () => 1,
      is_disabled: () => false,
      created_by: none,
      destroy_at: none,
      is_exportable: () => false,
      rotate_every_days: none,
      rotate_at: none,
      threshold: none,
      fhe_key_id: none,
      label: none,
      is_sensitive: () => true,
      usage_mask: none,
      raw_uses: () => '0',
      attributes: () => [],
      lifecycle: () => ({}),
      created_at: now,
      updated_at: now,
    },
  },
  key_version: {
    key: ['key_id', 'version'],
    tenant: { of: 'key', by: 'key_id' },
    columns: {
      key_id: 'text',
      ...ofWrapped,
    },
    fresh: { created_at: now },
  },
  identity_provider: {
    key: ['id'],
    tenant: { column: 'organisation_id' },
    columns: {
      id: 'text',
      name: 'text',
      organisation_id: 'text',
      kind: 'text',
      settings: 'json',
      secret_sealed: 'bytes',
      scim_token_hash: 'bytes',
      scim_token_made_at: 'time',
      created_at: 'time',
      removed_at: 'time',
    },
    fresh: {
      secret_sealed: none,
      scim_token_hash: none,
      scim_token_made_at: none,
      created_at: now,
      removed_at: none,
    },
  },
  group_role: {
    key: ['id'],
    tenant: { of: 'identity_provider', by: 'provider_id' },
    columns: {
      id: 'text',
      provider_id: 'text',
      group_name: 'text',
      role: 'text',
      organisation_id: 'text',
      project_id: 'text',
      conditions: 'json',
    },
    fresh: { conditions: none },
  },
  member: {
    key: ['identity_id'],
    tenant: { of: 'identity_provider', by: 'provider_id' },
    columns: {
      identity_id: 'text',
      provider_id: 'text',
      subject: 'text',
      groups: 'json',
      username: 'text',
      given_name: 'text',
      family_name: 'text',
      email: 'text',
      external_id: 'text',
      deactivated_at: 'time',
      created_at: 'time',
      updated_at: 'time',
    },
    fresh: {
      groups: () => [],
      username: none,
      given_name: none,
      family_name: none,
      email: none,
      external_id: none,
      deactivated_at: none,
      created_at: now,
      updated_at: now,
    },
  },
  member_group: {
    key: ['id'],
    tenant: { of: 'identity_provider', by: 'provider_id' },
    columns: {
      id: 'text',
      provider_id: 'text',
      name: 'text',
      external_id: 'text',
      created_at: 'time',
      updated_at: 'time',
    },
    fresh: { external_id: none, created_at: now, updated_at: now },
  },
  member_of_group: {
    key: ['group_id', 'identity_id'],
    tenant: { of: 'member_group', by: 'group_id' },
    columns: { group_id: 'text', identity_id: 'text' },
    fresh: {},
  },
  kmip_client: {
    key: ['spki'],
    tenant: { of: 'project', by: 'project_id' },
    columns: {
      spki: 'bytes',
      name: 'text',
      identity_id: 'text',
      project_id: 'text',
      made_by: 'json',
      expires_at: 'time',
      created_at: 'time',
      revoked_at: 'time',
    },
    fresh: { created_at: now, revoked_at: none },
  },
  workload_rule: {
    key: ['id'],
    tenant: { of: 'identity', by: 'identity_id' },
    columns: {
      id: 'text',
      identity_id: 'text',
      name: 'text',
      kind: 'text',
      settings: 'json',
      token_ttl_seconds: 'number',
      made_by: 'json',
      created_at: 'time',
      revoked_at: 'time',
    },
    fresh: { made_by: none, created_at: now, revoked_at: none },
  },
  external_key: {
    key: ['id'],
    tenant: { column: 'organisation_id' },
    columns: {
      id: 'text',
      organisation_id: 'text',
      project_id: 'text',
      name: 'text',
      provider: 'text',
      settings: 'json',
      credentials: 'bytes',
      key_use: 'text',
      public_key: 'bytes',
      created_by: 'text',
      created_at: 'time',
      updated_at: 'time',
    },
    fresh: { public_key: none, created_at: now, updated_at: now },
  },
  approval_request: {
    key: ['id'],
    tenant: { column: 'organisation_id' },
    columns: {
      id: 'text',
      identity_id: 'text',
      operation: 'text',
      organisation_id: 'text',
      project_id: 'text',
      key_id: 'text',
      asked: 'text',
      needed: 'number',
      approvers: 'json',
      hands: 'json',
      override: 'json',
      created_at: 'time',
      expires_at: 'time',
      used_at: 'time',
    },
    fresh: { hands: none, override: none, used_at: none },
  },
  approval: {
    key: ['request_id', 'identity_id'],
    tenant: { of: 'approval_request', by: 'request_id' },
    columns: {
      request_id: 'text',
      identity_id: 'text',
      approves: 'flag',
      hands: 'json',
      decided_at: 'time',
    },
    fresh: { hands: none },
  },
  root_config: {
    key: ['root_id', 'node_id'],
    tenant: 'deployment',
    columns: {
      root_id: 'text',
      node_id: 'text',
      cka_id: 'text',
      version: 'number',
      state: 'text',
      mechanism: 'text',
      possession: 'text',
      attributes: 'json',
      origin: 'text',
      bundle_digest: 'text',
      created_at: 'time',
    },
    fresh: { origin: () => 'ceremony' as const, created_at: now },
  },
  organisation_kek: {
    key: ['organisation_id', 'version'],
    tenant: { column: 'organisation_id' },
    columns: {
      kek_id: 'text',
      organisation_id: 'text',
      ...ofWrapped,
    },
    fresh: { created_at: now },
  },
  project_kek: {
    key: ['project_id', 'version'],
    tenant: { of: 'project', by: 'project_id' },
    columns: {
      kek_id: 'text',
      project_id: 'text',
      ...ofWrapped,
    },
    fresh: { created_at: now },
  },
}

/** Every other table, and why nothing in it grants, restricts or names what no other proof covers. */
export const notAuthority: { readonly [N in Exclude<keyof Tables, AuthorityTable>]: string } = {
  node: 'it names a token by its serial; what is in it shows itself there',
  policy: 'a copy: those that are pinned are files of the state folder',
  import_key: 'under a MAC of its own, by the project’s KEK',
  tombstone: 'a signed receipt; shred.log, beside the database, has it too',
  bundle_import: 'what was imported is signed; a row removed lets the same bundle in again',
  fhe_key: 'holders check it against what the ceremony signed',
  fhe_epoch: 'holders check it against what the ceremony signed',
  fhe_share_commitment: 'its digest is in what the ceremony signed',
  fhe_ciphertext: 'named by its digest',
  ciphertext_quota: 'room for files: it gives no key and no role',
  fhe_request_ciphertext: 'in the signed request too',
  fhe_taken_request: 'holders keep it themselves',
  fhe_spent: 'holders count it themselves',
  decrypt_request: 'the request is signed, and holders check it',
  partial_decryption: 'each answer is signed by its holder',
  answered_challenge: 'one that is removed is over within minutes all the same',
  access_review: 'signed',
  alert_rule: 'it tells, and grants nothing',
  alert: 'it tells, and grants nothing',
  alert_watch: 'it tells, and grants nothing',
  webhook: 'its secret is sealed for it; it tells, and grants nothing',
  webhook_delivery: 'it tells, and grants nothing',
  role_grant_ended: 'history, for reports',
  removed_external_key: 'an id that its own project alone takes again',
  sign_on_attempt: 'what it proved is sealed for it',
  workload_jti: 'a token that logged in: taken away, it logs in once more in its minutes',
  login_failure: 'a count: taken back, it lets more be tried',
  idempotent_call: 'its reply is sealed for the call',
  audit: 'chained, under a MAC and signed checkpoints: docs/adr/0050',
  audit_writer: 'signed checkpoints say what is covered',
  audit_checkpoint: 'signed',
  audit_checkpoint_range: 'signed checkpoints say what is covered',
  audit_tree: 'believed where it gives a root that the state folder knows',
  audit_note: 'signed',
  audit_witness: 'cosigned',
  authority_set: 'sealed by the root: it is what the rows add up to',
  authority_change: 'believed where it leads to what authority_set says',
}

/** In an order in which whatever a row hangs from comes before it. */
export const authorityNames = Object.keys(authorityTables) as readonly AuthorityTable[]

/** The columns of a table as the writer and the checks walk them. */
export type Column = { readonly name: string; readonly kind: Kind; readonly covered: boolean }

const columnsByTable = new Map<AuthorityTable, readonly Column[]>(
  authorityNames.map((table) => [
    table,
    Object.entries<Kind | FreeColumn>(authorityTables[table].columns).map(([name, one]) =>
      typeof one === 'string' ? { name, kind: one, covered: true } : { name, kind: one.kind, covered: false },
    ),
  ]),
)
export const columnsOf = (table: AuthorityTable): readonly Column[] => columnsByTable.get(table) ?? []

/** A row by its table and what names it there, for people. */
export const nameOfRow = (table: AuthorityTable, row: Readonly<Record<string, unknown>>): string =>
  [table, ...authorityTables[table].key.map((column) => row[column] ?? '-')].join(' ')
