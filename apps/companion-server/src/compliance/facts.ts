import type { VerificationKeys } from '@lux/crypto'
import { sha256Hex, utf8 } from '@lux/crypto'
import { type Kysely, sql } from 'kysely'
import { overrideIn } from '../access/override.ts'
import { verifyAudit } from '../audit/verify.ts'
import type { Database } from '../platform/database/open.ts'
import type { Tables } from '../platform/database/tables.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'

/** Everything that a report speaks of, as the database has it: rows in the order of their ids, times as ISO texts. */
export type Facts = {
  readonly audience: string
  readonly domain: string
  readonly from: string
  readonly to: string
  readonly checkpoint: { readonly seq: string; readonly hash: string; readonly time: string } | null
  readonly audit: {
    /** `whole`, or the rule that the log breaks. */
    readonly verdict: string
    readonly covered: number
    readonly writers: number
    readonly oldest: string | null
    /** Times of the oldest and newest entry of which the chain alone is kept, and how many there are. */
    readonly dropped: { readonly count: number; readonly newest: string | null }
  }
  readonly operations: readonly OperationFact[]
  /** When each identity did something last, in the whole log. */
  readonly lastUse: Readonly<Record<string, string>>
  readonly policies: readonly PolicyFact[]
  readonly bundles: readonly BundleFact[]
  readonly keks: readonly KekFact[]
  readonly keys: readonly KeyFact[]
  readonly thresholdKeys: readonly ThresholdFact[]
  readonly projectsOfPlainKeys: readonly { readonly id: string; readonly name: string }[]
  readonly identities: readonly IdentityFact[]
  readonly grants: readonly GrantFact[]
  readonly credentials: readonly CredentialFact[]
  /** In the period, the oldest first. */
  readonly reviews: readonly ReviewFact[]
  /** Asked for in the period. */
  readonly approvals: readonly ApprovalFact[]
  readonly externalKeys: readonly ExternalKeyFact[]
  readonly organisations: readonly { readonly id: string; readonly name: string }[]
  readonly tombstones: readonly { readonly level: string; readonly id: string; readonly at: string }[]
}

export type OperationFact = {
  readonly operation: string
  readonly outcome: string
  readonly count: number
  readonly identities: number
  readonly last: string
}
export type PolicyFact = {
  readonly digest: string
  readonly version: number
  readonly organisation: string
  readonly expiry: string
  readonly officers: number
  readonly officerQuorum: number
  readonly witnesses: number
  readonly witnessQuorum: number
}
export type BundleFact = {
  readonly digest: string
  readonly ceremony: string
  readonly state: string
  readonly rule: string | null
  readonly at: string
  readonly policy: string
  readonly people: number
  readonly exceptions: number
  readonly backups: readonly {
    readonly root: string
    readonly t: number
    readonly custodians: readonly string[]
  }[]
}
export type KekFact = {
  readonly level: 'root' | 'organisation' | 'project'
  readonly id: string
  readonly of: string
  readonly version: number
  readonly algorithm: string
  readonly origin: string
  readonly state: string
  readonly under: string
  readonly at: string
}
export type VersionFact = {
  readonly version: number
  readonly origin: string
  readonly state: string
  readonly bundle: string | null
  readonly at: string
}
export type KeyFact = {
  readonly id: string
  readonly name: string
  readonly project: string
  readonly usage: string
  readonly algorithm: string
  readonly current: number
  readonly disabled: boolean
  readonly exportable: boolean
  readonly sensitive: boolean
  readonly rotateEveryDays: number | null
  readonly rotateAt: string | null
  readonly destroyAt: string | null
  readonly compromised: string | null
  readonly destroyed: string | null
  /** A threshold key that a ceremony dealt or has still to deal: it has no version here. */
  readonly threshold: boolean
  readonly versions: readonly VersionFact[]
}
export type ThresholdFact = {
  readonly id: string
  readonly t: number
  readonly n: number
  readonly epoch: string
  readonly bundle: string
  readonly holders: readonly string[]
}
export type IdentityFact = {
  readonly id: string
  readonly name: string
  /** Null of a program, and of a person whose provider gives none. */
  readonly username: string | null
  /** Who says who a person is, by its name; null of a program and of who logs in by password. */
  readonly provider: string | null
  readonly enrolled: boolean
  readonly secondFactor: boolean
  readonly tokenSeconds: number
  readonly at: string
  readonly revoked: string | null
}
export type GrantFact = {
  readonly identity: string
  readonly role: string
  readonly organisation: string | null
  readonly project: string | null
  readonly conditions: boolean
  readonly at: string
}
export type ReviewFact = {
  readonly id: string
  /** Its id; null of the whole deployment. */
  readonly organisation: string | null
  readonly reviewer: string
  readonly identities: number
  /** SHA-256 of the list that was signed off. */
  readonly access: string
  readonly at: string
}
export type CredentialFact = {
  readonly kind:
    | 'client secret'
    | 'API key'
    | 'KMIP certificate'
    | 'SCIM token'
    | 'secret at an identity provider'
    | 'credentials of an external key'
  readonly id: string
  /** Whose it is; else what it is of, by name. */
  readonly of: { readonly identity: string } | { readonly name: string }
  /** Null where it was not recorded. */
  readonly at: string | null
  readonly expires: string | null
  readonly revoked: string | null
}
export type ApprovalFact = {
  readonly id: string
  readonly identity: string
  readonly operation: string
  /** Null of a change of who may do what. */
  readonly key: string | null
  readonly needed: number
  readonly approvedBy: readonly string[]
  readonly refusedBy: readonly string[]
  /** Of the ceremony, who stood in for those who are named. */
  readonly officers?: readonly string[]
  readonly at: string
  readonly expires: string
  readonly used: string | null
}
export type ExternalKeyFact = {
  readonly id: string
  readonly name: string
  readonly project: string
  readonly provider: string
  readonly usage: string
  readonly at: string
}

