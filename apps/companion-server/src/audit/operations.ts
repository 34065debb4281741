import { parseCanonical, toHex, utf8, type VerificationKeys } from '@lux/crypto'
import { type Selectable, type SelectQueryBuilder, sql } from 'kysely'
import { absent, authorize, type Resource } from '../access/authorize.ts'
import { maxSearch } from '../keys/named.ts'
import { entry, type InputOf, moment, type Permission, paged, pageOf, reads } from '../operations/entry.ts'
import { openPipeline, operationsOf, unapproved } from '../operations/pipeline.ts'
import { Type } from '../operations/schema.ts'
import type { Database } from '../platform/database/open.ts'
import type { Reader } from '../platform/database/reader.ts'
import type { AuditTable, Tables } from '../platform/database/tables.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { type Checkpoint, nodesOf, type SignedCheckpoint } from './checkpoint.ts'
import type { EntryMacs } from './entry-mac.ts'
import { merklePath, type PathStep } from './merkle.ts'
import { identitiesNamed, keysNamed, type Names, namesOf } from './names.ts'
import { isSigned, noteVerifier, parseNote } from './note.ts'
import type { Pins } from './pins.ts'
import type { Record } from './record.ts'
import { consistencyOf, inclusionOf } from './tree-log.ts'
import { type AuditVerdict, verifyAudit } from './verify.ts'
import { type Witness, type WitnessState, witnessStates } from './witnesses.ts'
import type { AuditEntry } from './writer.ts'

const word = Type.Optional(Type.String({ minLength: 1, maxLength: 64 }))
const part = Type.Optional(Type.String({ minLength: 1, maxLength: maxSearch }))
const number = Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,14}$' }))
/** Which entries: of one project, one organisation, or, without either, of the whole deployment. */
const filters = {
  ...{ project: word, organisation: word, key: word, identity: word, operation: word, outcome: word },
  ...{ from: Type.Optional(moment), to: Type.Optional(moment) },
  /** A part of a name: of who did it, and of the key. */
  ...{ who: part, keyName: part },
  only: Type.Optional(Type.Enum(['changes', 'refusals'])),
}
export type AuditQuery = InputOf<typeof filters>

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

export type LogView = {
  /** The key of the log, as others know it. */
  readonly vkey: string
  readonly note: string
  readonly consistency: readonly Uint8Array[] | null
  readonly inclusion: readonly Uint8Array[] | null
  readonly witnesses: readonly WitnessState[]
}

export type Usage = {
  readonly key: string | null
  readonly identity: string | null
  readonly operation: string
  readonly outcome: string
  readonly count: number
  readonly last: Date
}

/** Entries of one day, UTC. */
export type AuditDay = { readonly day: string; readonly entries: number; readonly refused: number }

type Parts = {
  readonly database: Database
  readonly reader: Reader
  /** By what the server's own checkpoints are verified. */
  readonly signedBy: { readonly receiptKey: VerificationKeys; readonly audience: string }
  /** By what its entries are, which no checkpoint covers yet. */
  readonly macs: Pick<EntryMacs, 'checker'>
  readonly pins: Pick<Pins, 'heads' | 'checkpoint' | 'note'>
  readonly witnesses: readonly Witness[]
  /** Operations that change nothing. One that is nowhere here is shown as a change. */
  readonly unchanging: readonly string[]
}
/** `isMore`: than were counted. */
type Found = {
  readonly entries: readonly PlacedEntry[]
  readonly names: Names
  readonly totalCount: number
  readonly isMore: boolean
}
type Rows = SelectQueryBuilder<Tables, 'audit', object>

/** Entries that fit are counted up to so many: a log of years is not walked for a number. */
const mostCounted = 100_000
const mostUsage = 1000
const exportPage = 1000
const mostDays = 400

export type AuditOperations = ReturnType<typeof openAuditOperations>

export const openAuditOperations = (parts: Parts & { readonly record: Record }) =>
  operationsOf(auditTable(parts), openPipeline({ record: parts.record, approvals: unapproved }))

/** What may be asked of the audit log, which is itself recorded there. */
export const auditTable = (parts: Parts) => ({
  ...provingEntries(parts),
  ...listingEntries(parts),
  ...countingEntries(parts),
})

