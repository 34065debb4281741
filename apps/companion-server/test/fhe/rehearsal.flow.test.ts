import { execFile } from 'node:child_process'
import { copyFileSync, createReadStream, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type DecryptionRequest,
  decryptionApprovalCodec,
  decryptionRequestCodec,
  type HolderAnswer,
  holderAnswerCodec,
  type Provenance,
  provenanceCodec,
  type RequestPackage,
  requestDigest,
  transportCodec,
} from '@lux/ceremony/wire'
import { fromHex, sealTo, sha256Hex, toBase64 } from '@lux/crypto'
import { fhePartialDecrypt } from '@lux/crypto/fhe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encryptU8 } from '../../../../packages/crypto/test/fhe/encrypt-fresh.ts'
import { pinPolicy } from '../../src/platform/state-folder/policies.ts'
import { openServer } from '../../src/server.ts'
import { createIdentity } from '../support/create-identity.ts'
import { type RehearsedPerson, rehearsedPeople, shareOf } from '../support/rehearsed-people.ts'
import { makeServerState, offerTransport } from '../support/server-under-test.ts'
import { makeFolder } from '../support/temporary-folder.ts'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const domain = 'rehearsal'

let folder = ''
let run = ''
let people: RehearsedPerson[] = []
let server: Awaited<ReturnType<typeof openServer>>
let headers = { authorization: '' }

/** The first-run ceremony with two approvers in it, for the server under test, on stand-ins and a throw-away token. */
async function rehearse(transport: string): Promise<number> {
  const script = readFileSync(join(root, 'resources/scripts/first-run.yaml'), 'utf8')
    .replace(/^ {4}witnesses: 2$/m, '    witnesses: 2\n    approvers: 2')
    .replace(
      /^ {6}- \{ role: holder, name: Holder One \}$/m,
      (line) => `      - { role: approver, name: Ann }\n      - { role: approver, name: Abe }\n${line}`,
    )
  const path = join(folder, 'with-approvers.yaml')
  writeFileSync(path, script)
  const words = ['--json', 'rehearse', path, '--destination', transport, '--out', run]
  return new Promise((done) => {
    execFile(join(root, 'custody'), words, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code)
      // 4: it waits for the server's receipt.
      if (code !== 4) console.error(stdout, stderr)
      done(code)
    })
  })
}

beforeAll(async () => {
  folder = await makeFolder()
  run = join(folder, 'run')
  const state = await makeServerState(folder, domain)
  const transport = join(folder, 'transport.json')
  writeFileSync(transport, transportCodec.file.encode(await offerTransport(state)))
  // The command looks for the server's card beside the transport.
  copyFileSync(state.card, join(folder, 'card.json'))
  expect(await rehearse(transport)).toBe(4)
  people = rehearsedPeople(run)
  const policy = new Uint8Array(readFileSync(join(run, 'policy.json')))
  expect(await pinPolicy(state, domain, policy)).toMatchObject({ ok: true })
  server = await openServer(state, false)
  const { importer, database } = server.services
  const imported = await importer.importStream(createReadStream(join(run, 'bundle.zip')))
  expect(imported).toMatchObject({ state: 'imported' })
  const made = await createIdentity(database, {
    name: 'count',
    grants: [{ role: 'user', project: 'project-kek', organisation: 'organisation-kek' }],
  })
  const { clientId, clientSecret } = made
  const login = await call('POST', '/api/v1/auth/universal-auth/login', { clientId, clientSecret })
  headers = { authorization: `Bearer ${login.json().accessToken}` }
}, 300_000)

afterAll(async () => {
  await server?.app.close()
  await rm(folder, { recursive: true, force: true })
})

const call = (method: 'GET' | 'POST', url: string, payload?: object) =>
  server.app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })

function person(kind: string): RehearsedPerson {
  const found = people.find(({ card }) => card.kind === kind)
  if (found === undefined) throw new Error(`no ${kind}`)
  return found
}