export type Period = { readonly from?: Date; readonly to?: Date }

/** More keys, or more requests for approval, than this are too many for one report. */
const maxRows = 100_000
const yearDays = 365
export const dayMs = 86_400_000

type Parts = {
  readonly database: Database
  readonly audience: string
  readonly domain: string
  readonly receiptKey: VerificationKeys
}

/**
 * Read in one snapshot. The period ends with the newest checkpoint where no end is given, and is a year long. What has a time of
 * after its end is left out: rows, ends, newer versions, the log's entries. What has none is as it is today (`asOfAsking` of the
 * report names it). Refuses REQUEST-FIELDS, REPORT-TOO-LARGE.
 */
export async function gatherFacts(parts: Parts, period: Period): Promise<Outcome<Facts>> {
  return parts.database
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute((work) => gather(work, parts, period))
}

async function gather(
  work: Kysely<Tables>,
  { audience, domain, receiptKey }: Parts,
  period: Period,
): Promise<Outcome<Facts>> {
  let newest = work.selectFrom('audit_checkpoint').selectAll().orderBy('seq', 'desc').limit(1)
  if (period.to !== undefined) newest = newest.where('time', '<=', period.to)
  const row = await newest.executeTakeFirst()
  const checkpoint = row
    ? { seq: row.seq, hash: sha256Hex(utf8(row.payload)), time: row.time.toISOString() }
    : null
  const end = period.to ?? row?.time ?? new Date(0)
  const start = period.from ?? new Date(end.getTime() - yearDays * dayMs)
  if (start.getTime() > end.getTime())
    return refuse('REQUEST-FIELDS', `from ${start.toISOString()} is after to ${end.toISOString()}`)
  const { now } = await work.selectNoFrom(sql<Date>`now()`.as('now')).executeTakeFirstOrThrow()
  if (period.to !== undefined && period.to > now)
    return refuse('REQUEST-FIELDS', `to ${end.toISOString()} is after now, ${now.toISOString()}`)
  for (const [table, what] of [
    ['key', 'keys'],
    ['external_key', 'external keys'],
    ['approval_request', 'requests for approval'],
  ] as const) {
    const { count } = await work
      .selectFrom(table)
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .where('created_at', '<=', end)
      .executeTakeFirstOrThrow()
    if (Number(count) > maxRows) return refuse('REPORT-TOO-LARGE', `${count} ${what}, at most ${maxRows}`)
  }
  const names = await namesOf(work)
  const covered = coveredBy(work, row?.seq ?? '0', end)
  return accept({
    ...{ audience, domain, from: start.toISOString(), to: end.toISOString(), checkpoint },
    ...(await auditFacts(work, covered, { audience, receiptKey, upTo: row?.seq ?? '0' }, start)),
    ...(await ceremonyFacts(work, end)),
    ...(await keyFacts(work, end, names)),
    ...(await peopleFacts(work, covered, end)),
    reviews: await reviewFacts(work, start, end),
    approvals: await approvalFacts(work, start, end),
    externalKeys: await externalKeyFacts(work, end, names),
    organisations: sorted(
      await work.selectFrom('organisation').select(['id', 'name']).where('created_at', '<=', end).execute(),
      ({ id }) => id,
    ),
  })
}

