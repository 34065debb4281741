import { parseCanonical, toHex, utf8, type VerificationKeys } from '@lux/crypto'
import { type SelectQueryBuilder, sql } from 'kysely'
import { absent, authorize, type Resource } from '../access/authorize.ts'
import { checkPage } from '../access/page.ts'
import type { Database } from '../platform/database/open.ts'
import type { Reader } from '../platform/database/reader.ts'
import type { AuditTable, Tables } from '../platform/database/tables.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { type Checkpoint, nodesOf, type SignedCheckpoint } from './checkpoints.ts'
import { merklePath, type PathStep } from './merkle.ts'
import { type Names, namesOf } from './names.ts'
import type { Call, Record, Subject } from './record.ts'
import { type AuditVerdict, verifyAudit } from './verify.ts'
import type { AuditEntry } from './writer.ts'

/** Which entries: of one project, one organisation, or, where both are null, of the whole deployment. */
export type AuditQuery = {
  readonly organisation: string | null
  readonly project: string | null
  readonly key?: string
  readonly identity?: string
  readonly operation?: string
  readonly outcome?: string
  readonly from?: Date
  readonly to?: Date
}

/** An entry in its place. `entry` is null where it is no longer kept. */
export type PlacedEntry = {
  readonly writer: string
  readonly seq: string
  readonly prev: string
  readonly salt: string
  readonly hash: string
  readonly entry: AuditEntry | null
}

export type Redeemed = PlacedEntry & {
  /** `pending`: no checkpoint covers it yet; within a second or two one does. */
  readonly state: 'pending' | 'checkpointed'
  readonly path: readonly PathStep[]
  readonly checkpoint: SignedCheckpoint | null
}

export type Usage = {
  readonly key: string | null
  readonly identity: string | null
  readonly operation: string
  readonly outcome: string
  readonly count: number
  readonly last: Date
}

/** Where a receipt's entry is: by the header's writer and number, or by the request's id. */
export type ReceiptOf = { readonly writer: string; readonly seq: string } | { readonly reqId: string }

/** Entries of one day, UTC. */
export type AuditDay = { readonly day: string; readonly entries: number; readonly refused: number }

type Parts = {
  readonly database: Database
  readonly reader: Reader
  readonly record: Record
  /** By what the server's own checkpoints are verified. */
  readonly signedBy: { readonly receiptKey: VerificationKeys; readonly audience: string }
}
type Rows = SelectQueryBuilder<Tables, 'audit', object>

const mostUsage = 1000
const exportPage = 1000
const mostDays = 400

export type AuditOperations = ReturnType<typeof openAuditOperations>

