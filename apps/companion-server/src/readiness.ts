import { statfs } from 'node:fs/promises'
import { HsmError } from '@lux/hsm'
import { sql } from 'kysely'
import type { Coverage } from './audit/coverage.ts'
import type { AuditWriter } from './audit/writer.ts'
import type { Clock } from './platform/clock.ts'
import type { SealedDatabase } from './platform/database/authority/authority.ts'
import { databaseFaultOf, diskFailureOf } from './platform/failure.ts'
import type { ServerToken } from './platform/hsm/server-token.ts'
import type { Settings } from './platform/state-folder/settings.ts'
import { EnvironmentError } from './refusal.ts'

/** What a server needs to serve keys, in the order in which it is looked at; the first that is red says why it is not ready. */
export const partNames = ['root', 'database', 'audit', 'authority', 'disk', 'clock'] as const
export type PartName = (typeof partNames)[number]
export type RedPart = { readonly part: PartName; readonly code: string }

export type Readiness = {
  /** The parts that are red; none where all is well. With a clock that was moved, or one organisation’s authority gone, keys are served all the same. */
  look(): Promise<readonly RedPart[]>
  /** Whether a server that lacks this serves nobody. */
  stops(red: RedPart): boolean
}

/** A token is slow, and asked no more often than this; so is the log of all writers. */
const askedFor = 5000
/** Below this, files of the state folder and of the embedded database cannot be counted on to be written whole. */
export const leastRoom = 32 << 20

type Parts = {
  readonly database: SealedDatabase
  readonly token: ServerToken
  readonly audit: AuditWriter
  readonly coverage: Pick<Coverage, 'faults'>
  readonly clock: Clock
  readonly settings: Pick<Settings, 'node' | 'keys'>
  /** The state folder. */
  readonly folder: string
}

export function openReadiness(parts: Parts): Readiness {
  const { database, token, audit, coverage, clock, settings, folder } = parts
  const rootAnswer = seldom(askRoot)
  const faultAnswer = seldom(async () => (await coverage.faults(audit.head))[0]?.code ?? null)

  /** Each root in use and the key of the rows show themselves in the token, and so does the log-in. */
  async function askRoot(): Promise<string | null> {
    const roots = await database
      .selectFrom('root_config')
      .select('cka_id')
      .where('node_id', '=', settings.node)
      .where('state', 'in', ['current', 'retained'])
      .execute()
    try {
      await token.useAgain((device) => device.proofOf('mac', settings.keys.rows))
      for (const { cka_id } of roots) await token.useAgain((device) => device.proofOf('kek', cka_id))
      return null
    } catch (error) {
      if (error instanceof HsmError || error instanceof EnvironmentError) return error.code
      throw error
    }
  }

  async function root(): Promise<string | null> {
    return token.sealed === null ? rootAnswer() : token.sealed.code
  }

  /** Writes, and takes it back: a standby and a database without room refuse it. */
  async function writable(): Promise<string | null> {
    const undone = new Error('taken back')
    try {
      await database.transaction().execute(async (work) => {
        await work
          .updateTable('node')
          .set({ token_serial: sql`token_serial` })
          .where('id', '=', settings.node)
          .execute()
        throw undone
      })
    } catch (error) {
      if (error !== undone) return databaseFaultOf(error) ?? 'DATABASE-UNAVAILABLE'
    }
    return null
  }

  async function audited(): Promise<string | null> {
    try {
      await audit.check()
      return await faultAnswer()
    } catch (error) {
      if (error instanceof EnvironmentError) return error.code
      throw error
    }
  }

  /** As it was looked at last: others serve on where one organisation does not. */
  function authority(): string | null {
    const { serves, seen } = database.authority
    const { stopped, forged } = seen
    return stopped.size > 0 || !serves ? 'AUTHORITY-OTHER' : forged.length > 0 ? 'ROW-FORGED' : null
  }

  async function disk(): Promise<string | null> {
    try {
      const { bavail, bsize } = await statfs(folder)
      return bavail * bsize < leastRoom ? 'DISK-FULL' : null
    } catch (error) {
      return diskFailureOf(error)?.code ?? 'DISK-FAILED'
    }
  }

  async function time(): Promise<string | null> {
    const at = await clock.trusted()
    return at.ok ? null : at.rule
  }

  async function lookAtAll(): Promise<readonly RedPart[]> {
    const first = await writable()
    // What asks the database says nothing more where it is away.
    const skipped = async () => null
    const known = first === null
    const codes: Readonly<Record<PartName, string | null>> = {
      root: await (known || token.sealed !== null ? root() : skipped()),
      database: first,
      audit: await (known ? audited() : skipped()),
      authority: authority(),
      disk: await disk(),
      clock: await (known ? time() : skipped()),
    }
    return partNames.flatMap((part) => {
      const code = codes[part]
      return code === null ? [] : [{ part, code }]
    })
  }

  let looking: Promise<readonly RedPart[]> | null = null

  return {
    // Anybody may ask: however many do, one connection is taken, and one row is locked.
    look() {
      looking ??= lookAtAll().finally(() => {
        looking = null
      })
      return looking
    },
    // No key is used by the time alone, and whose authority is whole is served: what is not says so itself.
    stops({ part }) {
      return part === 'authority' ? !database.authority.serves : part !== 'clock'
    },
  }
}

/** The answer of before, for as long as it holds. */
function seldom(ask: () => Promise<string | null>): () => Promise<string | null> {
  let asked: { readonly until: number; readonly answer: Promise<string | null> } | null = null
  return () => {
    const now = Date.now()
    // A clock that is put back makes no answer last.
    if (asked === null || now >= asked.until || asked.until > now + askedFor)
      asked = { until: now + askedFor, answer: ask() }
    return asked.answer
  }
}