/** The entries that a checkpoint covers, and those before it, up to a time. */
function coveredBy(work: Kysely<Tables>, checkpoint: string, end: Date) {
  return work
    .selectFrom('audit')
    .innerJoin('audit_checkpoint_range as range', (join) =>
      join
        .onRef('range.writer', '=', 'audit.writer')
        .onRef('audit.seq', '>=', sql.ref('range.from_seq'))
        .onRef('audit.seq', '<=', sql.ref('range.to_seq')),
    )
    .where('range.checkpoint', '<=', checkpoint)
    .where('audit.time', '<=', end)
}
type Covered = ReturnType<typeof coveredBy>

async function approvalFacts(work: Kysely<Tables>, start: Date, end: Date): Promise<readonly ApprovalFact[]> {
  const rows = await work
    .selectFrom('approval_request')
    .selectAll()
    .where('created_at', '>', start)
    .where('created_at', '<=', end)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  const decisions = await work
    .selectFrom('approval')
    .innerJoin('approval_request', 'approval_request.id', 'approval.request_id')
    .innerJoin('identity', 'identity.id', 'approval.identity_id')
    .select(['request_id', 'identity.name', 'approves'])
    .where('approval_request.created_at', '>', start)
    .where('decided_at', '<=', end)
    .orderBy('decided_at')
    .orderBy('approval.identity_id')
    .execute()
  const byRequest = Map.groupBy(decisions, ({ request_id }) => request_id)
  return rows.map((one) => {
    const by = (approves: boolean) =>
      (byRequest.get(one.id) ?? []).filter((its) => its.approves === approves).map(({ name }) => name)
    const signed = overrideIn(one.override)?.signed ?? null
    return {
      ...{ id: one.id, identity: one.identity_id, operation: one.operation, key: one.key_id },
      ...{ needed: one.needed, approvedBy: by(true), refusedBy: by(false) },
      ...{ at: one.created_at.toISOString(), expires: one.expires_at.toISOString() },
      used: ended(one.used_at, end),
      ...(signed === null ? {} : { officers: signed.officers }),
    }
  })
}

async function externalKeyFacts(
  work: Kysely<Tables>,
  end: Date,
  nameOf: (id: string) => string,
): Promise<readonly ExternalKeyFact[]> {
  const rows = await work.selectFrom('external_key').selectAll().where('created_at', '<=', end).execute()
  return sorted(
    rows.map((one) => ({
      ...{ id: one.id, name: one.name, project: nameOf(one.project_id), provider: one.provider },
      ...{ usage: one.key_use, at: one.created_at.toISOString() },
    })),
    ({ id }) => id,
  )
}

async function reviewFacts(work: Kysely<Tables>, start: Date, end: Date): Promise<readonly ReviewFact[]> {
  const rows = await work
    .selectFrom('access_review')
    .innerJoin('identity', 'identity.id', 'access_review.reviewer_id')
    .select(['access_review.id', 'organisation_id', 'reviewed_at', 'access_digest', 'identity.name'])
    .select(sql<number>`jsonb_array_length(access)`.as('identities'))
    .where('reviewed_at', '>', start)
    .where('reviewed_at', '<=', end)
    .orderBy('reviewed_at')
    .orderBy('access_review.id')
    .execute()
  return rows.map((one) => ({
    ...{ id: one.id, reviewer: one.name, identities: one.identities, access: one.access_digest },
    organisation: one.organisation_id,
    at: one.reviewed_at.toISOString(),
  }))
}