/** What may be asked of the audit log, which is itself recorded there. */
export function openAuditOperations({ database, reader, record, signedBy }: Parts) {
  let verifying: Promise<Outcome<AuditVerdict>> | null = null

  return {
    /** The caller's own entry, what proves it, and the signed checkpoint: anybody can check them without this server. */
    redeem(call: Call, of: ReceiptOf): Promise<Outcome<Redeemed>> {
      return record(call, 'audit.redeem', async () => {
        const rows = database.selectFrom('audit').selectAll()
        const found =
          'reqId' in of
            ? await rows.where('req_id', '=', of.reqId).orderBy('time').limit(1).executeTakeFirst()
            : await rows.where('writer', '=', of.writer).where('seq', '=', of.seq).executeTakeFirst()
        if (!found) return refuse('OBJECT-ABSENT', 'Entry not found')
        if (found.identity_id !== call.caller.identity) {
          const seen = found.project_id === null ? null : await placeOfProject(found.project_id)
          const allowed = authorize(call.caller, 'audit.read', seen ?? { kind: 'deployment' })
          // Another's entry is as absent.
          if (!allowed.ok) return refuse('OBJECT-ABSENT', 'Entry not found')
        }
        const placed = toPlaced(found)
        const range = await database
          .selectFrom('audit_checkpoint_range')
          .innerJoin('audit_checkpoint', 'audit_checkpoint.seq', 'audit_checkpoint_range.checkpoint')
          .select(['payload', 'signatures'])
          .where('writer', '=', found.writer)
          .where('to_seq', '>=', found.seq)
          .orderBy('to_seq')
          .limit(1)
          .executeTakeFirst()
        if (!range) return accept<Redeemed>({ ...placed, state: 'pending', path: [], checkpoint: null })
        // The server wrote both as it wrote them.
        const payload = parseCanonical(utf8(range.payload), {
          maxBytes: range.payload.length * 4,
        }) as unknown as Checkpoint
        const nodes = await nodesOf(database, payload.ranges)
        const index = nodes.findIndex(({ writer, seq }) => writer === found.writer && seq === found.seq)
        const path = merklePath(
          nodes.map(({ node }) => node),
          index,
        )
        const checkpoint = { payload, signatures: JSON.parse(range.signatures) }
        return accept<Redeemed>({ ...placed, state: 'checkpointed', path, checkpoint })
      })
    },

    /** Newest first. */
    query(
      call: Call,
      query: AuditQuery,
      page: { readonly offset: number; readonly limit: number },
    ): Promise<Outcome<{ readonly entries: readonly PlacedEntry[]; readonly names: Names }>> {
      return record(call, 'audit.query', async (subject) => {
        const allowed = await mayRead(call, subject, query)
        if (!allowed.ok) return allowed
        const within = checkPage(page)
        if (!within.ok) return within
        const rows = await reader.read((from) =>
          matching(from, query)
            .selectAll()
            .orderBy('time', 'desc')
            .orderBy('writer')
            .orderBy('seq', 'desc')
            .offset(page.offset)
            .limit(page.limit)
            .execute(),
        )
        // Names may change, and are no part of an entry.
        const concerned = rows.flatMap(({ identity_id, key_id }) => [identity_id, key_id])
        return accept({ entries: rows.map(toPlaced), names: await namesOf(database, concerned) })
      })
    },

    /** Every entry, oldest first, as it is read; what came after the call began is left out. */
    export(call: Call, query: AuditQuery): Promise<Outcome<AsyncGenerator<PlacedEntry>>> {
      return record(call, 'audit.export', async (subject) => {
        const allowed = await mayRead(call, subject, query)
        return allowed.ok ? accept(exported({ ...query, to: query.to ?? new Date() })) : allowed
      })
    },

    /** How often which key was used by whom, and with what outcome; the most used first. */
    usage(call: Call, query: AuditQuery): Promise<Outcome<readonly Usage[]>> {
      return record(call, 'audit.usage', async (subject) => {
        const allowed = await mayRead(call, subject, query)
        if (!allowed.ok) return allowed
        const rows = await reader.read((from) =>
          matching(from, query)
            .select(['key_id', 'identity_id', 'operation', 'outcome'])
            .select(({ fn }) => [fn.countAll<string>().as('count'), fn.max('time').as('last')])
            .where('operation', 'is not', null)
            .groupBy(['key_id', 'identity_id', 'operation', 'outcome'])
            .orderBy('count', 'desc')
            .limit(mostUsage)
            .execute(),
        )
        return accept(
          rows.map((row) => ({
            ...{ key: row.key_id, identity: row.identity_id, last: row.last, count: Number(row.count) },
            ...{ operation: row.operation ?? '', outcome: row.outcome ?? '' },
          })),
        )
      })
    },

    /** How many entries each day has, and how many of them are refusals; the oldest day first. */
    days(call: Call, query: AuditQuery): Promise<Outcome<readonly AuditDay[]>> {
      return record(call, 'audit.days', async (subject) => {
        const allowed = await mayRead(call, subject, query)
        if (!allowed.ok) return allowed
        const day = sql<string>`to_char(time at time zone 'UTC', 'YYYY-MM-DD')`
        const rows = await reader.read((from) =>
          matching(from, query)
            .select(({ fn }) => [day.as('day'), fn.countAll<string>().as('entries')])
            .select(sql<string>`count(*) filter (where outcome ~ '^[A-Z]')`.as('refused'))
            .where('operation', 'is not', null)
            .groupBy(day)
            .orderBy('day', 'desc')
            .limit(mostDays)
            .execute(),
        )
        return accept(
          rows
            .map((row) => ({ day: row.day, entries: Number(row.entries), refused: Number(row.refused) }))
            .reverse(),
        )
      })
    },

    /** Walks the whole log, as `custody-server verify-audit` does; who asks meanwhile gets the same answer. */
    verify(call: Call): Promise<Outcome<AuditVerdict>> {
      return record(call, 'audit.verify', async () => {
        const allowed = authorize(call.caller, 'audit.read', { kind: 'deployment' })
        if (!allowed.ok) return allowed
        verifying ??= verifyAudit(database, signedBy).finally(() => {
          verifying = null
        })
        return verifying
      })
    },

    /** Of the newest checkpoint: to be kept elsewhere, so that a log that is rolled back with its signer is noticed. */
    latestCheckpoint(call: Call): Promise<Outcome<SignedCheckpoint | null>> {
      return record(call, 'audit.checkpoint', async () => {
        const allowed = authorize(call.caller, 'audit.read', { kind: 'deployment' })
        if (!allowed.ok) return allowed
        const row = await database
          .selectFrom('audit_checkpoint')
          .select(['payload', 'signatures'])
          .orderBy('seq', 'desc')
          .limit(1)
          .executeTakeFirst()
        return accept(
          row ? { payload: JSON.parse(row.payload), signatures: JSON.parse(row.signatures) } : null,
        )
      })
    },
  }

  async function placeOfProject(project: string): Promise<Resource | null> {
    const row = await database
      .selectFrom('project')
      .select('organisation_id')
      .where('id', '=', project)
      .executeTakeFirst()
    return row ? { kind: 'project', organisation: row.organisation_id, project } : null
  }

  async function mayRead(
    call: Call,
    subject: Subject,
    { organisation, project }: AuditQuery,
  ): Promise<Outcome<null>> {
    if (project !== null) {
      const place = await placeOfProject(project)
      if (place === null) return absent('project')
      Object.assign(subject, { project, organisation: 'organisation' in place ? place.organisation : null })
      return authorize(call.caller, 'audit.read', place)
    }
    if (organisation === null) return authorize(call.caller, 'audit.read', { kind: 'deployment' })
    const row = await database
      .selectFrom('organisation')
      .select('id')
      .where('id', '=', organisation)
      .executeTakeFirst()
    if (!row) return absent('organisation')
    subject.organisation = organisation
    return authorize(call.caller, 'audit.read', { kind: 'organisation', organisation })
  }

  function matching(from: Database, query: AuditQuery): Rows {
    let rows: Rows = from.selectFrom('audit')
    if (query.project !== null) rows = rows.where('project_id', '=', query.project)
    if (query.organisation !== null) rows = rows.where('organisation_id', '=', query.organisation)
    if (query.key !== undefined) rows = rows.where('key_id', '=', query.key)
    if (query.identity !== undefined) rows = rows.where('identity_id', '=', query.identity)
    if (query.operation !== undefined) rows = rows.where('operation', '=', query.operation)
    if (query.outcome !== undefined) rows = rows.where('outcome', '=', query.outcome)
    if (query.from !== undefined) rows = rows.where('time', '>=', query.from)
    if (query.to !== undefined) rows = rows.where('time', '<', query.to)
    return rows
  }

  async function* exported(query: AuditQuery): AsyncGenerator<PlacedEntry> {
    // Whole: a replica may lack the last of it.
    const writers = await matching(database, query).select('writer').distinct().orderBy('writer').execute()
    for (const { writer } of writers)
      for (let after = '0'; ; ) {
        const rows = await matching(database, query)
          .selectAll()
          .where('writer', '=', writer)
          .where('seq', '>', after)
          .orderBy('seq')
          .limit(exportPage)
          .execute()
        yield* rows.map(toPlaced)
        const last = rows.at(-1)
        if (last === undefined || rows.length < exportPage) break
        after = last.seq
      }
  }
}

type Stored = Pick<AuditTable, 'writer' | 'entry'> & { seq: string; prev: Buffer; salt: Buffer; hash: Buffer }

function toPlaced({ writer, seq, prev, salt, hash, entry }: Stored): PlacedEntry {
  return {
    ...{ writer, seq, prev: toHex(prev), salt: toHex(salt), hash: toHex(hash) },
    entry: entry === null ? null : JSON.parse(entry),
  }
}
