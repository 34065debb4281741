import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto'
import { copyFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { possessionChallengeOf } from '@lux/ceremony/bundle'
import { serverCardCodec } from '@lux/ceremony/wire'
import { aesKwpWrap, fromHex, generateIdentity, sha256Hex, toHex } from '@lux/crypto'
import { type KeyTemplate, rootTemplate, type Token } from '@lux/hsm'
import { expect, test } from 'vitest'
import { entropyOf } from '../../../../packages/ceremony/test/support/people.ts'
import {
  type SampleBundle,
  sampleBundle,
  sampleCeremonyId,
} from '../../../../packages/ceremony/test/support/sample-bundle.ts'
import { openServerParts } from '../../src/server.ts'
import { type ImportBench, importBench, keys, pin, refusedBy, take } from '../support/import-bench.ts'
import { keysOf } from '../support/real-bundle.ts'

const bench = importBench()

/** A bundle whose root goes by the vendor's clone to the server of the bench, which has no transport key in it. */
function vendorBundle({ card }: ImportBench): Promise<SampleBundle> {
  const challenge = possessionChallengeOf({ rootId: keys.rootId, born: sampleCeremonyId })
  return sampleBundle({
    version: 2,
    replica: true,
    nodes: [],
    server: { receipt: generateIdentity(entropyOf('not the real receipt key'), ['p256']), card },
    rootId: keys.rootId,
    possession: { mechanism: 'KWP-RFC5649', digest: sha256Hex(aesKwpWrap(keys.root, fromHex(challenge))) },
    wrapped: {
      organisation: aesKwpWrap(keys.root, keys.organisation),
      project: aesKwpWrap(keys.organisation, keys.project),
      data: aesKwpWrap(keys.project, keys.data),
      mechanism: 'KWP-RFC5649',
    },
    alter: { plan: (plan) => ({ ...plan, destinations: [{ card: serverCardCodec.digest(card) }] }) },
  })
}

const ckaIdOf = ({ predicate }: SampleBundle) =>
  predicate.keyEvidence.find(({ level }) => level === 'root')!.ckaId

/** What a vendor's tool does that wraps a key between two tokens: beside this program, under the key's own identifier. */
async function bring(token: Token, ckaId: string, root: Uint8Array): Promise<void> {
  const transportId = toHex(randomBytes(16))
  const { spki } = await token.createTransportPair({ id: transportId, label: 'the vendor’s' })
  const wrapped = publicEncrypt(
    {
      key: createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }),
      padding: constants.RSA_PKCS1_OAEP_PADDING,
      oaepHash: 'sha1',
    },
    root,
  )
  await token.unwrapRoot({ transportId, ckaId, label: 'root', wrapped: new Uint8Array(wrapped) })
  await token.destroyTransportPair({ id: transportId })
}

const inToken = (work: (token: Token) => Promise<unknown>) => bench.parts.token.useToken(work)
const found = (ckaId: string) => bench.parts.token.useToken((token) => token.findById(ckaId))

test('ADOPT-01 a root that the vendor’s tool brought is found by its identifier, proved and served under', async () => {
  const bundle = await vendorBundle(bench)
  await pin(bench, bundle)
  const ckaId = ckaIdOf(bundle)
  const absent = await take(bench, bundle.bytes)
  expect(refusedBy(bench, absent)).toBe('ROOT-ABSENT')
  expect(absent.state === 'refused' ? absent.detail : '').toContain(ckaId)

  await inToken((token) => bring(token, ckaId, keys.root))
  const result = await take(bench, bundle.bytes)
  if (result.state !== 'imported') throw new Error(`${result.rule}: ${result.detail}`)
  expect(result.receipt.payload).toMatchObject({
    v: 2,
    roots: [
      {
        ckaId,
        rootId: keys.rootId,
        serial: bench.parts.token.serial,
        way: 'vendor-clone',
        possession: bundle.predicate.possession[0]!.digest,
        attributes: { EXTRACTABLE: false, SENSITIVE: true, MODIFIABLE: false },
      },
    ],
  })
  expect(await take(bench, bundle.bytes)).toEqual(result)
  expect(await bench.parts.database.selectFrom('root_config').select('cka_id').execute()).toEqual([
    { cka_id: ckaId },
  ])
  expect(await found(ckaId)).toHaveLength(1)
})

test('ADOPT-02 another key under the identifier is refused and left where it is', async () => {
  const bundle = await vendorBundle(bench)
  await pin(bench, bundle)
  const ckaId = ckaIdOf(bundle)
  await inToken((token) => bring(token, ckaId, keysOf('another').root))
  expect(refusedBy(bench, await take(bench, bundle.bytes))).toBe('ROOT-POSSESSION')
  expect(await found(ckaId)).toHaveLength(1)
  expect(await bench.parts.database.selectFrom('root_config').selectAll().execute()).toEqual([])
})

test.each<[string, Partial<KeyTemplate>, string]>([
  ['may leave the token', { extractable: true }, 'EXTRACTABLE is true'],
  ['may be changed', { modifiable: true }, 'MODIFIABLE is true'],
  ['decrypts', { decrypt: true }, 'DECRYPT is true'],
  ['wraps by any mechanism', { allowedMechanisms: null }, 'ALLOWED_MECHANISMS'],
  ['hands out what it unwraps', { unwrapTemplate: null }, 'UNWRAP_TEMPLATE'],
])('ADOPT-03 the root itself is refused where it %s, and left where it is', async (_how, weaker, said) => {
  const bundle = await vendorBundle(bench)
  await pin(bench, bundle)
  const ckaId = ckaIdOf(bundle)
  await inToken((token) =>
    token.importUnderWrapping({
      id: ckaId,
      label: 'root',
      kind: 'aes',
      value: keys.root.slice(),
      template: { ...rootTemplate, ...weaker },
    }),
  )
  const result = await take(bench, bundle.bytes)
  expect(refusedBy(bench, result)).toBe('ROOT-ATTRIBUTES')
  expect(result.state === 'refused' ? result.detail : '').toContain(said)
  expect(await found(ckaId)).toHaveLength(1)
})

test('ADOPT-04 of two objects with the identifier none is taken, though one is the root', async () => {
  const bundle = await vendorBundle(bench)
  await pin(bench, bundle)
  const ckaId = ckaIdOf(bundle)
  const store = join(bench.state.softToken, 'tokens')
  const folder = join(store, readdirSync(store)[0]!)
  const objects = () => readdirSync(folder).filter((name) => name.endsWith('.object'))
  const before = objects()
  await inToken((token) => bring(token, ckaId, keys.root))
  const [file] = objects().filter((name) => !before.includes(name))
  const twin = '00000000-0000-4000-8000-000000000000'
  copyFileSync(join(folder, file!), join(folder, `${twin}.object`))
  writeFileSync(join(folder, `${twin}.lock`), '')
  await bench.parts.close()
  bench.parts = await openServerParts(bench.state)
  const result = await take(bench, bundle.bytes)
  expect(refusedBy(bench, result)).toBe('ROOT-AMBIGUOUS')
  expect(result.state === 'refused' ? result.detail : '').toContain('2 objects')
})
