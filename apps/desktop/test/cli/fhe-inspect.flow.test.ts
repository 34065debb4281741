import { rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tfhe from 'node-tfhe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { custody, custodyJson, temporaryFolder } from './support/custody.ts'

const LIMIT = 1n << 30n
const result = new URL(
  '../../../../packages/crypto/vectors/native/results/product-i64.squashed.bin',
  import.meta.url,
)
let folder: string
let wide: Uint8Array
const at = (name: string) => join(folder, name)

beforeAll(() => {
  folder = temporaryFolder()
  const key = tfhe.TfheClientKey.generate(tfhe.TfheConfigBuilder.default().build())
  wide = tfhe.FheUint2048.encrypt_with_client_key(5n, key).safe_serialize(LIMIT)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('inspect of large files', () => {
  test('FHE-TRUNCATED the largest fresh ciphertext of tfhe is read whole, and one byte less is cut', async () => {
    expect(wide.length).toBeGreaterThan(16 << 20)
    writeFileSync(at('wide.bin'), wide)
    writeFileSync(at('cut.bin'), wide.subarray(0, -1))
    const [whole, cut] = await Promise.all(
      ['wide.bin', 'cut.bin'].map((name) => custodyJson(['fhe', 'inspect', at(name)])),
    )
    expect(whole!.json).toMatchObject({
      ok: true,
      type: 'ciphertext',
      checked: 'whole',
      facts: { bits: 2048, blocks: 1024, size: wide.length },
    })
    expect(cut).toMatchObject({ exit: 1, json: { code: 'FHE-TRUNCATED' } })
  }, 60_000)

  test('a file whose head alone was read is named by it and never called cut', async () => {
    const name = at('endless.bin')
    writeFileSync(name, wide.subarray(0, 4096))
    truncateSync(name, 80 << 20)
    const [json, text] = await Promise.all([
      custodyJson(['fhe', 'inspect', name]),
      custody(['fhe', 'inspect', name]),
    ])
    expect(json).toMatchObject({
      exit: 0,
      json: {
        type: 'ciphertext',
        checked: 'header',
        facts: { tfhe: 'high_level_api::FheUint', size: 80 << 20 },
      },
    })
    expect(text.stdout).toContain('only the header was read; the rest was not checked')
  }, 60_000)

  test('a squashed ciphertext of native tfhe-rs is read whole', async () => {
    const { json } = await custodyJson(['fhe', 'inspect', fileURLToPath(result)])
    expect(json).toMatchObject({ type: 'squashed-ciphertext', checked: 'whole', facts: { bits: 64 } })
  }, 60_000)
})
