import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromUtf8, openWith, sha256Hex } from '@lux/crypto'
import { inspect, parseShareEnvelope, proveShare, recoverFheKey, verifyShare } from '@lux/crypto/fhe'
import tfhe from 'node-tfhe'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runKeyChild } from '../../../src/core/key-child/client.ts'
import type { KeyChildHolder, KeygenAndDeal } from '../../../src/core/key-child/protocol.ts'
import { ceremonyId, dealingIn, people } from '../support/key-child-requests.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'key-child-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const bytes = (path: string) => new Uint8Array(readFileSync(path))

const dealing = (holders: KeyChildHolder[], change: Partial<KeygenAndDeal['params']> = {}) =>
  dealingIn(folder, holders, change)

/** Limits of every key child of this process, as the kernel shows them. */
function limitsOfChildren(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        const parent = / (\d+)$/.exec(
          readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ').slice(0, 4).join(' '),
        )?.[1]
        const own = command.includes('key-child') && parent === String(process.pid)
        return own ? [readFileSync(`/proc/${pid}/limits`, 'utf8')] : []
      } catch {
        // It ended while it was looked at.
        return []
      }
    })
}

describe('keygen-and-deal', () => {
  test('every holder opens, checks and proves an own share, and nothing secret is on disk', async () => {
    const three = await people(3)
    const seen: string[] = []
    let limits: string[] = []
    const result = await runKeyChild(dealing(three.map(({ holder }) => holder)), {
      onPhase: ({ phase }) => {
        seen.push(phase)
        if (limits.length === 0) limits = limitsOfChildren()
      },
    })
    expect(limits).toEqual([expect.stringMatching(/Max core file size\s+0\s+0/)])
    expect(seen).toEqual(['load', 'client-key', 'squash-key', 'compact-public-key', 'deal', 'seal', 'write'])
    expect(result.timings.map(({ phase }) => phase)).toEqual(seen)
    expect(existsSync(join(folder, 'fhe', 'client-key.bin'))).toBe(false)
    const pub = bytes(result.public.path)
    expect(sha256Hex(pub)).toBe(result.public.sha256)
    expect(statSync(result.public.path).mode & 0o777).toBe(0o644)
    expect(inspect(pub).facts).toMatchObject({
      keyId: result.keyId,
      epochId: result.epochId,
      commitments: result.commitments,
      squash: true,
    })
    for (const [i, { identity, holder }] of three.entries()) {
      const share = result.shares[i]!
      const sealed = bytes(share.envelope.path)
      expect(sha256Hex(sealed)).toBe(share.envelopeDigest)
      const proof = proveShare({
        envelope: await openWith(identity, sealed),
        sealed,
        pub,
        expected: { ceremonyId, name: holder.name },
      })
      if (!proof.ok) throw new Error(proof.detail)
      expect(JSON.parse(fromUtf8(proof.value.payload))).toEqual({
        v: 1,
        kind: 'acknowledgement',
        domain: 'rehearsal',
        ceremonyId,
        keyId: result.keyId,
        epochId: result.epochId,
        holder: i + 1,
        name: holder.name,
        shareDigest: share.shareDigest,
        envelopeDigest: share.envelopeDigest,
      })
    }
    await expect(openWith(three[0]!.identity, bytes(result.shares[1]!.envelope.path))).rejects.toThrow()
  })

  test('a TFHE_BINARY key is dealt and sealed like any other, and any two open shares put it together', async () => {
    const three = await people(3)
    const binary = { type: 'TFHE_BINARY', mode: 'S', squash: false } as const
    const result = await runKeyChild(
      dealing(
        three.map(({ holder }) => holder),
        binary,
      ),
    )
    expect(result.publicKey).toBeNull()
    expect(result.budgets).toEqual({ at64: 0, at128: 0 })
    const pub = bytes(result.public.path)
    expect(inspect(pub).facts).toMatchObject({ key: 'TFHE_BINARY', keyId: result.keyId, size: 18_939 })
    const shares = await Promise.all(
      [2, 0].map(async (i) => {
        const sealed = bytes(result.shares[i]!.envelope.path)
        const envelope = parseShareEnvelope(await openWith(three[i]!.identity, sealed))
        const verified = verifyShare(envelope.shareBytes, pub, { holder: i + 1 })
        if (!verified.ok) throw new Error(verified.detail)
        return verified.value
      }),
    )
    const key = recoverFheKey(shares)
    if (!key.ok) throw new Error(key.detail)
    expect(inspect(key.value)).toMatchObject({ type: 'binary-client-key', facts: { parameters: 'default' } })
    const client = tfhe.Boolean.deserialize_client_key(key.value)
    for (const value of [true, false])
      expect(tfhe.Boolean.decrypt(client, tfhe.Boolean.encrypt(client, value))).toBe(value)
  }, 60_000)

  test.each([
    ['FHE-QUORUM-OVER', { t: 4 }],
    ['FHE-QUORUM-SMALL', { t: 1 }],
    ['FHE-HOLDERS-MANY', { n: 16, t: 3 }],
    ['FHE-ROSTER', { n: 4 }],
    ['FHE-PUBLIC-KEYS', { domain: 'production' as const, cards: false }],
    ['FHE-FLOOD-FLOOR', { mode: 'F' as const, n: 3, t: 2, holders: 5 }],
    ['FHE-BUDGET', { budgets: { at64: 0, at128: 0xffff_ffff } }],
  ])('%s is refused by name', async (rule, { cards, holders, ...change }: Record<string, unknown>) => {
    const count = typeof holders === 'number' ? holders : 3
    const listed = (await people(count)).map(({ holder: { card, ...rest } }) =>
      cards === false || card === undefined ? rest : { ...rest, card },
    )
    const shape = count === 5 ? { t: 3, n: 5 } : {}
    await expect(runKeyChild(dealing(listed, { ...change, ...shape }))).rejects.toMatchObject({ code: rule })
  })

  test('FHE-HOLDER-DUPLICATE two holders of one name are refused', async () => {
    const listed = (await people(3)).map(({ holder: { card: _, ...rest } }) => ({ ...rest, name: 'Same' }))
    await expect(runKeyChild(dealing(listed))).rejects.toMatchObject({ code: 'FHE-HOLDER-DUPLICATE' })
  })

  test('FHE-CARD-OTHER a card that is not the one of the plan is refused', async () => {
    const listed = (await people(3)).map(({ holder }, i) =>
      i === 1 ? { ...holder, cardDigest: 'cd'.repeat(32) } : holder,
    )
    await expect(runKeyChild(dealing(listed))).rejects.toMatchObject({ code: 'FHE-CARD-OTHER' })
  })
})

