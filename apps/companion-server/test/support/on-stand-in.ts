import { readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HsmError } from '@lux/hsm'
import { startStandIn } from '../../../../packages/hsm/test/stand-in/stand-ins.ts'
import { initServer } from '../../src/commands/init.ts'
import { stateFolder } from '../../src/platform/state-folder/folder.ts'
import { openServerParts } from '../../src/server.ts'
import { keys, pin, take } from './import-bench.ts'
import { realBundle } from './real-bundle.ts'
import { cardOf, offerTransport } from './server-under-test.ts'
import { makeFolder } from './temporary-folder.ts'

export type ServedOn = { readonly vendor: string; readonly variant: string; readonly refused: string | null }

export const servedPath = new URL('../../../../results/stand-in-servers.json', import.meta.url)

/** What the nightly run has kept. */
export const servedBefore = (): readonly ServedOn[] => JSON.parse(readFileSync(servedPath, 'utf8')).rows

/** Null: a server is made on the stand-in, imports a bundle there and opens its keys. Else why not, without what differs from run to run. */
export async function servedOn(vendor: string, variant: string): Promise<string | null> {
  const { library, environment, pin: own, close } = await startStandIn(vendor, variant)
  const folder = await makeFolder()
  try {
    const state = stateFolder(join(folder, 'state'))
    const pinFile = join(folder, 'user.pin')
    await writeFile(pinFile, own(), { mode: 0o600 })
    const token = { library, slot: null, env: environment }
    const made = await initServer({ state, domain: 'production', token, pinFile, acceptSoftRoot: true })
    if (!made.ok) return `${made.rule} ${made.detail}`
    const transport = await offerTransport(state)
    const parts = await openServerParts(state)
    try {
      const bench = { folder, state, card: await cardOf(state), transport, parts, crashAt: null }
      const bundle = await realBundle({ keys, card: bench.card, transport })
      await pin(bench, bundle)
      const result = await take(bench, bundle.bytes)
      return result.state === 'imported' ? null : `${result.rule} ${result.detail}`
    } finally {
      await parts.close()
    }
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
    return [error.code, ...(error.ckr === null ? [] : [error.ckr.name]), error.detail].join(' ')
  } finally {
    await rm(folder, { recursive: true, force: true })
    await close()
  }
}
