import { constants, createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { aesKwpWrap } from '@lux/crypto'
import { expect, onTestFinished, test } from 'vitest'
import { sampleString } from '../../../../packages/ceremony/test/support/altered-reference-string.ts'
import { rsaPair } from '../../../../packages/crypto/test/rsa-pair.ts'
import type { Call, Record } from '../../src/audit/record.ts'
import { rootCkaId } from '../../src/imports/receive-root.ts'
import { openKeyOperations } from '../../src/keys/operations.ts'
import { openKeyRepository } from '../../src/keys/repository.ts'
import { openKeyUnwrapping } from '../../src/keys/unwrapping.ts'
import { unapproved } from '../../src/operations/pipeline.ts'
import { refuse } from '../../src/refusal.ts'
import {
  build,
  type ImportBench,
  importBench,
  keys,
  pin,
  refusedBy,
  rootsInToken,
  take,
} from '../support/import-bench.ts'
import { keysOf } from '../support/real-bundle.ts'
import { offerTransport } from '../support/server-under-test.ts'

const bench = importBench()

test('ROOT-POSSESSION another key than the root of the ceremony is destroyed again', async () => {
  const bundle = await build(bench, { sentRoot: keysOf('another').root })
  await pin(bench, bundle)
  expect(refusedBy(bench, await take(bench, bundle.bytes))).toBe('ROOT-POSSESSION')
  expect(await rootsInToken(bench)).toBe(0)
  expect((await take(bench, (await build(bench)).bytes)).state).toBe('imported')
})

test('WRAP-TREE-UNWRAP a key that does not open under its parent refuses the bundle and takes the root away', async () => {
  const wrapped = {
    organisation: aesKwpWrap(keys.root, keys.organisation),
    project: aesKwpWrap(keys.organisation, keys.project),
    data: aesKwpWrap(keysOf('another').project, keys.data),
    mechanism: 'KWP-RFC5649',
  }
  const bundle = await build(bench, { wrapped })
  await pin(bench, bundle)
  expect(refusedBy(bench, await take(bench, bundle.bytes))).toBe('WRAP-TREE-UNWRAP')
  expect(await rootsInToken(bench)).toBe(0)
  const project = { ...wrapped, project: aesKwpWrap(keysOf('another').organisation, keys.project) }
  expect(refusedBy(bench, await take(bench, (await build(bench, { wrapped: project })).bytes))).toBe(
    'WRAP-TREE-UNWRAP',
  )
})

test.each<['project' | 'data', number]>([
  ['data', 16],
  ['data', 24],
  ['project', 16],
])(
  'WRAP-TREE-UNWRAP an AES-256 %s key of %i bytes refuses the bundle, and the transport key serves the right one',
  async (level, length) => {
    const short = { ...keys, [level]: keys[level].slice(0, length) }
    const bundle = await build(bench, { keys: short })
    await pin(bench, bundle)
    const result = await take(bench, bundle.bytes)
    expect(refusedBy(bench, result)).toBe('WRAP-TREE-UNWRAP')
    expect(result.state === 'refused' ? result.detail : '').toContain(`has ${length} bytes, expected 32`)
    expect(await rootsInToken(bench)).toBe(0)
    expect((await take(bench, (await build(bench)).bytes)).state).toBe('imported')
  },
)

test('TRANSPORT-GONE a bundle sealed to an older transport card finds no key for it', async () => {
  const bundle = await build(bench)
  await pin(bench, bundle)
  expect((await take(bench, bundle.bytes)).state).toBe('imported')
  const another = keysOf('second ceremony')
  const late = await build(bench, { keys: another, sequence: '2', previous: bundle.digest })
  expect(refusedBy(bench, await take(bench, late.bytes))).toBe('TRANSPORT-GONE')
})

test('ROOT-CURRENT a second root is refused by name, and taken out of the token again', async () => {
  const first = await build(bench)
  await pin(bench, first)
  expect((await take(bench, first.bytes)).state).toBe('imported')
  bench.transport = await offerTransport(bench.state)
  const another = keysOf('second ceremony')
  const second = await build(bench, { keys: another, sequence: '2', previous: first.digest })
  expect(refusedBy(bench, await take(bench, second.bytes))).toBe('ROOT-CURRENT')
  const { node } = bench.parts.settings
  const left = bench.parts.token.useToken((token) => token.findById(rootCkaId(node, another.rootId)))
  expect(await left).toEqual([])
  expect(await rootsInToken(bench)).toBe(1)
})

test.each(['RSA-2048', 'RSA-4096', 'EC-P256', 'EC-P384'] as const)(
  'IMPORT-06 a data key that is a %s pair is taken in, signs, and does not encrypt',
  async (algorithm) => {
    const { privateKey, publicKey } = pairOf(algorithm)
    const wrapped = {
      organisation: aesKwpWrap(keys.root, keys.organisation),
      project: aesKwpWrap(keys.organisation, keys.project),
      data: aesKwpWrap(keys.project, privateKey),
      mechanism: 'KWP-RFC5649',
    }
    const bundle = await build(bench, { wrapped, data: { algorithm, publicKey } })
    await pin(bench, bundle)
    expect((await take(bench, bundle.bytes)).state).toBe('imported')
    const names = {
      'RSA-2048': 'RSA_2048',
      'RSA-4096': 'RSA_4096',
      'EC-P256': 'ECC_NIST_P256',
      'EC-P384': 'ECC_NIST_P384',
    }
    expect(await bench.parts.database.selectFrom('key').select(['algorithm', 'key_usage']).execute()).toEqual(
      [{ algorithm: names[algorithm], key_usage: 'sign-verify' }],
    )
    const operations = await operationsOf(bench)
    const call: Call = {
      caller: { identity: 'i', grants: [{ role: 'service', organisation: 'org', project: 'payments' }] },
      door: 'direct',
      reqId: 'r',
      receipt: null,
    }
    const data = new TextEncoder().encode('four crates')
    const signingAlgorithm = algorithm.startsWith('RSA') ? 'RSASSA_PSS_SHA_256' : 'ECDSA_SHA_256'
    const input = { id: 'orders', data, algorithm: signingAlgorithm, isDigest: false } as const
    const signed = await operations.sign(call, input)
    if (!signed.ok) throw new Error(signed.detail)
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
    const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    const options = algorithm.startsWith('RSA') ? pss : {}
    expect(verify('sha256', data, { key, ...options }, signed.value.signature)).toBe(true)
    expect(await operations.publicKey(call, { id: 'orders' })).toMatchObject({
      ok: true,
      value: { version: 1 },
    })
    expect(await operations.encrypt(call, { id: 'orders', plaintext: data })).toMatchObject({
      rule: 'KEY-USAGE',
    })
  },
)

/** The operations on keys over a bench's database and token, with nothing that enters them in an audit log. */
async function operationsOf({ parts }: ImportBench) {
  const { database, token, settings } = parts
  const noneShredded = { names: () => false }
  const unwrapping = openKeyUnwrapping(database, token, settings.keys.rows, settings.node, noneShredded)
  onTestFinished(() => unwrapping.close())
  const nothing = { organisation: null, project: null, key: null, version: null, asked: '' }
  const record: Record = (_call, operation, work) => work({ ...nothing, operation, input: [], output: [] })
  return openKeyOperations({
    repository: openKeyRepository(database),
    unwrapping,
    record,
    approvals: { ...unapproved, take: async () => refuse('APPROVAL-NEEDED', 'nobody is asked here') },
    now: () => new Date(),
  })
}

function pairOf(algorithm: 'RSA-2048' | 'RSA-4096' | 'EC-P256' | 'EC-P384') {
  const made = algorithm.startsWith('RSA')
    ? rsaPair(Number(algorithm.slice(4)))
    : generateKeyPairSync('ec', { namedCurve: algorithm === 'EC-P256' ? 'P-256' : 'P-384' })
  const der = (bytes: Buffer) => new Uint8Array(bytes)
  return {
    privateKey: der(made.privateKey.export({ type: 'pkcs8', format: 'der' })),
    publicKey: der(made.publicKey.export({ type: 'spki', format: 'der' })),
  }
}

test('KEY-CONFLICT an id that is taken keeps its key', async () => {
  const first = await build(bench)
  await pin(bench, first)
  expect((await take(bench, first.bytes)).state).toBe('imported')
  const wrapped = {
    organisation: aesKwpWrap(keys.root, keys.organisation),
    project: aesKwpWrap(keys.organisation, keys.project),
    data: aesKwpWrap(keys.project, keysOf('another').data),
    mechanism: 'KWP-RFC5649',
  }
  const second = await build(bench, { sequence: '2', previous: first.digest, wrapped })
  expect(refusedBy(bench, await take(bench, second.bytes))).toBe('KEY-CONFLICT')
  expect(await rootsInToken(bench)).toBe(1)
})

test('IMPORT-04 a threshold key is recorded with its holders, and its public parts are kept as files', async () => {
  const bundle = await build(bench, { fhe: true })
  await pin(bench, bundle)
  expect((await take(bench, bundle.bytes)).state).toBe('imported')
  const { fhe } = bundle.predicate
  expect(await bench.parts.database.selectFrom('fhe_key').select(['id', 't', 'n']).execute()).toEqual([
    { id: fhe?.keyId, t: 2, n: 3 },
  ])
  expect(
    await bench.parts.database.selectFrom('fhe_share_commitment').select('holder').execute(),
  ).toHaveLength(3)
  const kept = [fhe?.public, fhe?.compactPublicKey, fhe?.serverKey].filter((digest) => digest !== null)
  expect((await readdir(bench.state.fhe)).toSorted()).toEqual(kept.toSorted())
})

test('IMPORT-04 of a key for proven inputs the reference string is kept too', async () => {
  const bundle = await build(bench, { fhe: true, crs: sampleString })
  await pin(bench, bundle)
  expect((await take(bench, bundle.bytes)).state).toBe('imported')
  const crs = bundle.predicate.fhe?.crs ?? ''
  expect(new Uint8Array(await readFile(join(bench.state.fhe, crs)))).toEqual(sampleString)
})