describe('keygen and deal on files', () => {
  test('a key with a server key is written, and its words are those of a seed', async () => {
    const result = await runKeyChild({
      do: 'keygen',
      params: {
        type: 'TFHE_INTEGER',
        squash: false,
        inputs: 'signed',
        serverKey: true,
        words: true,
        outDir: folder,
      },
    })
    expect(result.words?.length).toBe(18)
    expect(statSync(result.clientKey.path).mode & 0o777).toBe(0o600)
    expect(inspect(bytes(result.clientKey.path))).toMatchObject({ type: 'client-key', secret: true })
    expect(inspect(bytes(result.publicKey!.path)).type).toBe('compact-public-key')
    const { serverKey } = result
    expect(serverKey && inspect(bytes(serverKey.path).subarray(0, 4096), serverKey.size).type).toBe(
      'compressed-server-key',
    )
    const dealt = await runKeyChild({
      do: 'deal',
      params: {
        clientKey: result.clientKey.path,
        compactPublicKey: result.publicKey!.path,
        serverKey: serverKey?.path ?? null,
        mode: 'F',
        t: 2,
        n: 3,
        outDir: join(folder, 'dealt'),
      },
    })
    expect(dealt.shares.length).toBe(3)
    expect(inspect(bytes(dealt.shares[2]!.path)).facts).toMatchObject({ holder: 3, keyId: dealt.keyId })
    expect(statSync(dealt.shares[2]!.path).mode & 0o777).toBe(0o600)
  }, 90_000)

  test('a missing, a truncated and an oversized client key are refused by name', async () => {
    const params = { compactPublicKey: null, serverKey: null, mode: 'S' as const, t: 2, n: 3, outDir: folder }
    const deal = (clientKey: string) => runKeyChild({ do: 'deal', params: { ...params, clientKey } })
    await expect(deal(join(folder, 'nothing.bin'))).rejects.toMatchObject({ code: 'FILE-MISSING' })
    await expect(deal(process.execPath)).rejects.toMatchObject({ code: 'FILE-TOO-LARGE' })
    await expect(deal(new URL(import.meta.url).pathname)).rejects.toMatchObject({ code: 'FHE-TYPE' })
  })
})

describe('the end of the process', () => {
  test('KEY-CHILD-CANCELLED an abort kills it in the middle of a server key', async () => {
    const stop = new AbortController()
    const running = runKeyChild(
      {
        do: 'keygen',
        params: {
          type: 'TFHE_INTEGER',
          squash: true,
          inputs: 'signed',
          serverKey: true,
          words: false,
          outDir: folder,
        },
      },
      {
        signal: stop.signal,
        onPhase: ({ phase }) => {
          if (phase === 'server-key') stop.abort()
        },
      },
    )
    await expect(running).rejects.toMatchObject({ code: 'KEY-CHILD-CANCELLED' })
    expect(existsSync(join(folder, 'client-key.bin'))).toBe(false)
  })

  test('KEY-CHILD-CRASHED an entry that does not start is named', async () => {
    const request = dealing([])
    await expect(runKeyChild(request, { entry: join(folder, 'absent.ts') })).rejects.toMatchObject({
      code: 'KEY-CHILD-CRASHED',
    })
  })

  test('NODE_OPTIONS of the parent do not reach the child', async () => {
    process.env.NODE_OPTIONS = '--require /nonexistent-module'
    try {
      const listed = (await people(3)).map(({ holder }) => holder)
      await expect(runKeyChild(dealing(listed, { squash: false }))).resolves.toMatchObject({
        serverKey: null,
      })
    } finally {
      delete process.env.NODE_OPTIONS
    }
  })
})