async function namesOf(work: Kysely<Tables>): Promise<(id: string) => string> {
  const rows = [
    ...(await work.selectFrom('organisation').select(['id', 'name']).execute()),
    ...(await work.selectFrom('project').select(['id', 'name']).execute()),
  ]
  const names = new Map(rows.map(({ id, name }) => [id, name]))
  return (id) => names.get(id) ?? id
}

async function auditFacts(
  work: Kysely<Tables>,
  covered: Covered,
  log: { readonly audience: string; readonly receiptKey: VerificationKeys; readonly upTo: string },
  start: Date,
): Promise<Pick<Facts, 'audit' | 'operations' | 'lastUse'>> {
  const walked = await verifyAudit(work, log)
  const all = await covered
    .select(({ fn }) => [
      fn.countAll<string>().as('count'),
      sql<string>`count(distinct audit.writer)`.as('writers'),
      fn.min('audit.time').as('oldest'),
      sql<string>`count(*) filter (where audit.entry is null)`.as('dropped'),
      sql<Date | null>`max(audit.time) filter (where audit.entry is null)`.as('newestDropped'),
    ])
    .executeTakeFirstOrThrow()
  const operations = await covered
    .where('audit.time', '>', start)
    .where('audit.operation', 'is not', null)
    .select(['audit.operation', 'audit.outcome'])
    .select(({ fn }) => [
      fn.countAll<string>().as('count'),
      fn.max('audit.time').as('last'),
      sql<string>`count(distinct audit.identity_id)`.as('identities'),
    ])
    .groupBy(['audit.operation', 'audit.outcome'])
    .execute()
  const uses = await covered
    .where('audit.identity_id', 'is not', null)
    .select('audit.identity_id')
    .select(({ fn }) => fn.max('audit.time').as('last'))
    .groupBy('audit.identity_id')
    .execute()
  return {
    audit: {
      verdict: walked.ok ? 'whole' : walked.rule,
      covered: Number(all.count),
      writers: Number(all.writers),
      oldest: iso(all.oldest),
      dropped: { count: Number(all.dropped), newest: iso(all.newestDropped) },
    },
    operations: sorted(
      operations.map((one) => ({
        ...{ operation: one.operation ?? '', outcome: one.outcome ?? '', count: Number(one.count) },
        ...{ identities: Number(one.identities), last: one.last.toISOString() },
      })),
      ({ operation, outcome }) => `${operation} ${outcome}`,
    ),
    lastUse: Object.fromEntries(
      sorted(uses, (one) => one.identity_id ?? '').map((one) => [
        one.identity_id ?? '',
        one.last.toISOString(),
      ]),
    ),
  }
}

/** What a policy and a predicate are read for: both were checked when they were taken in. */
type KnownPolicy = {
  version: number
  organisation: { name: string }
  expiry: string
  officers: unknown[]
  officerQuorum: number
  witnesses: unknown[]
  witnessQuorum: number
}
type KnownPredicate = {
  cards: unknown[]
  exceptions: unknown[]
  backups?: { id: string; t: number; shares: { name: string }[] }[]
}