async function placeOfProject(database: Database, project: string): Promise<Resource | null> {
  const row = await database
    .selectFrom('project')
    .select('organisation_id')
    .where('id', '=', project)
    .executeTakeFirst()
  return row ? { kind: 'project', organisation: row.organisation_id, project } : null
}

const deployment: Resource = { kind: 'deployment' }
const reading = {
  ...reads,
  permissions: (resource: Resource): [Permission] => [{ action: 'audit.read', resource, key: null }],
}
const wholeLog = { ...reading, find: () => accept(deployment) }

const inPlace = (database: Database) => ({
  ...reading,
  async find({ organisation, project }: AuditQuery): Promise<Outcome<Resource>> {
    if (project !== undefined) {
      const place = await placeOfProject(database, project)
      return place === null ? absent('project') : accept(place)
    }
    if (organisation === undefined) return accept(deployment)
    const row = await database
      .selectFrom('organisation')
      .select('id')
      .where('id', '=', organisation)
      .executeTakeFirst()
    return row ? accept({ kind: 'organisation', organisation }) : absent('organisation')
  },
})

/** What anybody can check without this server, and what this server finds where it checks all of it. */
function provingEntries({ database, signedBy, macs, pins, witnesses }: Parts) {
  let verifying: Promise<Outcome<AuditVerdict>> | null = null

  return {
    /** The caller's own entry, what proves it, and the signed checkpoint. */
    redeem: entry({
      ...reads,
      name: 'audit.redeem',
      /** As the header has it, by writer and number, or by the request's id. */
      input: {
        reqId: word,
        writer: Type.Optional(Type.String({ pattern: '^[0-9a-f]{24}$' })),
        seq: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,17}$' })),
      },
      async find(
        { reqId, writer, seq },
        { caller },
      ): Promise<Outcome<{ row: StoredEntry; seen: Resource | null }>> {
        const rows = database.selectFrom('audit').selectAll()
        const byRequest = reqId !== undefined && writer === undefined && seq === undefined
        if (!byRequest && (reqId !== undefined || writer === undefined || seq === undefined))
          return refuse('REQUEST-FIELDS', 'expected reqId, or w and s')
        const found = byRequest
          ? await rows.where('req_id', '=', reqId).orderBy('time').limit(1).executeTakeFirst()
          : await rows
              .where('writer', '=', writer ?? '')
              .where('seq', '=', seq ?? '')
              .executeTakeFirst()
        const unseen = refuse('OBJECT-ABSENT', 'Entry not found')
        if (!found) return unseen
        if (found.identity_id === caller.identity) return accept({ row: found, seen: null })
        const its = found.project_id === null ? null : await placeOfProject(database, found.project_id)
        const seen = its ?? deployment
        // Another's entry is as absent.
        return authorize(caller, 'audit.read', seen).ok ? accept({ row: found, seen }) : unseen
      },
      permissions: ({ seen }) => [
        seen === null ? 'for-caller' : { action: 'audit.read', resource: seen, key: null },
      ],
      run: async ({ found }) => accept(await provenBy(database, found.row)),
    }),

    /** Walks the whole log, as `custody-server verify-audit` does; who asks meanwhile gets the same answer. */
    verify: entry({
      ...wholeLog,
      name: 'audit.verify',
      input: {},
      repeats: 'reply-kept',
      deadline: null,
      run() {
        verifying ??= verifyAudit(database, { ...signedBy, macs, pins, witnesses }).finally(() => {
          verifying = null
        })
        return verifying
      },
    }),

    /**
     * The newest note of the log of checkpoints, and what shows that it goes on from one of `from` checkpoints, and that a checkpoint is in
     * it. Null before the first. Refuses REQUEST-FIELDS where it has not so many.
     */
    log: entry({
      ...wholeLog,
      name: 'audit.log',
      input: { from: number, checkpoint: number },
      async run({ input }): Promise<Outcome<LogView | null>> {
        const states = await witnessStates(database, witnesses)
        const newest = await newestNote(database, pins, states)
        if (newest === null) return accept(null)
        const { size, vkey, note } = newest
        const [from, checkpoint] = [Number(input.from ?? 0), Number(input.checkpoint ?? 0)]
        if (from > size || checkpoint > size)
          return refuse('REQUEST-FIELDS', `from, checkpoint: expected at most ${size}`)
        const consistency = from === 0 ? null : await consistencyOf(database, from, size)
        const inclusion = checkpoint === 0 ? null : await inclusionOf(database, checkpoint, size)
        return accept({ vkey, note, consistency, inclusion, witnesses: states })
      },
    }),

    /** The newest: to be kept elsewhere, so that a log that is rolled back with its signer is noticed. */
    latestCheckpoint: entry({
      ...wholeLog,
      name: 'audit.checkpoint',
      input: {},
      async run(): Promise<Outcome<SignedCheckpoint | null>> {
        const row = await database
          .selectFrom('audit_checkpoint')
          .select(['payload', 'signatures'])
          .orderBy('seq', 'desc')
          .limit(1)
          .executeTakeFirst()
        return accept(
          row ? { payload: JSON.parse(row.payload), signatures: JSON.parse(row.signatures) } : null,
        )
      },
    }),
  }
}

