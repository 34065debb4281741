import { rename, rm } from 'node:fs/promises'
import { encodePolicyFile } from '@lux/ceremony/policy'
import { refusalCodec, type ServerCard, type Signed, type Transport } from '@lux/ceremony/wire'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import type { ImportPoint, ImportResult } from '../../src/imports/importer.ts'
import { rootCkaId } from '../../src/imports/receive-root.ts'
import type { StateFolder } from '../../src/platform/state-folder/folder.ts'
import { pinPolicy } from '../../src/platform/state-folder/policies.ts'
import { openServerParts, type ServerParts } from '../../src/server.ts'
import { copyFolder } from './made-once.ts'
import { chunksOf, keysOf, type RealOptions, realBundle } from './real-bundle.ts'
import { cardOf, makeServerState, offerTransport } from './server-under-test.ts'
import { makeFolder } from './temporary-folder.ts'

export type ImportBench = {
  folder: string
  state: StateFolder
  card: ServerCard
  transport: Signed<Transport>
  parts: ServerParts
  crashAt: ImportPoint | null
}

/**
 * Before each test of the file that asks: a server with a token, a database and one open transport. It is made once, and
 * each test has a copy in the place where it was made, because its settings name files by their whole path.
 */
export function importBench(): ImportBench {
  // Filled before each test; a test never sees it empty.
  const bench = { crashAt: null } as unknown as ImportBench
  const made = () => `${bench.folder}.made`
  let offered: Signed<Transport>
  beforeAll(async () => {
    bench.folder = await makeFolder()
    bench.state = await makeServerState(bench.folder)
    bench.card = await cardOf(bench.state)
    offered = await offerTransport(bench.state)
    // Its database is made when it is first opened.
    await (await openServerParts(bench.state)).close()
    await rename(bench.folder, made())
  })
  afterAll(() => rm(made(), { recursive: true, force: true }))
  beforeEach(async () => {
    await copyFolder(made(), bench.folder)
    bench.transport = offered
    bench.crashAt = null
    bench.parts = await openServerParts(bench.state, {
      reached(point) {
        if (point === bench.crashAt) throw new Error(`crash at ${point}`)
      },
    })
  })
  afterEach(async () => {
    await bench.parts.close()
    await rm(bench.folder, { recursive: true, force: true })
  })
  return bench
}

export const keys = keysOf('import')

export const build = (
  { card, transport }: ImportBench,
  options: Partial<RealOptions> = {},
): ReturnType<typeof realBundle> => realBundle({ keys, card, transport, ...options })

export const take = ({ parts }: ImportBench, bytes: Uint8Array) =>
  parts.importer.importStream(chunksOf(bytes))

export async function pin(
  { state }: ImportBench,
  bundle: { policy: Parameters<typeof encodePolicyFile>[0] },
): Promise<void> {
  const pinned = await pinPolicy(state, 'production', encodePolicyFile(bundle.policy))
  expect(pinned).toMatchObject({ ok: true })
}

/** The check that refused, after looking that the refusal is signed and names it. */
export function refusedBy({ card }: ImportBench, result: ImportResult): string {
  if (result.state !== 'refused') return 'imported'
  const group = { role: 'server', members: [{ name: 'server', keys: card.receiptKey }], quorum: 1 }
  expect(refusalCodec.verify(result.refusal, 'production', [group]).ok).toBe(true)
  expect(result.refusal.payload.check).toBe(result.rule)
  return result.rule
}

export const rootsInToken = ({ parts }: ImportBench) =>
  parts.token.useToken(
    async (token) => (await token.findById(rootCkaId(parts.settings.node, keys.rootId))).length,
  )
