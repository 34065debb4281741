import { insertFirstAdmin } from '../access/organisations.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { openServerParts } from '../server.ts'
import { say } from './result.ts'

export type FirstAdmin = {
  readonly identity: string
  readonly username: string
  readonly code: string
  readonly expiresAt: string
}

/** Makes the first server admin where there was none yet. Refuses ADMIN-EXISTS. */
export async function makeFirstAdmin(
  state: StateFolder,
  { username, name }: { readonly username: string; readonly name: string },
): Promise<Outcome<FirstAdmin>> {
  const { database, close } = await openServerParts(state)
  try {
    return await database.transaction().execute(async (work): Promise<Outcome<FirstAdmin>> => {
      const { set_up_at } = await work
        .selectFrom('deployment')
        .select('set_up_at')
        .forUpdate()
        .executeTakeFirstOrThrow()
      if (set_up_at !== null) return refuse('ADMIN-EXISTS', 'the first server admin was made before')
      const made = await insertFirstAdmin(work, { username, name }, new Date())
      if (!made.ok) return made
      // With a username it is a person's.
      if (!('code' in made.value)) return refuse('INTERNAL', 'no enrolment')
      const { expiresAt, ...rest } = made.value
      return accept({ ...rest, expiresAt: expiresAt.toISOString() })
    })
  } finally {
    // The code is shown once: what fails from here on must not take it.
    await close().catch((error: unknown) => say([`closing: ${String(error)}`]))
  }
}
