import { constants, createPublicKey, publicEncrypt } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { namedBlobs, possessionChallengeOf } from '@lux/ceremony/bundle'
import { encodePolicyFile } from '@lux/ceremony/policy'
import { aesKwpWrap, fromHex, sha256Hex } from '@lux/crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SampleBundle } from '../../../../packages/ceremony/test/support/sample-bundle.ts'
import { sampleDecommission } from '../../../../packages/ceremony/test/support/sample-decommission.ts'
import { sampleDealt, sampleRecovery } from '../../../../packages/ceremony/test/support/sample-recovery.ts'
import type { StateFolder } from '../../src/platform/state-folder/folder.ts'
import { pinPolicy } from '../../src/platform/state-folder/policies.ts'
import { openServer } from '../../src/server.ts'
import { createIdentity } from '../support/create-identity.ts'
import { chunksOf, keysOf, type RealOptions, realBundle } from '../support/real-bundle.ts'
import { cardOf, makeServerState, offerTransport } from '../support/server-under-test.ts'
import { makeFolder } from '../support/temporary-folder.ts'

const keys = keysOf('first')
const plaintext = Buffer.from('a message').toString('base64')
const { ckaId } = sampleDealt
/** The ceremony of the root's birth; the restore is another. */
const born = '5d'.repeat(16)
const challenge = possessionChallengeOf({ rootId: keys.rootId, born })
const digest = sha256Hex(aesKwpWrap(keys.root, fromHex(challenge)))
const possession = { mechanism: 'KWP-RFC5649', digest }
let folder = ''
let state: StateFolder
let first: SampleBundle
let server: Awaited<ReturnType<typeof openServer>>
let post: (path: string, payload: object, status?: number) => Promise<Record<string, string>>
let ciphertext = ''
/** Digest of the bundle that was taken in last. */
let last = ''

async function bundle(options: Omit<RealOptions, 'keys' | 'card' | 'transport'>): Promise<SampleBundle> {
  const transport = await offerTransport(state)
  return realBundle({ keys, card: await cardOf(state), transport, version: 2, ...options })
}

const take = ({ bytes }: SampleBundle) => server.services.importer.importStream(chunksOf(bytes))

/** This root and this token in the place of the sample's, and nothing of another shape. */
function swapping(serial: string): <T>(value: T) => T {
  const dealt = possessionChallengeOf({ rootId: sampleDealt.rootId, born: sampleDealt.ceremonyId })
  const swaps: [string, string][] = [
    ['a1b2c3d4', serial],
    [sampleDealt.rootId, keys.rootId],
    [sampleDealt.ceremonyId, born],
    [sampleDealt.possession, digest],
    [dealt, challenge],
  ]
  // The same shape, with other texts in it.
  return <T>(value: T): T =>
    JSON.parse(swaps.reduce((text, [from, to]) => text.replaceAll(from, to), JSON.stringify(value))) as T
}

/** A restore whose plan has no keys, so that its tree has no root. */
function withoutKeys(
  serial: string,
  sequence: string,
  previous: string,
): Omit<RealOptions, 'keys' | 'card' | 'transport'> {
  const { alter = {} } = sampleRecovery({ use: 'restore' })
  const swapped = swapping(serial)
  const made = ['generate-root', 'generate-key', 'prove-possession']
  let named = new Set<string>()
  return {
    sequence,
    previous,
    alter: {
      ...alter,
      header: swapped,
      opening: swapped,
      plan(plan) {
        const copy = structuredClone(plan)
        copy.keys = []
        for (const part of copy.parts) part.steps = part.steps.filter(({ key }) => key === undefined)
        copy.checkpoints.live = copy.checkpoints.live.filter((id) => id !== 'make-root')
        return swapped(alter.plan?.(copy) ?? copy)
      },
      entries(entries) {
        const left = entries.filter(({ fact }) => !made.includes(String(fact.effect)))
        const numbered = left.map((entry, seq) => ({ ...entry, seq: String(seq) }))
        return swapped(alter.entries?.(numbered) ?? numbered)
      },
      predicate(predicate) {
        const said = swapped(alter.predicate?.(predicate) ?? predicate)
        const bare = {
          ...said,
          wrapTree: [],
          possession: [],
          keyEvidence: said.keyEvidence.filter(({ level }) => level === 'ceremony'),
          transports: said.transports.map((one) => ({ ...one, roots: [] })),
        }
        named = namedBlobs(bare)
        return bare
      },
      blobs: (all) => (alter.blobs?.(all) ?? all).filter(({ sha256 }) => named.has(sha256)),
    },
  }
}

/** The sample's decommission and restore of one root of before, with this root and this token in the place of its own. */
function restoring(serial: string): Omit<RealOptions, 'keys' | 'card' | 'transport'> {
  const decommission = sampleDecommission()
  const restore = sampleRecovery({ use: 'restore' })
  const [one, two] = [decommission.alter ?? {}, restore.alter ?? {}]
  const swapped = swapping(serial)
  return {
    sequence: '2',
    previous: first.digest,
    rootBorn: born,
    possession,
    alter: {
      ...two,
      header: swapped,
      opening: swapped,
      plan: (plan) => swapped(two.plan?.(one.plan?.(plan) ?? plan) ?? plan),
      entries: (entries) => swapped(two.entries?.(one.entries?.(entries) ?? entries) ?? entries),
      predicate: (said) => swapped(two.predicate?.(one.predicate?.(said) ?? said) ?? said),
      blobs: (all) => two.blobs?.(one.blobs?.(all) ?? all) ?? all,
    },
  }
}

