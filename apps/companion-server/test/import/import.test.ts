import { generateKeyPairSync } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { encodePolicyFile } from '@lux/ceremony/policy'
import { receiptCodec, refusalCodec, type ServerCard, type Signed, type Transport } from '@lux/ceremony/wire'
import { aesKwpWrap } from '@lux/crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sampleBundle } from '../../../../packages/ceremony/test/support/sample-bundle.ts'
import { type ImportPoint, type ImportResult, importPoints } from '../../src/import/importer.ts'
import { rootCkaId } from '../../src/import/root-arrival.ts'
import { openWorkshop, type Workshop } from '../../src/server.ts'
import type { StateFolder } from '../../src/state/folder.ts'
import { pinPolicy } from '../../src/state/policies.ts'
import { openTransports } from '../../src/state/transports.ts'
import { chunksOf, keysOf, type RealOptions, realBundle } from '../support/real-bundle.ts'
import { cardOf, makeServerState, offerTransport } from '../support/server-under-test.ts'
import { makeFolder } from '../support/temporary-folder.ts'

let folder: string
let state: StateFolder
let card: ServerCard
let transport: Signed<Transport>
let workshop: Workshop
let crashAt: ImportPoint | null = null
const keys = keysOf('import')

beforeEach(async () => {
  folder = await makeFolder()
  state = await makeServerState(folder)
  card = await cardOf(state)
  transport = await offerTransport(state)
  crashAt = null
  workshop = await openWorkshop(state, {
    reached(point) {
      if (point === crashAt) throw new Error(`crash at ${point}`)
    },
  })
})

afterEach(async () => {
  await workshop.close()
  await rm(folder, { recursive: true, force: true })
})

const build = (options: Partial<RealOptions> = {}) => realBundle({ keys, card, transport, ...options })
const take = (bytes: Uint8Array) => workshop.importer.importStream(chunksOf(bytes))

async function pin(bundle: { policy: Parameters<typeof encodePolicyFile>[0] }): Promise<void> {
  const pinned = await pinPolicy(state, 'production', encodePolicyFile(bundle.policy))
  expect(pinned).toMatchObject({ ok: true })
}

function refusedBy(result: ImportResult): string {
  if (result.state !== 'refused') return 'imported'
  const group = { role: 'server', members: [{ name: 'server', keys: card.receiptKey }], quorum: 1 }
  expect(refusalCodec.verify(result.refusal, 'production', [group]).ok).toBe(true)
  expect(result.refusal.payload.check).toBe(result.rule)
  return result.rule
}

const rootsInToken = () =>
  workshop.token.use(
    async (token) => (await token.findById(rootCkaId(workshop.settings.node, keys.rootId))).length,
  )

test('IMPORT-01 a bundle is taken in once: signed receipt, proof of possession, transport pair gone, keys in place', async () => {
  const bundle = await build()
  await pin(bundle)
  const result = await take(bundle.bytes)
  if (result.state !== 'imported') throw new Error(`${result.rule}: ${result.detail}`)
  const group = { role: 'server', members: [{ name: 'server', keys: card.receiptKey }], quorum: 1 }
  expect(receiptCodec.verify(result.receipt, 'production', [group])).toMatchObject({ ok: true })
  expect(result.receipt.payload).toMatchObject({
    bundleDigest: bundle.digest,
    audience: workshop.audience,
    sequence: '1',
    policyVersion: 1,
    roots: [
      {
        key: 'root',
        possession: bundle.predicate.possession[0]!.digest,
        transportKeyDestroyed: true,
        attributes: { SENSITIVE: true, EXTRACTABLE: false, MODIFIABLE: false, DECRYPT: false },
      },
    ],
  })
  expect(await openTransports(state)).toEqual([])
  expect(await rootsInToken()).toBe(1)
  expect(
    await workshop.database.selectFrom('key').select(['id', 'project_id', 'algorithm']).execute(),
  ).toEqual([{ id: 'orders', project_id: 'payments', algorithm: 'aes-256-gcm' }])
  expect(await readdir(state.incoming)).toEqual([])

  expect(await take(bundle.bytes)).toEqual(result)
})

test('POLICY-MISSING nothing is imported before a policy is pinned', async () => {
  expect(refusedBy(await take((await build()).bytes))).toBe('POLICY-MISSING')
})

test('IMPORT-02 each kind of wrong bundle is refused by its check, signed, and leaves the transport open', async () => {
  const good = await build()
  await pin(good)
  const flipped = good.bytes.slice()
  flipped[good.bytes.length - 200]! ^= 1
  expect(refusedBy(await take(flipped))).toBe('ZIP-PROFILE')
  expect(refusedBy(await take(good.bytes.subarray(0, good.bytes.length - 1)))).toBe('ZIP-PROFILE')
  expect(refusedBy(await take(new Uint8Array(10)))).toBe('ZIP-PROFILE')
  const unsigned = await build({ alter: { bundleSigners: (signers) => signers.slice(0, 2) } })
  expect(refusedBy(await take(unsigned.bytes))).toBe('MANIFEST-SIGNATURES')
  expect(refusedBy(await take((await build({ sequence: '2' })).bytes))).toBe('SEQUENCE')
  const other = await build({
    alter: { predicate: (predicate) => ({ ...predicate, audience: 'ab'.repeat(32) }) },
  })
  expect(refusedBy(await take(other.bytes))).not.toBe('imported')
  expect(await openTransports(state)).toHaveLength(1)
  expect(await workshop.database.selectFrom('key').selectAll().execute()).toEqual([])
  expect((await take(good.bytes)).state).toBe('imported')
})

