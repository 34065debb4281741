import { type Credentials, createIdentity } from '../access/tokens.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { openWorkshop } from '../server.ts'
import { say } from './result.ts'

export type IdentityOptions = {
  /** Of a user or reader; an operator has none. */
  project?: string
  role: 'user' | 'reader' | 'operator'
  name: string
  /** Seconds. */
  ttl?: number
}

/** Makes a machine identity. Refuses PROJECT-ABSENT. */
export async function makeIdentity(
  state: StateFolder,
  { project: id, role, name, ttl }: IdentityOptions,
): Promise<Outcome<Credentials>> {
  const { database, close } = await openWorkshop(state)
  try {
    const project =
      id === undefined
        ? null
        : await database.selectFrom('project').selectAll().where('id', '=', id).executeTakeFirst()
    if (project === undefined) return refuse('PROJECT-ABSENT', `there is no project ${id}`)
    return accept(
      await createIdentity(database, {
        name,
        role,
        project: project?.id ?? null,
        organisation: project?.organisation_id ?? null,
        ...(ttl === undefined ? {} : { ttlSeconds: ttl }),
      }),
    )
  } finally {
    // The secret is shown once: what fails from here on must not take it.
    await close().catch((error: unknown) => say([`closing: ${String(error)}`]))
  }
}