beforeAll(async () => {
  folder = await makeFolder()
  state = await makeServerState(folder)
  first = await bundle({ ceremonyId: born, possession })
  expect(await pinPolicy(state, 'production', encodePolicyFile(first.policy))).toMatchObject({ ok: true })
  server = await openServer(state, false)
  expect(await take(first)).toMatchObject({ state: 'imported' })
  const { clientId, clientSecret } = await createIdentity(server.services.database, {
    name: 'service',
    grants: [{ role: 'service', project: 'payments', organisation: 'org' }],
  })
  let token = ''
  post = async (path, payload, status = 200) => {
    const headers = { authorization: `Bearer ${token}` }
    const reply = await server.app.inject({ method: 'POST', url: `/api/v1${path}`, headers, payload })
    expect(reply.statusCode, reply.body).toBe(status)
    return reply.json()
  }
  token = (await post('/auth/universal-auth/login', { clientId, clientSecret })).accessToken ?? ''
  ciphertext = (await post('/kms/keys/orders/encrypt', { plaintext })).ciphertext ?? ''
}, 60_000)
afterAll(async () => {
  await server?.app.close()
  await rm(folder, { recursive: true, force: true })
})

/** What a restore leaves in a token: this key, under the identifier of the root's birth. */
const bringBack = (key: Uint8Array) =>
  server.services.token.useToken(async (token) => {
    await token.destroy({ id: ckaId, class: 'secret' })
    const id = 'cc'.repeat(16)
    const { spki } = await token.createTransportPair({ id, label: 'transport-restore' })
    const of = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
    const padding = constants.RSA_PKCS1_OAEP_PADDING
    const wrapped = publicEncrypt({ key: of, padding, oaepHash: 'sha1' }, key)
    await token.unwrapRoot({
      transportId: id,
      ckaId,
      label: 'root',
      sameLabel: true,
      wrapped,
      oaepHash: 'sha1',
    })
    await token.destroyTransportPair({ id })
  })

test('ROOT-ABSENT, ROOT-POSSESSION, ROOT-AMBIGUOUS a restored root is adopted by its root id and its proof, and every key under it opens again', async () => {
  const row = () => server.services.database.selectFrom('root_config').selectAll().executeTakeFirstOrThrow()
  const before = await row()
  const serial = server.services.token.serial
  await server.app.close()
  const restored = await bundle(restoring(serial))
  const elsewhere = await bundle(restoring('b2c3d4e5'))
  server = await openServer(state, false)

  const twice = await take(restored)
  expect(twice, twice.state === 'refused' ? twice.detail : '').toMatchObject({ rule: 'ROOT-AMBIGUOUS' })
  await server.services.token.useToken((token) => token.destroy({ id: before.cka_id, class: 'secret' }))
  server.services.unwrapping.forgetAll()
  await post('/kms/keys/orders/decrypt', { ciphertext }, 503)
  expect(await take(restored)).toMatchObject({ state: 'refused', rule: 'ROOT-ABSENT' })
  await bringBack(keysOf('another').root)
  expect(await take(restored)).toMatchObject({ state: 'refused', rule: 'ROOT-POSSESSION' })
  await bringBack(keys.root)
  // Into another token, while this one does not have it under the identifier that it serves by.
  expect(await take(elsewhere)).toMatchObject({ state: 'refused', rule: 'ROOT-ABSENT' })
  expect((await row()).cka_id).toBe(before.cka_id)

  const taken = await take(restored)
  if (taken.state !== 'imported') throw new Error(`${taken.rule}: ${taken.detail}`)
  expect(await row()).toMatchObject({ cka_id: ckaId, state: 'current', possession: before.possession })
  server.services.unwrapping.forgetAll()
  expect(await post('/kms/keys/orders/decrypt', { ciphertext })).toMatchObject({ plaintext })
  last = restored.digest
})

test('a plan without keys, as root-restore.yaml has it, is adopted and named in the receipt; into another token it changes nothing while the root is here', async () => {
  const { serial } = server.services.token
  await server.app.close()
  const away = await bundle(withoutKeys('b2c3d4e5', '3', last))
  const here = await bundle(withoutKeys(serial, '4', away.digest))
  server = await openServer(state, false)
  const elsewhere = await take(away)
  if (elsewhere.state !== 'imported') throw new Error(`${elsewhere.rule}: ${elsewhere.detail}`)
  expect(elsewhere.receipt.payload.roots).toEqual([])

  await server.services.token.useToken((token) => token.destroy({ id: ckaId, class: 'secret' }))
  await bringBack(keys.root)
  const taken = await take(here)
  if (taken.state !== 'imported') throw new Error(`${taken.rule}: ${taken.detail}`)
  expect(taken.receipt.payload.roots).toMatchObject([
    { key: sampleDealt.key, rootId: keys.rootId, serial, ckaId, possession: digest },
  ])
  server.services.unwrapping.forgetAll()
  expect(await post('/kms/keys/orders/decrypt', { ciphertext })).toMatchObject({ plaintext })
})