/** The note that this server knows to be its own, with the cosignatures of the same size. */
async function newestNote(database: Database, pins: Parts['pins'], states: readonly CosignedState[]) {
  const pinned = await pins.note()
  if (pinned === null) return null
  const row = await database
    .selectFrom('audit_note')
    .select('note')
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst()
  const by = noteVerifier(pinned.vkey)
  const found = parseNote(row?.note ?? '')
  const isOurs = found !== null && by !== null && isSigned(found, by)
  const text = isOurs && row !== undefined ? row.note : pinned.note
  const size = (isOurs ? found : parseNote(pinned.note))?.head.size ?? 0
  const lines = states.flatMap((one) => (one.size === size && one.line !== null ? [one.line] : []))
  return { vkey: pinned.vkey, size, note: text + lines.join('') }
}

type CosignedState = Awaited<ReturnType<typeof witnessStates>>[number]

function listingEntries({ database, reader, unchanging }: Parts) {
  return {
    /** Newest first. */
    query: entry({
      ...inPlace(database),
      name: 'audit.query',
      input: { ...filters, ...paged },
      async run({ input }): Promise<Outcome<Found>> {
        const { offset, limit } = pageOf(input)
        const { rows, total } = await reader.read(async (from) => {
          const wanted = matching(from, await concerning(from, input, unchanging))
          const [rows, { total }] = await Promise.all([
            wanted
              .selectAll()
              .orderBy('time', 'desc')
              .orderBy('writer')
              .orderBy('seq', 'desc')
              .offset(offset)
              .limit(limit)
              .execute(),
            from
              .selectFrom(
                wanted
                  .select(sql`1`.as('one'))
                  .limit(mostCounted + 1)
                  .as('counted'),
              )
              .select(({ fn }) => fn.countAll<string>().as('total'))
              .executeTakeFirstOrThrow(),
          ])
          return { rows, total: Number(total) }
        })
        // Names may change, and are no part of an entry.
        const concerned = rows.flatMap(({ identity_id, key_id }) => [identity_id, key_id])
        const names = await namesOf(database, concerned)
        return accept({
          ...{ entries: rows.map(toPlaced), names },
          ...{ totalCount: Math.min(total, mostCounted), isMore: total > mostCounted },
        })
      },
    }),

    /** Every entry, oldest first, as it is read; what came after the call began is left out. */
    export: entry({
      ...inPlace(database),
      name: 'audit.export',
      input: filters,
      deadline: null,
      async run({ input }) {
        const wanted = { ...input, to: input.to ?? new Date() }
        return accept(exported(database, await concerning(database, wanted, unchanging)))
      },
    }),
  }
}

