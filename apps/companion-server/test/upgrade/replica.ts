import { randomUUID } from 'node:crypto'
import { startServer } from '../../src/commands/start.ts'
import { stateFolder } from '../../src/platform/state-folder/folder.ts'
import { createIdentity } from '../support/create-identity.ts'
import { given } from '../support/kms-under-test.ts'

// One server as a process, of whatever version the tree around this file is: upgrade.nightly.ts copies it into an older one.
// It is started with its state folder, says where it listens, and does what it is told.

const server = await startServer(stateFolder(process.argv[2] ?? ''), {
  host: '127.0.0.1',
  port: 0,
  behindTlsProxy: true,
})
const say = (said: object) => process.send?.(said)

process.on('message', async (asked) => {
  if (asked === 'make') say(await make())
  if (asked === 'drain') {
    await server.drain()
    say({ drained: true })
  }
  if (asked === 'close') {
    await server.close()
    process.disconnect()
  }
})
say({ address: server.address })

/** An organisation, a project, a key of it and a service that uses it. */
async function make() {
  const { organisations, keys, database, authentication } = server.services
  const call = (role: 'server-admin' | 'organisation-admin' | 'crypto-officer', where: object) => ({
    caller: { identity: role, grants: [{ role, organisation: null, project: null, ...where }] },
    door: 'direct' as const,
    reqId: randomUUID(),
    receipt: null,
  })
  const organisation = given(
    await organisations.createOrganisation(call('server-admin', {}), { name: 'Here' }),
  ).id
  const chief = call('organisation-admin', { organisation })
  const project = given(await organisations.createProject(chief, { organisation, name: 'P' })).id
  const officer = call('crypto-officer', { organisation, project })
  const key = given(await keys.create(officer, { project, name: 'orders' })).id
  const service = await createIdentity(database, {
    name: 'load',
    grants: [{ role: 'service', organisation, project }],
  })
  const session = await authentication.logIn(service.clientId, service.clientSecret, 'here')
  if (session === 'refused') throw new Error('the service is refused')
  return { key, identity: service.identity, token: session.accessToken }
}
