import type { Enrolment } from '../access/people.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import type { Outcome } from '../refusal.ts'
import { openServerParts } from '../server.ts'
import { operatorCall } from './operator-call.ts'
import { say } from './result.ts'

/** Makes the first server admin where there was none yet. Refuses ADMIN-EXISTS. */
export async function makeFirstAdmin(
  state: StateFolder,
  { username, name }: { readonly username: string; readonly name: string },
): Promise<Outcome<Enrolment>> {
  const { organisations, close } = await openServerParts(state)
  try {
    return await organisations.createFirstAdmin(operatorCall(), { username, name })
  } finally {
    // The code is shown once: what fails from here on must not take it.
    await close().catch((error: unknown) => say([`closing: ${String(error)}`]))
  }
}
