import type { RegisteredClient } from '../access/kmip-clients.ts'
import type { PlainKeys } from '../access/organisations.ts'
import type { Role } from '../access/role-names.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { mustBeNew, writeNew } from '../platform/state-folder/private-file.ts'
import { issueClientCertificate } from '../platform/tls/certificate.ts'
import { type Outcome, refuse } from '../refusal.ts'
import { openServerParts, type ServerParts } from '../server.ts'
import { operatorCall } from './operator-call.ts'

export type NewKmipClient = {
  readonly project: string
  readonly name: string
  /** An identity that is there, or the roles of a new one. */
  readonly identity?: string
  readonly roles: readonly Role[]
  /** A new file for certificate and key, or the certificate of another CA. */
  readonly out?: string
  readonly certificate?: Uint8Array
  readonly days: number
}

async function withParts<T>(state: StateFolder, work: (parts: ServerParts) => Promise<T>): Promise<T> {
  const parts = await openServerParts(state)
  try {
    return await work(parts)
  } finally {
    await parts.close()
  }
}

/** A certificate that may speak KMIP for one identity in one project, issued by the server's own CA or registered. */
export function addKmipClient(state: StateFolder, wanted: NewKmipClient): Promise<Outcome<RegisteredClient>> {
  return withParts(state, async (parts) => {
    const { project, name, out } = wanted
    const place = await parts.database
      .selectFrom('project')
      .selectAll()
      .where('id', '=', project)
      .executeTakeFirst()
    if (!place) return refuse('PROJECT-ABSENT', `there is no project ${project}`)
    if (out !== undefined) await mustBeNew(out)
    const issued =
      out === undefined ? null : await issueClientCertificate(state, { name, days: wanted.days }, new Date())
    let { identity } = wanted
    if (identity === undefined) {
      const grants = wanted.roles.map((role) => ({ role, organisation: place.organisation_id, project }))
      const its = await parts.organisations.createIdentity(operatorCall(), { name, grants })
      if (!its.ok) return its
      identity = its.value.identity
    }
    const made = await parts.kmipRegistry.register(operatorCall(), {
      certificate: issued === null ? (wanted.certificate ?? new Uint8Array(0)) : issued.cert,
      name,
      identity,
      project,
    })
    if (made.ok && issued !== null && out !== undefined) await writeNew(out, issued.cert + issued.key, 0o600)
    return made
  })
}

export const endKmipClient = (state: StateFolder, fingerprint: string): Promise<Outcome<null>> =>
  withParts(state, (parts) => parts.kmipRegistry.revoke(operatorCall(), { fingerprint }))

export const showKmipClients = (state: StateFolder) =>
  withParts(state, (parts) => parts.kmipRegistry.list(operatorCall(), {}))

/** Whether the keys of a project leave in the clear, or wrapped under keys that somebody has. */
export const letPlainKeys = (
  state: StateFolder,
  wanted: { project: string; allowed: PlainKeys },
): Promise<Outcome<null>> =>
  withParts(state, ({ organisations }) => organisations.letPlainKeys(operatorCall(), wanted))
