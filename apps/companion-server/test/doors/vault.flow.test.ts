import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { python } from '../support/python.ts'
import { startKmip } from './kmip/support/kmip-server.ts'

let running: Awaited<ReturnType<typeof startKmip>>
beforeAll(async () => {
  running = await startKmip()
})
afterAll(() => running?.close())

test('FACADE-VAULT hvac leads keys through their life over TLS, and is refused by the errors that it knows', async () => {
  const { server, organisation, project, ca } = running
  const { database, credentials } = server.services
  const place = { organisation: organisation.id, project: project.id }
  const { createIdentity } = await import('../support/create-identity.ts')
  const { identity } = await createIdentity(database, {
    name: 'vault',
    grants: [
      { role: 'service', ...place },
      { role: 'crypto-officer', ...place },
    ],
  })
  const self = { identity, grants: [] }
  const made = await credentials.addApiKey(
    { caller: self, door: 'direct', reqId: 'test', receipt: null },
    { identity, name: 'hvac', ttlSeconds: 3600 },
  )
  if (!made.ok) throw new Error(made.detail)
  const client = join(import.meta.dirname, 'clients/hvac_life.py')
  expect(await python(client, server.address, ca, made.value.token)).toEqual({
    authenticated: true,
    made: ['aes256-gcm96', 1, true],
    form: true,
    opened: 'secret',
    'other data': 'InvalidRequest',
    'no ciphertext': 'InvalidRequest',
    rotated: true,
    batch: ['YQ==', true, 'Yg=='],
    rewrapped: true,
    'too old': 'InvalidRequest',
    'data key': true,
    wrapped: ['ciphertext', 'key_version'],
    'ecdsa-p256': [true, false],
    'ecdsa-p256 public': true,
    'rsa-2048': [true, false],
    'rsa-2048 public': true,
    mac: true,
    random: 24,
    'wrong use': 'InvalidRequest',
    absent: 'InvalidPath',
    derived: 'InvalidRequest',
    'bad name': 'InvalidRequest',
    deleted: 'InvalidPath',
    'no call': 'InvalidPath',
    taken: 1,
    'left out': Array.from({ length: 6 }, () => 'InvalidRequest'),
    'of the batch': true,
    stranger: [false, 'Forbidden'],
  })
  const doors = await database
    .selectFrom('audit')
    .select('entry')
    .where('identity_id', '=', identity)
    .where('operation', '=', 'key.encrypt')
    .execute()
  expect(new Set(doors.map(({ entry }) => JSON.parse(entry ?? '').door))).toEqual(new Set(['vault']))
})