test('FHE-SERVER-08 from a rehearsal’s bundle, a ciphertext under its public key and its holders’ answers to the right value', async () => {
  const [listed] = (await call('GET', '/api/v1/fhe/keys')).json().keys
  const base = `/api/v1/fhe/keys/${listed.id}`
  const { key } = (await call('GET', base)).json()
  expect(key).toMatchObject({ mode: 'F', t: 2, n: 3, epoch: 0, orgId: 'organisation-kek', crs: null })
  // Its inputs are signed: nothing is proven, against no reference string.
  expect((await call('GET', `${base}/crs`)).statusCode).toBe(404)

  // An encryptor that the policy names encrypts under what the server hands out.
  const value = 201
  const file = encryptU8(new Uint8Array((await call('GET', `${base}/public-key`)).rawPayload), value)
  const put = await server.app.inject({
    method: 'PUT',
    url: `${base}/ciphertexts/${sha256Hex(file)}`,
    headers: { ...headers, 'content-type': 'application/octet-stream' },
    payload: Buffer.from(file),
  })
  const { digest, type } = put.json().ciphertext
  const provenance: Provenance = {
    v: 1,
    domain,
    keyId: key.id,
    mode: 'F',
    type,
    ciphertexts: [digest],
    program: 'a test',
    inputs: [{ digest: sha256Hex(file), admitted: 'signature', by: person('encryptor').card.name }],
    time: new Date().toISOString(),
  }
  const request: DecryptionRequest = {
    v: 1,
    kind: 'decryption-request',
    domain,
    requestId: '5'.repeat(32),
    keyId: key.id,
    epochId: key.epochId,
    mode: 'F',
    ciphertexts: [{ digest, type, provenance: provenanceCodec.payload.digest(provenance) }],
    what: 'one reading',
    purpose: 'to see that it comes out',
    requester: person('requester').card.name,
    combiner: key.combiner,
    expiry: new Date(Date.now() + 3_600_000).toISOString(),
    budget: 4,
    nonce: '6'.repeat(32),
  }
  const approvers = people.filter(({ card }) => card.kind === 'approver')
  const given: RequestPackage = {
    request: {
      payload: request,
      signatures: [decryptionRequestCodec.sign(person('requester').identity, request, domain)],
    },
    approvals: approvers.map(({ identity }) => decryptionApprovalCodec.sign(identity, request, domain)),
    provenance: [
      {
        payload: provenance,
        signatures: [provenanceCodec.sign(person('encryptor').identity, provenance, domain)],
      },
    ],
  }
  const short = { ...given, approvals: given.approvals.slice(1) }
  expect((await call('POST', `${base}/decrypt-requests`, short)).json()).toMatchObject({
    code: 'REQUEST-APPROVALS',
  })
  expect((await call('POST', `${base}/decrypt-requests`, given)).statusCode).toBe(202)

  const place = `${base}/decrypt-requests/${request.requestId}`
  for (const holder of [1, 2, 3]) {
    const answered = await call('POST', `${place}/answers`, await answer(holder, given, file))
    expect(answered.statusCode).toBe(200)
  }
  expect((await call('GET', place)).json().request).toMatchObject({
    state: 'ready',
    claim: 'verified against any 1',
  })
  expect((await call('POST', `${place}/release`, {})).json().request).toMatchObject({ state: 'released' })
  expect((await call('GET', `${place}/result`)).json()).toEqual({
    results: [{ type: 'u8', value: String(value) }],
    verified: 1,
    cheaters: [],
    claim: 'verified against any 1',
  })
})

/** With the share out of the envelope that the ceremony sealed to this holder. */
async function answer(holder: number, given: RequestPackage, file: Uint8Array) {
  const { payload } = given.request
  const name = ['Holder One', 'Holder Two', 'Holder Three'][holder - 1] ?? ''
  const me = people.find(({ card }) => card.kind === 'holder' && card.name === name)
  if (me?.seal == null) throw new Error(`${name} has no key`)
  const { shareBytes, share, authorities } = await shareOf(run, holder, me.seal)
  const made = fhePartialDecrypt({
    share: shareBytes,
    pub: new Uint8Array(readFileSync(join(run, 'fhe/public.bin'))),
    ciphertexts: [file],
    authority: {
      authorities,
      provenance: given.provenance.map((document) => provenanceCodec.file.encode(document)),
      requestDigest: fromHex(requestDigest(payload), 32),
      identity: me.identity,
    },
    answered: new Set(),
    spent: { at64: 0, at128: 0 },
  })
  if (!made.ok) throw new Error(`${made.rule}: ${made.detail}`)
  const sealed = await sealTo([payload.combiner], made.value.partial)
  const said: HolderAnswer = {
    v: 1,
    kind: 'holder-answer',
    domain,
    request: requestDigest(payload),
    keyId: payload.keyId,
    epochId: payload.epochId,
    holder,
    name,
    decision: 'approved',
    reason: '',
    sealed: sha256Hex(sealed),
    spent: made.value.spends,
    left: { at64: share.budgets.at64 - made.value.spends, at128: share.budgets.at128 },
    time: new Date().toISOString(),
  }
  const signatures = [holderAnswerCodec.sign(me.identity, said, domain)]
  return { answer: { payload: said, signatures }, sealed: toBase64(sealed) }
}
