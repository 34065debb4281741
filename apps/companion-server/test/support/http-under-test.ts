import { rm } from 'node:fs/promises'
import { encodePolicyFile } from '@lux/ceremony/policy'
import type { SampleBundle } from '../../../../packages/ceremony/test/support/sample-bundle.ts'
import type { Credentials } from '../../src/access/tokens.ts'
import { pinPolicy } from '../../src/platform/state-folder/policies.ts'
import { readSettings, writeSettings } from '../../src/platform/state-folder/settings.ts'
import { openServer } from '../../src/server.ts'
import { createIdentity } from './create-identity.ts'
import { requireExactReplies } from './exact-replies.ts'
import { keysOf, type RealOptions, realBundle } from './real-bundle.ts'
import { cardOf, makeServerState, offerTransport } from './server-under-test.ts'
import { makeFolder } from './temporary-folder.ts'

export type Who = 'user' | 'reader' | 'operator' | 'stranger' | 'officer' | 'chief' | 'admin'

/** A server with the policy of one bundle pinned, and an operator who has logged in; nothing listens. */
export async function openHttp(
  seed: string,
  options: Partial<RealOptions> = {},
  /** Puts another library between the server and its soft token, once everything is made. */
  library?: (folder: string) => string,
) {
  const folder = await makeFolder()
  const state = await makeServerState(folder)
  const card = await cardOf(state)
  const bundle: SampleBundle = await realBundle({
    keys: keysOf(seed),
    card,
    transport: await offerTransport(state),
    ...options,
  })
  await pinPolicy(state, 'production', encodePolicyFile(bundle.policy))
  const settings = await readSettings(state)
  if (library !== undefined)
    await writeSettings(state, { ...settings, token: { ...settings.token, library: library(folder) } })
  const server = await openServer(state, false)
  requireExactReplies(server.app)
  const tokens: Record<Who, string> = {
    user: '',
    reader: '',
    operator: '',
    stranger: '',
    officer: '',
    chief: '',
    admin: '',
  }
  const logIn = async ({ clientId, clientSecret }: Credentials): Promise<string> => {
    const reply = await server.app.inject({
      method: 'POST',
      url: '/api/v1/auth/universal-auth/login',
      payload: { clientId, clientSecret },
    })
    if (reply.statusCode !== 200) throw new Error(reply.body)
    return reply.json().accessToken
  }
  const as = (who: Who) => ({ authorization: `Bearer ${tokens[who]}` })
  tokens.operator = await logIn(
    await createIdentity(server.services.database, {
      name: 'o',
      grants: [{ role: 'operator', project: null, organisation: null }],
    }),
  )
  return {
    state,
    server,
    bundle,
    tokens,
    logIn,
    as,
    /** Imports the bundle and gives the project's user a token. */
    async takeIn(): Promise<void> {
      const { importer, database } = server.services
      async function* whole() {
        yield bundle.bytes
      }
      const taken = await importer.importStream(whole())
      if (taken.state !== 'imported') throw new Error(`${taken.rule}: ${taken.detail}`)
      tokens.user = await logIn(
        await createIdentity(database, {
          name: 'u',
          grants: [{ role: 'user', project: 'payments', organisation: 'org' }],
        }),
      )
    },
    post: async (who: Who, url: string, payload: object, method: 'POST' | 'PATCH' | 'PUT' = 'POST') =>
      explained(await server.app.inject({ method, url, payload, headers: as(who) })),
    remove: async (who: Who, url: string) =>
      explained(await server.app.inject({ method: 'DELETE', url, headers: as(who) })),
    get: async (who: Who, url: string) =>
      explained(await server.app.inject({ method: 'GET', url, headers: as(who) })),
    async close(): Promise<void> {
      await server.app.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** SERVER-REMEDY: whatever a test is refused, the answer names it and says what to do. */
function explained<Reply extends { statusCode: number; body: string }>(reply: Reply): Reply {
  if (reply.statusCode < 400) return reply
  const { code, message, remedy } = JSON.parse(reply.body)
  const whole = typeof code === 'string' && typeof remedy === 'string' && String(message).endsWith(remedy)
  if (!whole) throw new Error(`a refusal without a code or what to do: ${reply.body}`)
  return reply
}
