import { copyFileSync, createReadStream, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { peekBundle } from '@lux/ceremony/bundle'
import { receiptCodec } from '@lux/ceremony/wire'
import { fileReader } from '@lux/node-files'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pinPolicy } from '../../src/platform/state-folder/policies.ts'
import { openServer } from '../../src/server.ts'
import { custody } from '../support/commands.ts'
import { createIdentity } from '../support/create-identity.ts'
import { makeServerState, pinFileOf } from '../support/server-under-test.ts'
import { makeFolder } from '../support/temporary-folder.ts'
import { carryKey } from '../support/vendor-tool.ts'

let folder = ''
beforeAll(async () => {
  folder = await makeFolder()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('ADOPT-05 a root of a whole ceremony, carried by the vendor’s tool, is adopted; the server encrypts under it and the run closes', async () => {
  const run = join(folder, 'run')
  const state = await makeServerState(folder, 'rehearsal')
  const card = join(folder, 'card.json')
  copyFileSync(state.card, card)
  expect(await custody('--json', 'rehearse', 'root-vendor', '--destination', card, '--out', run)).toBe(4)
  const policy = new Uint8Array(readFileSync(join(run, 'policy.json')))
  expect(await pinPolicy(state, 'rehearsal', policy)).toMatchObject({ ok: true })
  const bundle = join(run, 'bundle.zip')
  const peeked = await peekBundle(fileReader(bundle))
  if (!peeked.ok) throw new Error(peeked.detail)
  const made = peeked.value.predicate.keyEvidence.find(({ level }) => level === 'root')!

  let server = await openServer(state, false)
  try {
    const early = await server.services.importer.importStream(createReadStream(bundle))
    expect(early).toMatchObject({ state: 'refused', rule: 'ROOT-ABSENT' })
    const { serial } = server.services.token
    await server.app.close()
    carryKey(
      {
        tokens: join(run, 'token', 'tokens'),
        serial: made.serial,
        pin: JSON.parse(readFileSync(join(run, 'token', 'pins.json'), 'utf8')).user,
      },
      {
        tokens: join(state.softToken, 'tokens'),
        serial,
        pin: readFileSync(await pinFileOf(state), 'utf8').trim(),
      },
      made.ckaId,
    )
    server = await openServer(state, false)
    const imported = await server.services.importer.importStream(createReadStream(bundle))
    if (imported.state !== 'imported') throw new Error(`${imported.rule}: ${imported.detail}`)
    expect(imported.receipt.payload.roots).toMatchObject([{ ckaId: made.ckaId, serial, way: 'vendor-clone' }])

    const { clientId, clientSecret } = await createIdentity(server.services.database, {
      name: 'service',
      grants: [{ role: 'service', project: 'project-kek', organisation: 'organisation-kek' }],
    })
    const post = async (url: string, payload: object, token = '') => {
      const headers = { authorization: `Bearer ${token}` }
      const reply = await server.app.inject({ method: 'POST', url, headers, payload })
      expect(reply.statusCode, reply.body).toBe(200)
      return reply.json()
    }
    const { accessToken } = await post('/api/v1/auth/universal-auth/login', { clientId, clientSecret })
    const at = '/api/v1/kms/keys/data-key'
    const plaintext = Buffer.from('a first message').toString('base64')
    const { ciphertext } = await post(`${at}/encrypt`, { plaintext }, accessToken)
    expect(await post(`${at}/decrypt`, { ciphertext }, accessToken)).toMatchObject({ plaintext })

    const receipt = join(folder, 'receipt.json')
    writeFileSync(receipt, receiptCodec.file.encode(imported.receipt))
    expect(await custody('--json', 'ceremony', 'receipt', run, receipt)).toBe(0)
  } finally {
    await server.app.close()
  }
})
