import { encodeCanonical } from '@lux/crypto'
import { type Kysely, sql } from 'kysely'
import { EnvironmentError } from '../../refusal.ts'
import { parseState, readIfPresent, writeWhole } from '../state-folder/private-file.ts'
import type { Tables } from './tables.ts'

type Database = Kysely<Tables>

/**
 * The database that a state folder began, or served from last. A dump that is restored elsewhere brings the deployment and the writers
 * of its audit log along, so it is known again; an empty database has neither.
 */
export type KnownDatabase = {
  readonly v: 1
  readonly deployment: string
  readonly place: 'embedded' | 'given'
  /** One of the first of its audit log. */
  readonly writer: string
}

const other = (detail: string) => new EnvironmentError('DATABASE-OTHER', detail)

/** Null where the server has served from no database yet. Throws STATE-DAMAGED. */
export async function readKnown(path: string): Promise<KnownDatabase | null> {
  const bytes = await readIfPresent(path, 4096)
  if (bytes === 'absent') return null
  const known = parseState(path, bytes)
  if (!isKnown(known)) throw new EnvironmentError('STATE-DAMAGED', `${path} names no database`)
  return known
}

function isKnown(value: unknown): value is KnownDatabase {
  if (typeof value !== 'object' || value === null) return false
  // Each field is looked at below.
  const { v, deployment, place, writer } = value as Partial<Record<keyof KnownDatabase, unknown>>
  return (
    v === 1 &&
    typeof deployment === 'string' &&
    (place === 'embedded' || place === 'given') &&
    typeof writer === 'string'
  )
}

/** Before the embedded database is started: a server that moved to DATABASE_URL does not fall back to it. Throws DATABASE-OTHER. */
export function requireEmbedded(known: KnownDatabase | null): void {
  if (known?.place === 'given')
    throw other('the server serves from DATABASE_URL, which is not set, and not from the embedded database')
}

/** Throws DATABASE-OTHER, DATABASE-OTHER-SERVER. */
export async function requireKnown(database: Database, known: KnownDatabase | null): Promise<void> {
  if (known === null) return
  const { rows } = await sql<{ deployments: boolean; writers: boolean }>`
    select to_regclass('deployment') is not null as deployments, to_regclass('audit_writer') is not null as writers
  `.execute(database)
  const ids = rows[0]?.deployments ? await database.selectFrom('deployment').select('id').execute() : []
  if (ids.length === 0) throw other('this one is empty')
  if (ids.some(({ id }) => id !== known.deployment))
    throw new EnvironmentError('DATABASE-OTHER-SERVER', 'this database belongs to another server')
  // A dump of an old version has no such table before it is migrated.
  if (!rows[0]?.writers) return
  const writer = await database
    .selectFrom('audit_writer')
    .select('writer')
    .where('writer', '=', known.writer)
    .executeTakeFirst()
  if (writer === undefined) throw other(`this one lacks what writer ${known.writer} entered in the audit log`)
}

/** Of a database that is this server's: `path` names it from now on. `writer`: one that has entered something. */
export async function remember(
  path: string,
  database: Database,
  { deployment, place, writer }: Pick<KnownDatabase, 'deployment' | 'place' | 'writer'>,
): Promise<void> {
  const known = await readKnown(path)
  if (known?.place === place) return
  // As old as can be found without walking the log: a backup from before it would not have it.
  const first = await database
    .selectFrom('audit_checkpoint_range')
    .select('writer')
    .orderBy('checkpoint')
    .limit(1)
    .executeTakeFirst()
  const now: KnownDatabase = {
    ...({ v: 1, deployment, place } as const),
    writer: known?.writer ?? first?.writer ?? writer,
  }
  await writeWhole(path, encodeCanonical(now))
}