async function ceremonyFacts(
  work: Kysely<Tables>,
  end: Date,
): Promise<Pick<Facts, 'policies' | 'bundles' | 'thresholdKeys'>> {
  const policies = await work.selectFrom('policy').selectAll().where('pinned_at', '<=', end).execute()
  const bundles = await work
    .selectFrom('bundle_import')
    .selectAll()
    .where('created_at', '<=', end)
    .orderBy('id')
    .execute()
  const dealt = await work.selectFrom('fhe_key').selectAll().where('created_at', '<=', end).execute()
  const epochs = await work
    .selectFrom('fhe_epoch')
    .select(['fhe_key_id', 'epoch', 't', 'n', 'bundle_digest'])
    .where('created_at', '<=', end)
    .orderBy('epoch')
    .execute()
  const shares = await work
    .selectFrom('fhe_share_commitment')
    .select(['fhe_key_id', 'epoch', 'holder_index', 'holder'])
    .orderBy('holder_index')
    .execute()
  return {
    policies: sorted(
      policies.map(({ digest, document }) => {
        // Checked before it was pinned.
        const policy = JSON.parse(document) as KnownPolicy
        return {
          ...{ digest, version: policy.version, organisation: policy.organisation.name },
          ...{ expiry: policy.expiry, officers: policy.officers.length, officerQuorum: policy.officerQuorum },
          ...{ witnesses: policy.witnesses.length, witnessQuorum: policy.witnessQuorum },
        }
      }),
      ({ version, digest }) => `${String(version).padStart(9, '0')} ${digest}`,
    ),
    bundles: bundles.map((one) => {
      // Of a bundle that was verified.
      const predicate = one.provenance as KnownPredicate | null
      return {
        ...{ digest: one.digest ?? one.file_digest, ceremony: one.ceremony_id ?? '', state: one.state },
        ...{ rule: one.rule, at: one.created_at.toISOString(), policy: one.policy_digest ?? '' },
        ...{ people: predicate?.cards.length ?? 0, exceptions: predicate?.exceptions.length ?? 0 },
        backups: (predicate?.backups ?? []).map(({ id, t, shares: its }) => ({
          ...{ root: id, t, custodians: its.map(({ name }) => name) },
        })),
      }
    }),
    thresholdKeys: sorted(
      dealt.map((key) => {
        // A later epoch is that of other people, whom a report of the years before does not know.
        const held = epochs.findLast(({ fhe_key_id }) => fhe_key_id === key.id) ?? key
        const epoch = Number(held.epoch)
        return {
          ...{ id: key.id, t: held.t, n: held.n, epoch: String(epoch), bundle: held.bundle_digest },
          holders: shares
            .filter((share) => share.fhe_key_id === key.id && share.epoch === epoch)
            .map(({ holder }) => holder),
        }
      }),
      ({ id }) => id,
    ),
  }
}

async function keyFacts(
  work: Kysely<Tables>,
  end: Date,
  nameOf: (id: string) => string,
): Promise<Pick<Facts, 'keks' | 'keys' | 'projectsOfPlainKeys' | 'tombstones'>> {
  const roots = await work.selectFrom('root_config').selectAll().execute()
  const organisations = await work.selectFrom('organisation_kek').selectAll().execute()
  const projects = await work.selectFrom('project_kek').selectAll().execute()
  const keys = await work.selectFrom('key').selectAll().where('created_at', '<=', end).execute()
  const versions = await work
    .selectFrom('key_version')
    .select(['key_id', 'version', 'origin', 'state', 'bundle_digest', 'created_at'])
    .where('created_at', '<=', end)
    .orderBy('version')
    .execute()
  const byKey = Map.groupBy(versions, ({ key_id }) => key_id)
  const plain = await work
    .selectFrom('project')
    .select(['id', 'name'])
    .where('plain_export', '=', true)
    .execute()
  const tombstones = await work.selectFrom('tombstone').selectAll().where('shredded_at', '<=', end).execute()
  return {
    keks: sorted(
      [
        ...asOf(end, 'current', roots, (one) => `${one.node_id} ${one.origin}`).map((one) => ({
          ...{ level: 'root' as const, id: one.root_id, of: one.node_id, version: one.version },
          ...{ algorithm: one.mechanism, origin: one.origin, state: one.state, under: 'token' },
          at: one.created_at.toISOString(),
        })),
        ...asOf(end, 'enabled', organisations, (one) => one.organisation_id).map((one) => ({
          ...{ level: 'organisation' as const, id: one.kek_id, of: nameOf(one.organisation_id) },
          ...kekOf(one),
        })),
        ...asOf(end, 'enabled', projects, (one) => one.project_id).map((one) => ({
          ...{ level: 'project' as const, id: one.kek_id, of: nameOf(one.project_id), ...kekOf(one) },
        })),
      ],
      ({ level, id, version }) =>
        `${['root', 'organisation', 'project'].indexOf(level)} ${id} ${String(version).padStart(9, '0')}`,
    ),
    keys: sorted(
      keys.map((one) => {
        const its = byKey.get(one.id) ?? []
        const { compromised, destroyed } = one.lifecycle
        return {
          ...{ id: one.id, name: one.name, project: nameOf(one.project_id), usage: one.key_usage },
          ...{ algorithm: one.algorithm, disabled: one.is_disabled },
          current: Math.min(one.current_version, its.at(-1)?.version ?? one.current_version),
          ...{ exportable: one.is_exportable, sensitive: one.is_sensitive },
          ...{ rotateEveryDays: one.rotate_every_days, rotateAt: iso(one.rotate_at) },
          destroyAt: iso(one.destroy_at),
          compromised: compromised === undefined ? null : ended(new Date(compromised), end),
          destroyed: destroyed === undefined ? null : ended(new Date(destroyed), end),
          threshold: one.threshold !== null || one.fhe_key_id !== null,
          versions: its.map(({ version, origin, state, bundle_digest, created_at }) => ({
            ...{ version, origin, state, bundle: bundle_digest, at: created_at.toISOString() },
          })),
        }
      }),
      ({ id }) => id,
    ),
    projectsOfPlainKeys: sorted(plain, ({ id }) => id),
    tombstones: sorted(
      tombstones.map(({ level, id, shredded_at }) => ({ level, id, at: shredded_at.toISOString() })),
      ({ at, id }) => `${at} ${id}`,
    ),
  }
}

