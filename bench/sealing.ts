import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stateFolder } from '../apps/companion-server/src/platform/state-folder/folder.ts'
import { type OpenServer, openServer } from '../apps/companion-server/src/server.ts'
import { root } from '../scripts/root.ts'
import { fill } from './many-rows.ts'
import { run } from './program.ts'
import { median, type Row, timeRow } from './row.ts'

const turns = 300
const perTurn = 200
const atOnce = 32
const [keys, people] = [5000, 500]

/** Of `without-vouching.mjs`, which run.ts has loaded before this. */
const { luxBench } = globalThis as unknown as { readonly luxBench: { skips?: () => boolean } }

/**
 * What it costs that the root vouches for every row: an encrypt with and without, by turns in one process, and the look at all rows that a start
 * waits for.
 */
export async function benchSealing(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lux-bench-sealing-'))
  try {
    const state = join(folder, 'state')
    const main = join(root, 'apps/companion-server/src/server-main.ts')
    await run(process.execPath, [main, '--state', state, '--port', '0', '--once'], { LOG_LEVEL: 'error' })
    let believes = false
    let asked = 0
    luxBench.skips = () => {
      asked++
      return believes
    }
    const server = await openServer(stateFolder(state), false)
    try {
      const encrypt = await encrypting(server, (now) => {
        believes = now
      })
      if (asked < turns * perTurn) throw new Error('rows are vouched for elsewhere: measure there')
      return [encrypt, await looking(server)]
    } finally {
      await server.app.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Without HTTP and without the database's own processes, so that what vouching costs is a larger part than it is of a call. */
async function encrypting({ services }: OpenServer, believe: (now: boolean) => void): Promise<Row> {
  const key = await services.database
    .selectFrom('key')
    .selectAll()
    .where('algorithm', '=', 'aes-256-gcm')
    .executeTakeFirstOrThrow()
  const grant = { role: 'service', organisation: key.organisation_id, project: key.project_id } as const
  const plaintext = new Uint8Array(1024)
  const encrypt = async () => {
    const caller = { identity: 'bench', grants: [grant] }
    const call = { caller, door: 'direct', reqId: randomUUID(), receipt: null } as const
    const done = await services.keys.encrypt({ ...call }, { id: key.id, plaintext })
    if (!done.ok) throw new Error(`${done.rule}: ${done.detail}`)
  }
  async function turn(): Promise<number> {
    let left = perTurn
    const before = process.cpuUsage()
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        while (left-- > 0) await encrypt()
      }),
    )
    const { user, system } = process.cpuUsage(before)
    return (user + system) / perTurn
  }
  const [ours, believing]: [number[], number[]] = [[], []]
  for (let warm = 0; warm < 10; warm++) await turn()
  for (let at = 0; at < turns; at++)
    // Each is first as often as the other.
    for (const now of at % 2 === 0 ? [true, false] : [false, true]) {
      believe(now)
      ;(now ? believing : ours).push(await turn())
    }
  believe(false)
  // Of each pair, which the machine treats alike however busy it is.
  const ratio = median(ours.map((one, at) => (believing[at] ?? 0) / one))
  const mine = median(ours)
  return {
    work: 'encrypt 1 KiB, processor time',
    unit: 'us',
    ours: Number(mine.toFixed(1)),
    limit: Number((mine * ratio).toFixed(1)),
    ratio: Number(ratio.toFixed(3)),
    goal: 0.952,
    memoryMiB: null,
  }
}

/** What a start waits for: the look at every row of a deployment of that size. The limit is what it may take longer than without. */
async function looking({ services: { database } }: OpenServer): Promise<Row> {
  await fill(database, { keys, people })
  const times: number[] = []
  for (let round = 0; round < 5; round++) {
    const began = performance.now()
    const found = await database.authority.look()
    times.push(performance.now() - began)
    if (found === null || found.stopped.size + found.forged.length > 0) throw new Error('it is not whole')
  }
  const work = `look at all authority, ${keys} keys and ${people} people`
  return timeRow({ work, ours: times, limit: [5000], goal: 1 })
}
