import { rm } from 'node:fs/promises'
import type { Caller, Grant } from '../../src/access/authorize.ts'
import { hashSecret } from '../../src/access/tokens.ts'
import type { Call } from '../../src/audit/record.ts'
import type { Outcome } from '../../src/refusal.ts'
import { openServer } from '../../src/server.ts'
import { createIdentity } from './create-identity.ts'
import { requireExactReplies } from './exact-replies.ts'
import { makeServerState } from './server-under-test.ts'
import { makeFolder } from './temporary-folder.ts'

export const given = <T>(outcome: Outcome<T>): T => {
  if (!outcome.ok) throw new Error(`${outcome.rule}: ${outcome.detail}`)
  return outcome.value
}

/** A rehearsal server with an online organisation and project, and an identity that makes keys there and uses them. */
export async function openKms(options: Parameters<typeof openServer>[2] = {}) {
  const folder = await makeFolder()
  const state = await makeServerState(folder, 'rehearsal')
  const server = await openServer(state, false, options)
  requireExactReplies(server.app)
  const { organisations, database } = server.services
  const callAs = (caller: Caller): Call => ({ caller, door: 'direct', reqId: 'test', receipt: null })
  const admin: Caller = {
    identity: 'admin',
    grants: [{ role: 'server-admin', organisation: null, project: null }],
  }
  const organisation = given(await organisations.createOrganisation(callAs(admin), { name: 'Training' }))
  const chief: Caller = {
    identity: 'chief',
    grants: [{ role: 'organisation-admin', organisation: organisation.id, project: null }],
  }
  const makeProject = async (name: string) =>
    given(await organisations.createProject(callAs(chief), { organisation: organisation.id, name }))
  const project = await makeProject('Payments')
  const place = { organisation: organisation.id, project: project.id }
  const grants = [
    { role: 'crypto-officer', ...place },
    { role: 'service', ...place },
  ] as const
  const credentials = await createIdentity(database, { name: 'service', grants })
  const login = await server.app.inject({
    method: 'POST',
    url: '/api/v1/auth/universal-auth/login',
    payload: { clientId: credentials.clientId, clientSecret: credentials.clientSecret },
  })
  const headers = { authorization: `Bearer ${login.json().accessToken}` }
  const call = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object) => {
    const path = url.startsWith('/') ? url : `/api/v1/kms/keys${url === '' ? '' : `/${url}`}`
    const reply = await server.app.inject({
      method,
      url: path,
      headers,
      ...(payload === undefined ? {} : { payload }),
    })
    return { status: reply.statusCode, headers: reply.headers, body: reply.json() }
  }
  return {
    server,
    state,
    organisation,
    project,
    credentials,
    headers,
    caller: { identity: credentials.identity, grants } satisfies Caller,
    callAs,
    admin,
    chief,
    makeProject,
    call,
    /** The header of a new identity. */
    async bearer(wanted: readonly Grant[]): Promise<string> {
      const made = await createIdentity(database, { name: 'another', grants: wanted })
      const { authentication } = server.services
      const logged = await authentication.logIn(made.clientId, made.clientSecret, 'here')
      if (logged === 'refused') throw new Error('refused')
      return `Bearer ${logged.accessToken}`
    },
    hashOf: (bearer: string) => hashSecret(bearer.slice('Bearer '.length)),
    get: (url: string) => call('GET', url),
    post: (url: string, payload: object = {}) => call('POST', url, payload),
    /** A new key's id. On a busy machine a long one is asked for again, as a client would. */
    async make(name: string, fields: object = {}): Promise<string> {
      const ask = () => call('POST', '', { projectId: project.id, name, ...fields })
      let made = await ask()
      while (made.body.code === 'RATE-LIMITED') made = await ask()
      if (made.status !== 200) throw new Error(JSON.stringify(made.body))
      return made.body.key.id
    },
    async close(): Promise<void> {
      await server.app.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
