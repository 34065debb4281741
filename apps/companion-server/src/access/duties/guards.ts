import { sql } from 'kysely'
import type { SealedDatabase } from '../../platform/database/authority/authority.ts'
import { grantsOf } from '../appointing.ts'
import type { Grant } from '../authorize.ts'
import { readConditions } from '../conditions.ts'
import { type Guard, guardsOf, type Touch, touchedBy } from './rules.ts'

/**
 * What waits for people in these organisations, in the whole deployment, or for one of these identities. A role of who was revoked counts:
 * ending who asks ends no approver. Rows of other organisations stand in nobody's way here.
 */
async function guardsIn(
  database: SealedDatabase,
  places: ReadonlySet<string | null>,
  taken: readonly string[],
): Promise<readonly Guard[]> {
  const here = places.has(null)
    ? sql<boolean>`true`
    : sql<boolean>`(organisation_id is null or organisation_id = any(${[...places]}::text[])
        or conditions -> 'approvals' -> 'by' ?| ${taken}::text[])`
  const waiting = sql<boolean>`conditions ? 'approvals' and ${here}`
  const [grants, groups] = await Promise.all([
    database.selectFrom('role_grant').selectAll().where(waiting).execute(),
    database.selectFrom('group_role').selectAll().where(waiting).execute(),
  ])
  await database.authority.vouch('role_grant', grants, {})
  await database.authority.vouch('group_role', groups, {})
  return guardsOf(
    [...grants, ...groups].map(({ role, organisation_id, project_id, conditions }) => ({
      ...{ role, organisation: organisation_id, project: project_id },
      conditions: readConditions(conditions),
    })),
  )
}

/** Whose approvals these touches take, each once. */
export async function guardsTouched(
  database: SealedDatabase,
  touches: readonly Touch[],
): Promise<readonly Guard[]> {
  if (touches.length === 0) return []
  const taken = [...new Set(touches.flatMap((touch) => ('takes' in touch ? [touch.takes] : [])))]
  const grants = new Map<string, readonly Grant[]>()
  for (const identity of taken) grants.set(identity, await grantsOf(database, identity))
  const changed = touches.flatMap((touch) =>
    'gives' in touch ? [touch.gives] : 'ends' in touch ? [touch.ends] : [],
  )
  const all = [...changed, ...[...grants.values()].flat()]
  const guards = await guardsIn(database, new Set(all.map(({ organisation }) => organisation)), taken)
  return [
    ...new Set(
      touches.flatMap((touch) => touchedBy(touch, guards, (identity) => grants.get(identity) ?? [])),
    ),
  ]
}