test('ROOT-POSSESSION another key than the root of the ceremony is destroyed again', async () => {
  const bundle = await build({ sentRoot: keysOf('another').root })
  await pin(bundle)
  expect(refusedBy(await take(bundle.bytes))).toBe('ROOT-POSSESSION')
  expect(await rootsInToken()).toBe(0)
  expect((await take((await build()).bytes)).state).toBe('imported')
})

test('WRAP-TREE-UNWRAP a key that does not open under its parent refuses the bundle and takes the root away', async () => {
  const wrapped = {
    organisation: aesKwpWrap(keys.root, keys.organisation),
    project: aesKwpWrap(keys.organisation, keys.project),
    data: aesKwpWrap(keysOf('another').project, keys.data),
    mechanism: 'KWP-RFC5649',
  }
  const bundle = await build({ wrapped })
  await pin(bundle)
  expect(refusedBy(await take(bundle.bytes))).toBe('WRAP-TREE-UNWRAP')
  expect(await rootsInToken()).toBe(0)
  const project = { ...wrapped, project: aesKwpWrap(keysOf('another').organisation, keys.project) }
  expect(refusedBy(await take((await build({ wrapped: project })).bytes))).toBe('WRAP-TREE-UNWRAP')
})

test('TRANSPORT-GONE a bundle sealed to an older transport card finds no key for it', async () => {
  const bundle = await build()
  await pin(bundle)
  expect((await take(bundle.bytes)).state).toBe('imported')
  const another = keysOf('second ceremony')
  const late = await build({ keys: another, sequence: '2', previous: bundle.digest })
  expect(refusedBy(await take(late.bytes))).toBe('TRANSPORT-GONE')
})

test('SEQUENCE and PREVIOUS refuse a rollback and a fork', async () => {
  const first = await build()
  await pin(first)
  expect((await take(first.bytes)).state).toBe('imported')
  const again = await build({
    alter: { header: (header) => ({ ...header, created: '2026-01-15T08:59:00.000Z' }) },
  })
  expect(refusedBy(await take(again.bytes))).toBe('SEQUENCE')
  expect(refusedBy(await take((await build({ sequence: '2', previous: 'ab'.repeat(32) })).bytes))).toBe(
    'PREVIOUS',
  )
})

test('IMPORT-05 a damaged copy of a bundle that is in gets the receipt of the whole one', async () => {
  const bundle = await build()
  await pin(bundle)
  const result = await take(bundle.bytes)
  const copy = bundle.bytes.slice()
  // In the transcript, which comes after the manifest: its digest is what the receipt is about.
  copy[copy.length >> 1]! ^= 1
  expect(await take(copy)).toEqual(result)
  expect(await workshop.database.selectFrom('bundle_import').select('state').execute()).toHaveLength(1)
})

test('ROOT-CURRENT a second root is refused by name, and taken out of the token again', async () => {
  const first = await build()
  await pin(first)
  expect((await take(first.bytes)).state).toBe('imported')
  transport = await offerTransport(state)
  const another = keysOf('second ceremony')
  const second = await build({ keys: another, sequence: '2', previous: first.digest })
  expect(refusedBy(await take(second.bytes))).toBe('ROOT-CURRENT')
  const { node } = workshop.settings
  const left = workshop.token.use((token) => token.findById(rootCkaId(node, another.rootId)))
  expect(await left).toEqual([])
  expect(await rootsInToken()).toBe(1)
})

test.each(['RSA-2048', 'RSA-4096', 'EC-P256', 'EC-P384'] as const)(
  'IMPORT-06 a data key that is a %s pair is taken in, and does not encrypt',
  async (algorithm) => {
    const { privateKey, publicKey } = pairOf(algorithm)
    const wrapped = {
      organisation: aesKwpWrap(keys.root, keys.organisation),
      project: aesKwpWrap(keys.organisation, keys.project),
      data: aesKwpWrap(keys.project, privateKey),
      mechanism: 'KWP-RFC5649',
    }
    const bundle = await build({ wrapped, data: { algorithm, publicKey } })
    await pin(bundle)
    expect((await take(bundle.bytes)).state).toBe('imported')
    const names = {
      'RSA-2048': 'RSA_2048',
      'RSA-4096': 'RSA_4096',
      'EC-P256': 'ECC_NIST_P256',
      'EC-P384': 'ECC_NIST_P384',
    }
    expect(await workshop.database.selectFrom('key').select(['algorithm', 'key_usage']).execute()).toEqual([
      { algorithm: names[algorithm], key_usage: 'sign-verify' },
    ])
  },
)

