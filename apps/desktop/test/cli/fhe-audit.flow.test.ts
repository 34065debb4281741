import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateIdentity, toHex } from '@lux/crypto'
import {
  ciphertextDigest,
  dealFheKey,
  fheCanaryPartial,
  NO_AUTHORITIES,
  parseCiphertext,
  rotateFheKey,
  signProvenance,
} from '@lux/crypto/fhe'
import tfhe from 'node-tfhe'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { systemEntropy } from '../../src/core/system.ts'
import { custodyJson, temporaryFolder } from './support/custody.ts'

vi.setConfig({ testTimeout: 300_000 })

const LIMIT = 1n << 30n
const zeros = new Uint8Array(32)
const quorum = { t: 2, n: 3 }
const roster = [1, 2, 3].map((index) => ({ index, name: `H${index}`, card: `${index}`.repeat(64) }))
let folder: string
const at = (name: string) => join(folder, name)

function opened<T>(outcome: { ok: true; value: T } | { ok: false; rule: string; detail: string }): T {
  if (!outcome.ok) throw new Error(`${outcome.rule}: ${outcome.detail}`)
  return outcome.value
}

/** The next epoch of a production key, and answers to its canary that agree and are right, signed by three strangers. */
beforeAll(() => {
  folder = temporaryFolder()
  const key = tfhe.TfheClientKey.generate(tfhe.TfheConfigBuilder.default().build())
  const first = opened(
    dealFheKey({
      clientKey: key.safe_serialize(LIMIT),
      publicKeys: { compactPublicKey: zeros, serverKey: new Uint8Array(32).fill(1) },
      ...quorum,
      domain: 'production',
      roster,
      policyHash: zeros,
      budgets: { at64: 100, at128: 0 },
      entropy: systemEntropy,
    }),
  )
  const [one, two] = first.shares
  const { pub, shares } = opened(
    rotateFheKey({
      pub: first.pub,
      shares: [one!, two!],
      to: quorum,
      roster,
      planHash: zeros,
      policyHash: zeros,
      budgets: { at64: 100, at128: 0 },
      entropy: systemEntropy,
    }),
  )
  const canary = tfhe.FheUint256.encrypt_with_client_key(12345n, key).safe_serialize(LIMIT)
  writeFileSync(at('public.bin'), pub)
  writeFileSync(at('canary.bin'), canary)
  const encryptor = generateIdentity(systemEntropy, ['ed25519'])
  const provenance = signProvenance(encryptor, {
    v: 1,
    domain: 'production',
    keyId: toHex(first.keyId),
    mode: 'F',
    type: 'u256',
    ciphertexts: [toHex(ciphertextDigest(parseCiphertext(canary)))],
    program: 'canary',
    inputs: [{ digest: 'aa'.repeat(32), admitted: 'signature', by: 'Enno' }],
    time: '2026-01-31T09:30:00.000Z',
  })
  for (const [i, share] of shares.entries()) {
    const answer = fheCanaryPartial({
      share,
      pub,
      ciphertexts: [canary],
      authority: {
        authorities: { ...NO_AUTHORITIES, encryptors: [encryptor.keys] },
        provenance: [provenance],
        requestDigest: zeros,
        identity: generateIdentity(systemEntropy, ['ed25519', 'mlDsa65']),
      },
    })
    writeFileSync(at(`${i + 1}.prt`), opened(answer).partial)
  }
}, 300_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('FHE-PARTIAL-SIGNATURE neither audit nor combine takes answers of production that no holder signed', async () => {
  const files = [1, 2, 3].map((i) => at(`${i}.prt`))
  const about = ['--public', at('public.bin'), '--ciphertext', at('canary.bin')]
  const refused = { exit: 1, json: { ok: false, code: 'FHE-PARTIAL-SIGNATURE' } }
  expect(await custodyJson(['fhe', 'combine', ...files, ...about])).toMatchObject(refused)
  const audited = await custodyJson(['fhe', 'audit', ...files, ...about, '--value', '12345'])
  expect(audited).toMatchObject(refused)
  expect(audited.json.remedy).toContain('custody request result')
})
