import { hash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { Tables } from '../tables.ts'
import { type AuthorityTable, nameOfRow, type StoredRow } from './tables.ts'

/** A row that the server did not write, as it is in the database. */
export type ForgedRow = {
  readonly [N in AuthorityTable]: { readonly table: N; readonly row: StoredRow<N> }
}[AuthorityTable]

/** An id with the name that the database has for it, where it has one. */
type Name = (id: string | null) => string

const at = (name: Name, { organisation_id, project_id }: Place): string =>
  project_id !== null
    ? `in project ${name(project_id)}`
    : organisation_id !== null
      ? `in organisation ${name(organisation_id)}`
      : 'in the whole deployment'
type Place = { readonly organisation_id: string | null; readonly project_id: string | null }

const until = (time: Date | null) => (time === null ? '' : `, until ${time.toISOString()}`)
const ended = (time: Date | null) => (time === null ? '' : `, ended ${time.toISOString()}`)
const under = (conditions: unknown) =>
  conditions === null ? 'under no condition' : `under ${JSON.stringify(conditions)}`

/** So that two of them differ: eight digits of the SHA-256 of what is kept. */
const marked = (what: string, kept: string | Uint8Array | null) =>
  kept === null ? `no ${what}` : `${what} ${hash('sha256', kept, 'hex').slice(0, 8)}`

/** What somebody has by a row, once it is accepted. No secret is in it. */
const says: { readonly [N in AuthorityTable]: (row: StoredRow<N>, name: Name) => string } = {
  deployment: (row) =>
    `the deployment: set up ${row.set_up_at?.toISOString() ?? 'by nobody'}, ${row.setup_code_hash ? 'with' : 'without'} a set-up code, sign-on ${row.sign_on_required ? 'required' : 'not required'}`,
  organisation: (row) =>
    `organisation ${row.name}${row.ceremony_only ? ', with keys of ceremonies alone' : ''}`,
  project: (row, name) =>
    `project ${row.name} of ${name(row.organisation_id)}: plain export ${row.plain_export ? 'on' : 'off'}, wrapped export ${row.wrapped_export ? 'on' : 'off'}`,
  identity: (row) => `identity ${row.name}${ended(row.revoked_at)}`,
  client_secret: (row, name) => `a client secret of ${name(row.identity_id)}${ended(row.revoked_at)}`,
  person: (row, name) =>
    `${name(row.identity_id)} logs in as ${row.username}, ${row.enrolment_hash ? 'with an invitation' : 'enrolled'}, ${marked('password', row.password_hash)}, ${marked('code', row.totp_sealed)}${row.break_glass ? ', by password whatever is required' : ''}`,
  authenticator: (row, name) => `the device ${row.name} is a second factor of ${name(row.identity_id)}`,
  token: (row, name) =>
    `${row.name === null ? 'a log-in' : `the API key ${row.name}`} of ${name(row.identity_id)}${until(row.expires_at)}${ended(row.revoked_at)}`,
  role_grant: (row, name) =>
    `${name(row.identity_id)} has the role ${row.role} ${at(name, row)}, ${under(row.conditions)}`,
  key: (row, name) =>
    `key ${row.name} in project ${name(row.project_id)}: ${row.is_exportable ? 'exportable' : 'not exportable'}, ${row.is_disabled ? 'switched off' : 'in use'}, opens from version ${row.min_decrypt_version}`,
  key_version: (row, name) => `version ${row.version} of ${name(row.key_id)} is ${row.state}`,
  identity_provider: (row) =>
    `people log in by the identity provider ${row.name} (${row.kind}) of ${row.organisation_id ?? 'the deployment'}, with ${JSON.stringify(row.settings)}, ${marked('SCIM token', row.scim_token_hash)}${ended(row.removed_at)}`,
  group_role: (row, name) =>
    `the group ${row.group_name} of provider ${name(row.provider_id)} has the role ${row.role} ${at(name, row)}, ${under(row.conditions)}`,
  member: (row, name) =>
    `${name(row.identity_id)} logs in by provider ${name(row.provider_id)} as ${row.subject}, in ${row.groups.length} groups`,
  member_group: (row, name) => `provider ${name(row.provider_id)} has the group ${row.name}`,
  member_of_group: (row, name) => `${name(row.identity_id)} is in the group ${name(row.group_id)}`,
  kmip_client: (row, name) =>
    `the certificate ${row.name} speaks KMIP as ${name(row.identity_id)} in project ${name(row.project_id)}${until(row.expires_at)}${ended(row.revoked_at)}`,
  workload_rule: (row, name) =>
    `workloads log in as ${name(row.identity_id)} by the rule ${row.name} (${row.kind})${ended(row.revoked_at)}`,
  external_key: (row, name) =>
    `key ${row.name} at ${row.provider} for ${row.key_use} in project ${name(row.project_id)}`,
  approval_request: (row, name) =>
    `${name(row.identity_id)} asks for ${row.operation} with ${name(row.key_id)}: ${row.needed} approvals of ${row.approvers.map(name).join(', ')}${ended(row.used_at)}`,
  approval: (row, name) =>
    `${name(row.identity_id)} ${row.approves ? 'approves' : 'refuses'} request ${row.request_id}`,
  root_config: (row) => `root ${row.root_id} at node ${row.node_id} is ${row.state}`,
  organisation_kek: (row, name) =>
    `version ${row.version} of the KEK of organisation ${name(row.organisation_id)} is ${row.state}`,
  project_kek: (row, name) =>
    `version ${row.version} of the KEK of project ${name(row.project_id)} is ${row.state}`,
}

/** Each forged row by its name, with what it would give. */
export async function sentencesOf(
  database: Kysely<Tables>,
  rows: readonly ForgedRow[],
): Promise<readonly string[]> {
  const names = await namesIn(database, rows)
  const name: Name = (id) => (id === null ? 'nothing' : names.has(id) ? `${names.get(id)} (${id})` : id)
  return rows.map((one) => `${nameOfRow(one.table, one.row)}: ${sentence(one, name)}`)
}

function sentence<N extends AuthorityTable>(
  { table, row }: { readonly table: N; readonly row: StoredRow<N> },
  name: Name,
): string {
  return says[table](row, name)
}

async function namesIn(
  database: Kysely<Tables>,
  rows: readonly ForgedRow[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Set<string>()
  for (const { row } of rows)
    for (const [column, value] of Object.entries(row))
      if (column.endsWith('_id') && typeof value === 'string') ids.add(value)
  const wanted = [...ids]
  const { rows: found } = await sql<{ id: string; name: string }>`
    select id, name from identity where id = any (${wanted}::text[])
    union all select id, name from organisation where id = any (${wanted}::text[])
    union all select id, name from project where id = any (${wanted}::text[])
    union all select id, name from key where id = any (${wanted}::text[])
    union all select id, name from identity_provider where id = any (${wanted}::text[])
    union all select id, name from member_group where id = any (${wanted}::text[])`.execute(database)
  return new Map(found.map(({ id, name }) => [id, name]))
}
