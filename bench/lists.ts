import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Caller } from '../apps/companion-server/src/access/authorize.ts'
import { ownEntry } from '../apps/companion-server/src/audit/writer.ts'
import { stateFolder } from '../apps/companion-server/src/platform/state-folder/folder.ts'
import { openServer } from '../apps/companion-server/src/server.ts'
import type { Services } from '../apps/companion-server/src/services.ts'
import { root } from '../scripts/root.ts'
import { fill } from './many-rows.ts'
import { run } from './program.ts'
import type { Row } from './row.ts'

const [keys, people, entries] = [5000, 500, 1_000_000]
const rounds = 40
/** The most that 19 of 20 pages may take, in ms. */
const most = 500

/** Pages of the console's lists on a server with 500 people, 5,000 keys and a million entries, which its own writer wrote and sealed. */
export async function benchLists(size = { keys, people, entries }): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lux-bench-lists-'))
  try {
    const state = join(folder, 'state')
    const main = join(root, 'apps/companion-server/src/server-main.ts')
    await run(process.execPath, [main, '--state', state, '--port', '0', '--once'], { LOG_LEVEL: 'error' })
    const server = await openServer(stateFolder(state), false)
    try {
      const { services } = server
      await fill(services.database, size)
      await write(services, size.entries)
      return await pages(services)
    } finally {
      await server.app.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** One entry in a thousand is a change, and one in fifty a refusal. */
async function write({ audit, database }: Services, wanted: number): Promise<void> {
  const found = await database.selectFrom('key').select(['id', 'organisation_id', 'project_id']).execute()
  const known = await database.selectFrom('identity').select('id').execute()
  let at = 0
  await Promise.all(
    Array.from({ length: 512 }, async () => {
      for (let mine = at++; mine < wanted; mine = at++) {
        const key = found[(mine * 7919) % found.length]
        await audit.append({
          ...ownEntry(mine % 1000 === 0 ? 'key.rotate' : 'key.encrypt', new Date()),
          door: 'http',
          identity: known[(mine * 104_729) % known.length]?.id ?? null,
          organisation: key?.organisation_id ?? null,
          project: key?.project_id ?? null,
          key: key?.id ?? null,
          outcome: mine % 50 === 1 ? 'ROLE-REFUSED' : 'ok',
        })
      }
    }),
  )
}

async function pages({ auditLog, keys, organisations, database }: Services): Promise<Row[]> {
  const { organisation_id: organisation, project_id: project } = await database
    .selectFrom('key')
    .select(['organisation_id', 'project_id'])
    .executeTakeFirstOrThrow()
  const auditor = { role: 'auditor', organisation: null, project: null } as const
  const own = { organisation, project: null } as const
  const caller: Caller = {
    identity: 'bench',
    grants: [
      auditor,
      { role: 'server-admin', organisation: null, project: null },
      { role: 'organisation-admin', ...own },
      { role: 'auditor', ...own },
    ],
  }
  const call = () => ({ caller, door: 'direct', reqId: randomUUID(), receipt: null }) as const
  const page = { offset: 0, limit: 25, search: null, orderBy: 'name', orderDirection: 'asc' } as const
  const details = { state: 'any', counted: true, withUses: true } as const
  const listed = (more: object) =>
    keys.list({ ...call() }, { project, page: { ...page, ...details, ...more } })
  const found = (more: object) => auditLog.query({ ...call() }, { limit: 50, ...more })
  const seen = (more: object) =>
    organisations.listIdentities({ ...call() }, { kind: 'person', limit: 25, ...more })
  const works: Readonly<Record<string, () => Promise<{ readonly ok: boolean }>>> = {
    'people, first page': () => seen({}),
    'people, a part of a name, unseen longest first': () => seen({ search: 'n 4', orderBy: 'lastSeen' }),
    'keys, first page with counts and last uses': () => listed({}),
    'keys, last page': () => listed({ offset: 4990 }),
    'keys, one letter': () => listed({ search: 'y' }),
    'audit, newest page and total': () => found({}),
    'audit, one organisation': () => found({ organisation }),
    'audit, one person': () => found({ who: 'person 42' }),
    'audit, everybody with “person”': () => found({ who: 'person' }),
    'audit, one key': () => found({ keyName: 'many-4999' }),
    'audit, changes only': () => found({ only: 'changes' }),
    'audit, refusals only': () => found({ only: 'refusals' }),
    'audit, a person’s changes': () => found({ who: 'person 42', only: 'changes' }),
  }
  const rows: Row[] = []
  for (const [work, ask] of Object.entries(works)) {
    const times: number[] = []
    for (let round = 0; round < rounds; round++) {
      const began = performance.now()
      if (!(await ask()).ok) throw new Error(`${work}: it was refused`)
      times.push(performance.now() - began)
    }
    const slowest = Math.max(...times.sort((one, other) => one - other).slice(0, Math.ceil(rounds * 0.95)))
    rows.push({
      ...{ work, unit: 'ms', ours: Math.round(slowest), limit: most, memoryMiB: null },
      ...{ ratio: Number((most / slowest).toFixed(2)), goal: 1 },
    })
  }
  return rows
}
