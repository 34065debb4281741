import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Caller } from '../../../../src/access/authorize.ts'
import type { Conditions } from '../../../../src/access/conditions.ts'
import type { Role } from '../../../../src/access/role-names.ts'
import type { Call } from '../../../../src/audit/record.ts'
import { startServer } from '../../../../src/commands/start.ts'
import { issueClientCertificate, type TlsKey } from '../../../../src/platform/tls/certificate.ts'
import { createIdentity } from '../../../support/create-identity.ts'
import { given } from '../../../support/kms-under-test.ts'
import { makeServerState } from '../../../support/server-under-test.ts'
import { makeFolder } from '../../../support/temporary-folder.ts'

/** A running server that speaks KMIP, with an organisation and a project, and clients' certificates for it. */
export async function startKmip() {
  const folder = await makeFolder()
  const state = await makeServerState(folder, 'rehearsal')
  const server = await startServer(state, { host: '127.0.0.1', port: 0, kmip: 0 })
  const { services } = server
  const { organisations, database } = services
  const callAs = (caller: Caller): Call => ({ caller, door: 'direct', reqId: 'test', receipt: null })
  const admin = callAs({
    identity: 'admin',
    grants: [{ role: 'server-admin', organisation: null, project: null }],
  })
  const organisation = given(await organisations.createOrganisation(admin, { name: 'Training' }))
  const chief = callAs({
    identity: 'chief',
    grants: [{ role: 'organisation-admin', organisation: organisation.id, project: null }],
  })
  const project = given(
    await organisations.createProject(chief, { organisation: organisation.id, name: 'Disks' }),
  )

  async function register(
    name: string,
    tls: TlsKey,
    roles: readonly Role[],
    conditions: Conditions | null = null,
  ) {
    const place = { organisation: organisation.id, project: project.id }
    const credentials = await createIdentity(database, {
      name,
      grants: roles.map((role) => ({ role, ...place, conditions })),
    })
    const { fingerprint } = given(
      await services.kmipRegistry.register(chief, {
        certificate: tls.cert,
        name,
        identity: credentials.identity,
        project: project.id,
      }),
    )
    const pem = join(folder, `${name}.pem`)
    await writeFile(pem, tls.cert + tls.key, { mode: 0o600 })
    return { ...credentials, fingerprint, pem, tls }
  }

  return {
    folder,
    state,
    server,
    services,
    organisation,
    project,
    register,
    port: server.kmipPort ?? 0,
    ca: state.caCertificate,
    /** A client with a certificate of the server's own CA. */
    client: async (name: string, roles: readonly Role[] = ['service', 'crypto-officer'], days = 30) =>
      register(name, await issueClientCertificate(state, { name, days }, new Date()), roles),
    async close() {
      await server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
