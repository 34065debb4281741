import {
  constants,
  createHash,
  createPrivateKey,
  createPublicKey,
  privateDecrypt,
  publicEncrypt,
} from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { custodianShareCodec } from '@lux/ceremony/wire'
import { aesKwpWrap, fromHex, openWith, sha256Hex } from '@lux/crypto'
import { combineBackup, openMedium, parseMedium, readCustodianShare } from '@lux/crypto/backup'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { runKeyChild } from '../../../src/core/key-child/client.ts'
import type { DealBackup, WrappedToBackup } from '../../../src/core/key-child/protocol.ts'
import { ceremonyId, people } from '../support/key-child-requests.ts'

vi.setConfig({ testTimeout: 60_000 })

const root = new Uint8Array(32).fill(7)
const challenge = 'c4'.repeat(32)
const proof = createHash('sha256')
  .update(aesKwpWrap(root, fromHex(challenge)))
  .digest('hex')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'deal-backup-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const bytes = (name: string) => new Uint8Array(readFileSync(join(folder, name)))

/** What a window would give for this key: the root by RSA-OAEP with SHA-1, and its proof. */
function windowOf(
  publicKey: Uint8Array,
  change: Partial<WrappedToBackup['possession']> = {},
): WrappedToBackup {
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  const wrapped = new Uint8Array(publicEncrypt({ key, padding, oaepHash: 'sha1' }, root))
  return { wrapped, possession: { mechanism: 'KWP-RFC5649', challenge, digest: proof, ...change } }
}

async function request(n = 3, used: number[] = []): Promise<{ request: DealBackup; identities: string[] }> {
  const custodians = await people(n)
  const params = {
    domain: 'rehearsal' as const,
    ceremonyId,
    key: 'root-kek',
    t: 2,
    n,
    outDir: folder,
    used,
    custodians: custodians.map(({ holder }) => holder),
  }
  return { request: { do: 'deal-backup', params }, identities: custodians.map(({ identity }) => identity) }
}

describe('a backup', () => {
  test('has an identifier that no backup has of which the workstation knows', async () => {
    const free = (identifier: number) => identifier % 8 === 5
    const used = Array.from({ length: 0x8000 }, (_, at) => at).filter((identifier) => !free(identifier))
    const { request: asked } = await request(3, used)
    const { identifier } = await runKeyChild(asked, { answer: async (spki) => windowOf(spki) })
    expect(free(identifier)).toBe(true)
  })

  test('any two of three envelopes and the medium give the root back, and nothing else is on disk', async () => {
    const { request: asked, identities } = await request()
    let spki = new Uint8Array()
    const made = await runKeyChild(asked, {
      async answer(publicKey) {
        spki = new Uint8Array(publicKey)
        return windowOf(spki)
      },
    })
    expect(made.publicKey).toBe(sha256Hex(spki))
    const medium = bytes('root-kek.medium')
    expect(sha256Hex(medium)).toBe(made.medium)
    const parsed = parseMedium(medium)
    if (!parsed.ok) throw new Error(parsed.detail)
    expect(parsed.value.header).toMatchObject({
      set: made.set,
      identifier: made.identifier,
      t: 2,
      n: 3,
      wrapped: made.wrapped,
      key: 'root-kek',
      shares: made.shares.map(({ share }) => share),
    })
    const words = await Promise.all(
      made.shares.map(async ({ index, envelope }) => {
        const sealed = bytes(`custodian-${index}.age`)
        expect(sha256Hex(sealed)).toBe(envelope)
        const content = custodianShareCodec.parse(await openWith(identities[index - 1]!, sealed))
        if (!content.ok) throw new Error(content.detail)
        return content.value.words
      }),
    )
    for (const pair of [words.slice(0, 2), words.slice(1), [words[2]!, words[0]!]]) {
      const secret = combineBackup(
        pair.map((text) => {
          const read = readCustodianShare(text)
          if (!read.ok) throw new Error(read.detail)
          return read.value
        }),
      )
      if (!secret.ok) throw new Error(secret.detail)
      const opened = openMedium(parsed.value, secret.value)
      if (!opened.ok) throw new Error(opened.detail)
      const key = opened.value.privateKey.use((der) =>
        createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }),
      )
      const padding = constants.RSA_PKCS1_OAEP_PADDING
      expect(
        new Uint8Array(privateDecrypt({ key, padding, oaepHash: 'sha1' }, opened.value.wrapped)),
      ).toEqual(root)
    }
  })

  test('BACKUP-ROOT-OTHER where the window proves another root, BACKUP-… nothing where the window fails', async () => {
    const { request: asked } = await request()
    const other = runKeyChild(asked, { answer: async (key) => windowOf(key, { digest: '6b'.repeat(32) }) })
    await expect(other).rejects.toMatchObject({ code: 'BACKUP-ROOT-OTHER' })
    const failed = runKeyChild(asked, {
      answer: async () => {
        throw new Error('the window did not open')
      },
    })
    await expect(failed).rejects.toThrow('the window did not open')
  })

  test('FHE-CARD-OTHER a custodian’s card that the plan does not name is refused before any key is made', async () => {
    const { request: asked } = await request()
    const [first, ...others] = asked.params.custodians
    const custodians = [{ ...first!, cardDigest: '6b'.repeat(32) }, ...others]
    const refused = runKeyChild(
      { ...asked, params: { ...asked.params, custodians } },
      { answer: async (key) => windowOf(key) },
    )
    await expect(refused).rejects.toMatchObject({ code: 'FHE-CARD-OTHER' })
  })

  test('DISK-FULL, FOLDER-READ-ONLY: a folder that takes no file stops it', async () => {
    const { request: asked } = await request()
    const outDir = join(folder, 'file')
    writeFileSync(outDir, '')
    const refused = runKeyChild(
      { ...asked, params: { ...asked.params, outDir } },
      { answer: async (key) => windowOf(key) },
    )
    await expect(refused).rejects.toMatchObject({ code: expect.stringMatching(/^(FOLDER|FILE|DISK)-/) })
  })
})
