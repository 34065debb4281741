import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { encodePolicyFile } from '@lux/ceremony/policy'
import { receiptCodec } from '@lux/ceremony/wire'
import { expect, test } from 'vitest'
import { sampleBundle } from '../../../../packages/ceremony/test/support/sample-bundle.ts'
import { importPoints } from '../../src/imports/importer.ts'
import { openTransports } from '../../src/imports/transports.ts'
import { pinPolicy } from '../../src/platform/state-folder/policies.ts'
import { openServerParts } from '../../src/server.ts'
import { build, importBench, pin, refusedBy, rootsInToken, take } from '../support/import-bench.ts'
import { makeServerState } from '../support/server-under-test.ts'

const bench = importBench()

test('IMPORT-01 a bundle is taken in once: signed receipt, proof of possession, transport pair gone, keys in place', async () => {
  const bundle = await build(bench)
  await pin(bench, bundle)
  const result = await take(bench, bundle.bytes)
  if (result.state !== 'imported') throw new Error(`${result.rule}: ${result.detail}`)
  const group = { role: 'server', members: [{ name: 'server', keys: bench.card.receiptKey }], quorum: 1 }
  expect(receiptCodec.verify(result.receipt, 'production', [group])).toMatchObject({ ok: true })
  expect(result.receipt.payload).toMatchObject({
    bundleDigest: bundle.digest,
    audience: bench.parts.audience,
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
  expect(await openTransports(bench.state)).toEqual([])
  expect(await rootsInToken(bench)).toBe(1)
  expect(
    await bench.parts.database.selectFrom('key').select(['id', 'project_id', 'algorithm']).execute(),
  ).toEqual([{ id: 'orders', project_id: 'payments', algorithm: 'aes-256-gcm' }])
  expect(await readdir(bench.state.incoming)).toEqual([])

  expect(await take(bench, bundle.bytes)).toEqual(result)
})

test('POLICY-MISSING nothing is imported before a policy is pinned', async () => {
  expect(refusedBy(bench, await take(bench, (await build(bench)).bytes))).toBe('POLICY-MISSING')
})

test('IMPORT-02 each kind of wrong bundle is refused by its check, signed, and leaves the transport open', async () => {
  const good = await build(bench)
  await pin(bench, good)
  const flipped = good.bytes.slice()
  flipped[good.bytes.length - 200]! ^= 1
  expect(refusedBy(bench, await take(bench, flipped))).toBe('ZIP-PROFILE')
  expect(refusedBy(bench, await take(bench, good.bytes.subarray(0, good.bytes.length - 1)))).toBe(
    'ZIP-PROFILE',
  )
  expect(refusedBy(bench, await take(bench, new Uint8Array(10)))).toBe('ZIP-PROFILE')
  const unsigned = await build(bench, { alter: { bundleSigners: (signers) => signers.slice(0, 2) } })
  expect(refusedBy(bench, await take(bench, unsigned.bytes))).toBe('MANIFEST-SIGNATURES')
  expect(refusedBy(bench, await take(bench, (await build(bench, { sequence: '2' })).bytes))).toBe('SEQUENCE')
  const other = await build(bench, {
    alter: { predicate: (predicate) => ({ ...predicate, audience: 'ab'.repeat(32) }) },
  })
  expect(refusedBy(bench, await take(bench, other.bytes))).not.toBe('imported')
  expect(await openTransports(bench.state)).toHaveLength(1)
  expect(await bench.parts.database.selectFrom('key').selectAll().execute()).toEqual([])
  expect((await take(bench, good.bytes)).state).toBe('imported')
})

test('SEQUENCE and PREVIOUS refuse a rollback and a fork', async () => {
  const first = await build(bench)
  await pin(bench, first)
  expect((await take(bench, first.bytes)).state).toBe('imported')
  const again = await build(bench, {
    alter: { header: (header) => ({ ...header, created: '2026-01-15T08:59:00.000Z' }) },
  })
  expect(refusedBy(bench, await take(bench, again.bytes))).toBe('SEQUENCE')
  expect(
    refusedBy(
      bench,
      await take(bench, (await build(bench, { sequence: '2', previous: 'ab'.repeat(32) })).bytes),
    ),
  ).toBe('PREVIOUS')
})

test('IMPORT-05 a damaged copy of a bundle that is in gets the receipt of the whole one', async () => {
  const bundle = await build(bench)
  await pin(bench, bundle)
  const result = await take(bench, bundle.bytes)
  const copy = bundle.bytes.slice()
  // In the transcript, which comes after the manifest: its digest is what the receipt is about.
  const transcript = Buffer.from(copy).indexOf('transcript.jsonl{')
  expect(transcript).toBeGreaterThan(0)
  copy[transcript + 1000]! ^= 1
  expect(await take(bench, copy)).toEqual(result)
  expect(await bench.parts.database.selectFrom('bundle_import').select('state').execute()).toHaveLength(1)
})

test.each(importPoints)(
  'IMPORT-03 an import cut short when %s ends well when it is repeated',
  async (point) => {
    const bundle = await build(bench)
    await pin(bench, bundle)
    bench.crashAt = point
    await expect(take(bench, bundle.bytes)).rejects.toThrow(`crash at ${point}`)
    bench.crashAt = null
    const result = await take(bench, bundle.bytes)
    expect(result.state).toBe('imported')
    expect(await rootsInToken(bench)).toBe(1)
    expect(await openTransports(bench.state)).toEqual([])
    expect(await bench.parts.database.selectFrom('bundle_import').select('state').execute()).toEqual([
      { state: 'imported' },
    ])
    const left = await bench.parts.token.useToken((token) => token.inventory())
    expect(left.objects.filter(({ label }) => label.startsWith('transport'))).toEqual([])
  },
)

test('DOMAIN a production server takes nothing of a rehearsal, and pins no policy of one', async () => {
  const good = await build(bench)
  await pin(bench, good)
  const rehearsal = await sampleBundle({ domain: 'rehearsal' })
  expect(await pinPolicy(bench.state, 'production', encodePolicyFile(rehearsal.policy))).toMatchObject({
    rule: 'POLICY-DOMAIN',
  })
  expect(refusedBy(bench, await take(bench, rehearsal.bytes))).not.toBe('imported')
  const disguised = await build(bench, {
    alter: { header: (header) => ({ ...header, domain: 'rehearsal' }) },
  })
  expect(refusedBy(bench, await take(bench, disguised.bytes))).not.toBe('imported')
})

test('REHEARSAL-POLICY a rehearsal server is for the policy of one rehearsal', async () => {
  const folder = join(bench.folder, 'rehearsal')
  await mkdir(folder)
  const here = await makeServerState(folder, 'rehearsal')
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
  await bench.parts.close()
  bench.parts = await openServerParts(bench.state, { maxBundleBytes: 100_000 })
  expect(refusedBy(bench, await take(bench, new Uint8Array(100_001)))).toBe('BUNDLE-TOO-LARGE')
  expect(await readdir(bench.state.incoming)).toEqual([])
})
