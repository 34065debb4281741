import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fromUtf8, sha256Hex } from '@lux/crypto'
import { inspect } from '@lux/crypto/fhe'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { runKeyChild } from '../../../src/core/key-child/client.ts'
import { dealingIn, people } from '../support/key-child-requests.ts'

// Each test starts a child, which loads 30 MB of wasm.
vi.setConfig({ testTimeout: 60_000 })

const quickString = fileURLToPath(new URL('../support/quick-key-child.ts', import.meta.url))
const bytes = (path: string) => new Uint8Array(readFileSync(path))
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reference-string-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the reference string of a key for proven inputs', () => {
  const proven = { inputs: 'proven', proofBits: 256, squash: false } as const

  test('is made before there is a key, for as many bits as asked, and written beside the public key', async () => {
    const listed = (await people(3)).map(({ holder }) => holder)
    const seen: [string, number][] = []
    const result = await runKeyChild(dealingIn(folder, listed, proven), {
      entry: quickString,
      onPhase: ({ phase, expectedSeconds }) => seen.push([phase, expectedSeconds]),
    })
    expect(seen.slice(0, 3)).toEqual([
      ['load', 1],
      ['reference-string', 55],
      ['client-key', 0.1],
    ])
    expect(result.timings.map(({ phase }) => phase)).toContain('reference-string')
    const { crs } = result
    expect(crs?.path).toBe(join(folder, 'fhe', 'crs.bin'))
    expect(crs?.sha256).toBe(sha256Hex(bytes(crs!.path)))
    expect(inspect(bytes(crs!.path))).toMatchObject({ type: 'reference-string', secret: false })
    expect(fromUtf8(bytes(crs!.path))).toContain('for 256 bits')
    expect(inspect(bytes(result.publicKey!.path)).facts.size).toBe(result.publicKey!.size)
  })

  test('is made with a key that is kept whole, too', async () => {
    const params = {
      type: 'TFHE_INTEGER',
      ...proven,
      serverKey: false,
      words: false,
      outDir: folder,
    } as const
    const { crs, clientKey } = await runKeyChild({ do: 'keygen', params }, { entry: quickString })
    expect(crs?.path).toBe(join(folder, 'crs.bin'))
    expect(inspect(bytes(clientKey.path)).facts).toMatchObject({ dedicatedCompactKey: true })
  })

  test('is not made for signed inputs', async () => {
    const listed = (await people(3)).map(({ holder }) => holder)
    const result = await runKeyChild(dealingIn(folder, listed, { squash: false }), { entry: quickString })
    expect(result).not.toHaveProperty('crs')
    expect(existsSync(join(folder, 'fhe', 'crs.bin'))).toBe(false)
  })

  test('KEY-CHILD-CANCELLED an abort in the middle of it kills the process, and nothing is left', async () => {
    const stop = new AbortController()
    const phases: string[] = []
    // The real call, which nothing else could stop: a child that it does not end goes on to the next phase.
    const running = runKeyChild(
      dealingIn(
        folder,
        (await people(3)).map(({ holder }) => holder),
        proven,
      ),
      {
        signal: stop.signal,
        onPhase: ({ phase }) => {
          phases.push(phase)
          if (phase === 'reference-string') setTimeout(() => stop.abort(), 200)
        },
      },
    )
    await expect(running).rejects.toMatchObject({ code: 'KEY-CHILD-CANCELLED' })
    expect(phases.at(-1)).toBe('reference-string')
    expect(existsSync(join(folder, 'fhe'))).toBe(false)
  })
})