function pairOf(algorithm: 'RSA-2048' | 'RSA-4096' | 'EC-P256' | 'EC-P384') {
  const made = algorithm.startsWith('RSA')
    ? generateKeyPairSync('rsa', { modulusLength: Number(algorithm.slice(4)) })
    : generateKeyPairSync('ec', { namedCurve: algorithm === 'EC-P256' ? 'P-256' : 'P-384' })
  const der = (bytes: Buffer) => new Uint8Array(bytes)
  return {
    privateKey: der(made.privateKey.export({ type: 'pkcs8', format: 'der' })),
    publicKey: der(made.publicKey.export({ type: 'spki', format: 'der' })),
  }
}

test('KEY-CONFLICT an id that is taken keeps its key', async () => {
  const first = await build()
  await pin(first)
  expect((await take(first.bytes)).state).toBe('imported')
  const wrapped = {
    organisation: aesKwpWrap(keys.root, keys.organisation),
    project: aesKwpWrap(keys.organisation, keys.project),
    data: aesKwpWrap(keys.project, keysOf('another').data),
    mechanism: 'KWP-RFC5649',
  }
  const second = await build({ sequence: '2', previous: first.digest, wrapped })
  expect(refusedBy(await take(second.bytes))).toBe('KEY-CONFLICT')
  expect(await rootsInToken()).toBe(1)
})

test.each(importPoints)(
  'IMPORT-03 an import cut short when %s ends well when it is repeated',
  async (point) => {
    const bundle = await build()
    await pin(bundle)
    crashAt = point
    await expect(take(bundle.bytes)).rejects.toThrow(`crash at ${point}`)
    crashAt = null
    const result = await take(bundle.bytes)
    expect(result.state).toBe('imported')
    expect(await rootsInToken()).toBe(1)
    expect(await openTransports(state)).toEqual([])
    expect(await workshop.database.selectFrom('bundle_import').select('state').execute()).toEqual([
      { state: 'imported' },
    ])
    const left = await workshop.token.use((token) => token.inventory())
    expect(left.objects.filter(({ label }) => label.startsWith('transport'))).toEqual([])
  },
)

test('DOMAIN a production server takes nothing of a rehearsal, and pins no policy of one', async () => {
  const good = await build()
  await pin(good)
  const rehearsal = await sampleBundle({ domain: 'rehearsal' })
  expect(await pinPolicy(state, 'production', encodePolicyFile(rehearsal.policy))).toMatchObject({
    rule: 'POLICY-DOMAIN',
  })
  expect(refusedBy(await take(rehearsal.bytes))).not.toBe('imported')
  const disguised = await build({ alter: { header: (header) => ({ ...header, domain: 'rehearsal' }) } })
  expect(refusedBy(await take(disguised.bytes))).not.toBe('imported')
})

test('IMPORT-04 a threshold key is recorded with its holders, and its public parts are kept as files', async () => {
  const bundle = await build({ fhe: true })
  await pin(bundle)
  expect((await take(bundle.bytes)).state).toBe('imported')
  const { fhe } = bundle.predicate
  expect(await workshop.database.selectFrom('fhe_key').select(['id', 't', 'n']).execute()).toEqual([
    { id: fhe?.keyId, t: 2, n: 3 },
  ])
  expect(await workshop.database.selectFrom('fhe_share_commitment').select('holder').execute()).toHaveLength(
    3,
  )
  const kept = [fhe?.public, fhe?.compactPublicKey, fhe?.serverKey].filter((digest) => digest !== null)
  expect((await readdir(state.fhe)).toSorted()).toEqual(kept.toSorted())
})

test('REHEARSAL-POLICY a rehearsal server is for the policy of one rehearsal', async () => {
  const here = await makeServerState(join(folder, 'rehearsal'), 'rehearsal')
  const [one, other] = await Promise.all(
    ['2027-01-01', '2027-01-02'].map((day) =>
      sampleBundle({
        domain: 'rehearsal',
        alter: { policy: (policy) => ({ ...policy, expiry: `${day}T00:00:00.000Z` }) },
      }),
    ),
  )
  const trust = (bundle: typeof one) => pinPolicy(here, 'rehearsal', encodePolicyFile(bundle!.policy))
  expect(await trust(one)).toMatchObject({ ok: true })
  expect(await trust(one)).toMatchObject({ ok: true })
  expect(await trust(other)).toMatchObject({ ok: false, rule: 'REHEARSAL-POLICY' })
})

test('BUNDLE-TOO-LARGE the stream is cut at the cap and its file is gone', async () => {
  await workshop.close()
  workshop = await openWorkshop(state, { maxBundleBytes: 100_000 })
  expect(refusedBy(await take(new Uint8Array(100_001)))).toBe('BUNDLE-TOO-LARGE')
  expect(await readdir(state.incoming)).toEqual([])
})