/**
 * What was there at the end of the period. The newest of an owner was in use then, though a rotation since has put another in its
 * place; one that was revoked stays so, since no time of that is kept.
 */
export function asOf<
  T extends { readonly version: number; readonly state: string; readonly created_at: Date },
>(
  end: Date,
  inUse: string,
  rows: readonly T[],
  ownerOf: (row: T) => string,
): (T & { readonly state: string })[] {
  return [...Map.groupBy(rows, ownerOf).values()].flatMap((all) => {
    const there = all.filter(({ created_at }) => created_at <= end)
    // Two roots of one node may bear the same version.
    const [newest] = there.toSorted(
      (a, b) => b.version - a.version || Number(b.created_at) - Number(a.created_at),
    )
    if (newest === undefined || newest.state === 'revoked') return there
    const replacedSince = all.some((one) => one.created_at > end && one.version >= newest.version)
    return replacedSince ? there.map((one) => (one === newest ? { ...one, state: inUse } : one)) : there
  })
}

function kekOf(row: {
  version: number
  algorithm: string
  origin: string
  state: string
  wrapping_kek_id: string
  wrapping_kek_version: number
  created_at: Date
}) {
  return {
    ...{ version: row.version, algorithm: row.algorithm, origin: row.origin, state: row.state },
    ...{ under: `${row.wrapping_kek_id} v${row.wrapping_kek_version}`, at: row.created_at.toISOString() },
  }
}

async function peopleFacts(
  work: Kysely<Tables>,
  covered: Covered,
  end: Date,
): Promise<Pick<Facts, 'identities' | 'grants' | 'credentials'>> {
  const identities = await work
    .selectFrom('identity')
    .leftJoin('person', 'person.identity_id', 'identity.id')
    .leftJoin('member', 'member.identity_id', 'identity.id')
    .leftJoin('identity_provider', 'identity_provider.id', 'member.provider_id')
    .select(['identity.id', 'identity.name', 'token_ttl_seconds', 'identity.created_at', 'revoked_at'])
    .select(['person.username', 'password_hash', 'totp_sealed', 'identity_provider.name as provider'])
    .select('member.username as memberUsername')
    .where('identity.created_at', '<=', end)
    .execute()
  const columns = [
    'identity_id',
    'role',
    'organisation_id',
    'project_id',
    'conditions',
    'created_at',
  ] as const
  const grants = [
    ...(await work.selectFrom('role_grant').select(columns).where('created_at', '<=', end).execute()),
    ...(await work
      .selectFrom('role_grant_ended')
      .select(columns)
      .where('created_at', '<=', end)
      .where('ended_at', '>', end)
      .execute()),
  ]
  return {
    identities: sorted(
      identities.map((one) => ({
        ...{ id: one.id, name: one.name, username: one.username ?? one.memberUsername },
        ...{ provider: one.provider, enrolled: one.password_hash !== null },
        ...{ secondFactor: one.totp_sealed !== null, tokenSeconds: one.token_ttl_seconds },
        ...{ at: one.created_at.toISOString(), revoked: ended(one.revoked_at, end) },
      })),
      ({ id }) => id,
    ),
    grants: sorted(
      grants.map((one) => ({
        ...{ identity: one.identity_id, role: one.role, organisation: one.organisation_id },
        ...{ project: one.project_id, conditions: one.conditions !== null, at: one.created_at.toISOString() },
      })),
      (one) => `${one.identity} ${one.role} ${one.organisation} ${one.project}`,
    ),
    credentials: sorted(
      [...(await ownCredentials(work, end)), ...(await credentialsElsewhere(work, covered, end))],
      ({ kind, id }) => `${kind} ${id}`,
    ),
  }
}

