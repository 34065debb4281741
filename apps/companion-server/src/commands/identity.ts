import type { Role } from '../access/authorize.ts'
import type { Credentials } from '../access/tokens.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { type Outcome, refuse } from '../refusal.ts'
import { openServerParts } from '../server.ts'
import { operatorCall } from './operator-call.ts'
import { say } from './result.ts'

/** Roles of one project, and of the whole deployment. */
export const projectRoles = [
  'user',
  'service',
  'auditor',
  'crypto-officer',
] as const satisfies readonly Role[]
export const deploymentRoles = ['operator', 'server-admin'] as const satisfies readonly Role[]

export const everyRole = [...deploymentRoles, 'organisation-admin', ...projectRoles] as const

export type IdentityOptions = {
  /** Where the roles hold; roles of the deployment have none. */
  project?: string
  roles: readonly ((typeof projectRoles)[number] | (typeof deploymentRoles)[number])[]
  name: string
  /** Seconds. */
  ttl?: number
}

/** Makes a machine identity. Refuses PROJECT-ABSENT and what the operation does. */
export async function makeIdentity(
  state: StateFolder,
  { project: id, roles, name, ttl }: IdentityOptions,
): Promise<Outcome<Credentials>> {
  const { database, organisations, close } = await openServerParts(state)
  try {
    const found =
      id === undefined
        ? null
        : await database.selectFrom('project').selectAll().where('id', '=', id).executeTakeFirst()
    if (found === undefined) return refuse('PROJECT-ABSENT', `there is no project ${id}`)
    const [organisation, project] = [found?.organisation_id ?? null, found?.id ?? null]
    return await organisations.createIdentity(operatorCall(), {
      name,
      grants: roles.map((role) => ({ role, organisation, project })),
      ...(ttl === undefined ? {} : { ttlSeconds: ttl }),
    })
  } finally {
    // The secret is shown once: what fails from here on must not take it.
    await close().catch((error: unknown) => say([`closing: ${String(error)}`]))
  }
}