function countingEntries({ database, reader, unchanging }: Parts) {
  return {
    /** How often which key was used by whom, and with what outcome; the most used first. */
    usage: entry({
      ...inPlace(database),
      name: 'audit.usage',
      input: filters,
      async run({ input }): Promise<Outcome<readonly Usage[]>> {
        const rows = await reader.read(async (from) =>
          matching(from, await concerning(from, input, unchanging))
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
      },
    }),

    /** How many entries each day has, and how many of them are refusals; the oldest day first. */
    days: entry({
      ...inPlace(database),
      name: 'audit.days',
      input: filters,
      async run({ input }): Promise<Outcome<readonly AuditDay[]>> {
        const day = sql<string>`to_char(time at time zone 'UTC', 'YYYY-MM-DD')`
        const rows = await reader.read(async (from) =>
          matching(from, await concerning(from, input, unchanging))
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
      },
    }),
  }
}

type StoredEntry = Selectable<AuditTable>

/** An entry's place under the first checkpoint that covers it. */
async function provenBy(database: Database, row: StoredEntry): Promise<Redeemed> {
  const placed = toPlaced(row)
  const range = await database
    .selectFrom('audit_checkpoint_range')
    .innerJoin('audit_checkpoint', 'audit_checkpoint.seq', 'audit_checkpoint_range.checkpoint')
    .select(['payload', 'signatures'])
    .where('writer', '=', row.writer)
    .where('to_seq', '>=', row.seq)
    .orderBy('to_seq')
    .limit(1)
    .executeTakeFirst()
  if (!range) return { ...placed, state: 'pending', path: [], checkpoint: null }
  // The server wrote both as it wrote them.
  const payload = parseCanonical(utf8(range.payload), {
    maxBytes: range.payload.length * 4,
  }) as unknown as Checkpoint
  const nodes = await nodesOf(database, payload.ranges)
  const index = nodes.findIndex(({ writer, seq }) => writer === row.writer && seq === row.seq)
  const path = merklePath(
    nodes.map(({ node }) => node),
    index,
  )
  return {
    ...placed,
    ...{ state: 'checkpointed', path },
    checkpoint: { payload, signatures: JSON.parse(range.signatures) },
  }
}

type Wanted = Omit<AuditQuery, 'who' | 'keyName' | 'only'> & {
  /** Whose names have what was asked for. */
  readonly identities: readonly string[] | null
  readonly keys: readonly string[] | null
  readonly refusals: boolean
  readonly operations: readonly string[] | null
}

/** What a query means today: names are looked up first, so that the database knows how few entries it looks for. */
async function concerning(
  from: Database,
  { who, keyName, only, ...query }: AuditQuery,
  unchanging: readonly string[],
): Promise<Wanted> {
  const [identities, keys, operations] = await Promise.all([
    who === undefined ? null : identitiesNamed(from, who),
    keyName === undefined ? null : keysNamed(from, keyName),
    only === 'changes' ? operationsIn(from) : null,
  ])
  const others = new Set(unchanging)
  return {
    ...{ ...query, identities, keys, refusals: only === 'refusals' },
    // What was refused before an operation began is entered by its address, and changed nothing.
    operations: operations?.filter((one) => !others.has(one) && !/^[A-Z]+ \//.test(one)) ?? null,
  }
}

/** Which operations the log has: one look at the index for each, and none at the entries between. */
async function operationsIn(from: Database): Promise<readonly string[]> {
  const { rows } = await sql<{ operation: string }>`
    with recursive each (operation) as (
      select min(operation) from audit
      union all
      select (select min(operation) from audit where operation > each.operation) from each where each.operation is not null)
    select operation from each where operation is not null`.execute(from)
  return rows.map(({ operation }) => operation)
}

function matching(from: Database, query: Wanted): Rows {
  let rows: Rows = from.selectFrom('audit')
  if (query.identities !== null) rows = rows.where(sql<boolean>`identity_id = any(${query.identities})`)
  if (query.keys !== null) rows = rows.where(sql<boolean>`key_id = any(${query.keys})`)
  if (query.refusals) rows = rows.where('outcome', '<>', 'ok')
  if (query.operations !== null) rows = rows.where(sql<boolean>`operation = any(${query.operations})`)
  if (query.project !== undefined) rows = rows.where('project_id', '=', query.project)
  if (query.organisation !== undefined) rows = rows.where('organisation_id', '=', query.organisation)
  if (query.key !== undefined) rows = rows.where('key_id', '=', query.key)
  if (query.identity !== undefined) rows = rows.where('identity_id', '=', query.identity)
  if (query.operation !== undefined) rows = rows.where('operation', '=', query.operation)
  if (query.outcome !== undefined) rows = rows.where('outcome', '=', query.outcome)
  if (query.from !== undefined) rows = rows.where('time', '>=', query.from)
  if (query.to !== undefined) rows = rows.where('time', '<', query.to)
  return rows
}

async function* exported(database: Database, query: Wanted): AsyncGenerator<PlacedEntry> {
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

function toPlaced({ writer, seq, prev, salt, hash, entry }: StoredEntry): PlacedEntry {
  return {
    ...{ writer, seq, prev: toHex(prev), salt: toHex(salt), hash: toHex(hash) },
    entry: entry === null ? null : JSON.parse(entry),
  }
}