/** Of identities. */
async function ownCredentials(work: Kysely<Tables>, end: Date): Promise<readonly CredentialFact[]> {
  const secrets = await work.selectFrom('client_secret').selectAll().where('created_at', '<=', end).execute()
  const apiKeys = await work
    .selectFrom('token')
    .selectAll()
    .where('name', 'is not', null)
    .where('created_at', '<=', end)
    .execute()
  const kmip = await work.selectFrom('kmip_client').selectAll().where('created_at', '<=', end).execute()
  const common = (one: { identity_id: string; created_at: Date; revoked_at: Date | null }) => ({
    ...{ of: { identity: one.identity_id }, at: one.created_at.toISOString() },
    revoked: ended(one.revoked_at, end),
  })
  return [
    ...secrets.map((one) => ({
      ...{ kind: 'client secret' as const, id: one.id, expires: null, ...common(one) },
    })),
    ...apiKeys.map((one) => ({
      ...{ kind: 'API key' as const, id: one.id, expires: iso(one.expires_at), ...common(one) },
    })),
    ...kmip.map((one) => ({
      ...{ kind: 'KMIP certificate' as const, id: one.spki.toString('hex') },
      ...{ expires: iso(one.expires_at), ...common(one) },
    })),
  ]
}

/** By which this server logs in elsewhere, or an identity provider logs in here. */
async function credentialsElsewhere(
  work: Kysely<Tables>,
  covered: Covered,
  end: Date,
): Promise<readonly CredentialFact[]> {
  const providers = await work
    .selectFrom('identity_provider')
    .select(['id', 'name', 'secret_sealed', 'scim_token_hash', 'scim_token_made_at', 'created_at'])
    .where('created_at', '<=', end)
    .execute()
  const external = await work
    .selectFrom('external_key')
    .select(['id', 'name', 'created_at'])
    .where('created_at', '<=', end)
    .execute()
  const changed = await covered
    .where('audit.operation', '=', 'external-key.change-credentials')
    .where('audit.outcome', '=', 'ok')
    .where('audit.key_id', 'is not', null)
    .select('audit.key_id')
    .select(({ fn }) => fn.max('audit.time').as('last'))
    .groupBy('audit.key_id')
    .execute()
  const changes = new Map(changed.map(({ key_id, last }) => [key_id, last]))
  const endless = { expires: null, revoked: null }
  return [
    ...providers
      .filter(({ secret_sealed }) => secret_sealed !== null)
      .map(({ id, name, created_at }) => ({
        ...{ kind: 'secret at an identity provider' as const, id, of: { name } },
        ...{ at: created_at.toISOString(), ...endless },
      })),
    ...providers
      .filter(
        ({ scim_token_hash: hash, scim_token_made_at: at }) => hash !== null && (at === null || at <= end),
      )
      .map(({ id, name, scim_token_made_at: at }) => ({
        ...{ kind: 'SCIM token' as const, id, of: { name }, at: iso(at), ...endless },
      })),
    ...external.map(({ id, name, created_at }) => ({
      ...{ kind: 'credentials of an external key' as const, id, of: { name } },
      ...{ at: iso(changes.get(id) ?? created_at), ...endless },
    })),
  ]
}

const iso = (time: Date | null): string | null => (time === null ? null : time.toISOString())

/** A time that something ended at; null where that was only after the period. */
const ended = (time: Date | null, end: Date): string | null =>
  time === null || time > end ? null : time.toISOString()

/** By code units: no language's order, which changes from machine to machine. */
function sorted<T>(all: readonly T[], by: (one: T) => string): T[] {
  return all
    .map((one) => ({ one, key: by(one) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ one }) => one)
}
