import { fromHex, sha256, toHex, utf8 } from '@lux/crypto'
import { sql, type Transaction } from 'kysely'
import type { Database } from '../platform/database/open.ts'
import type { Tables } from '../platform/database/tables.ts'
import type { ServerToken } from '../platform/hsm/server-token.ts'
import { EnvironmentError } from '../refusal.ts'
import type { WrappedRow } from './row-mac.ts'

type Work = Transaction<Tables>

type Parts = {
  readonly database: Database
  readonly token: ServerToken
  readonly node: string
  tokenMac(row: WrappedRow): Promise<Uint8Array>
}

/** KEKs that the server's own token makes: origin `online`, below a root of its own, beside what ceremonies brought. */
export type OnlineParents = {
  /** An organisation's first KEK, as a row of `organisation_kek`, in the transaction that makes the organisation. */
  makeOrganisationKek(work: Work, organisation: string): Promise<void>
  makeProjectKek(work: Work, organisation: string, project: string): Promise<void>
}

/** Key of the advisory lock: "lux" and the lock's number. */
const rootLock = 0x6c757802

export function openOnlineParents({ database, token, node, tokenMac }: Parts): OnlineParents {
  /** The root of online organisations in this node's token; made at its first use, and found again after a crash. */
  async function onlineRoot(): Promise<{ rootId: string; ckaId: string; version: number }> {
    return database.transaction().execute(async (work) => {
      await sql`select pg_advisory_xact_lock(${rootLock})`.execute(work)
      const known = await work
        .selectFrom('root_config')
        .select(['root_id as rootId', 'cka_id as ckaId', 'version'])
        .where('node_id', '=', node)
        .where('origin', '=', 'online')
        .where('state', '=', 'current')
        .executeTakeFirst()
      if (known) return known
      const id = toHex(sha256(utf8('custody-online-root-1'), fromHex(node)).slice(0, 16))
      const made = await token.use((opened) => opened.rootKey(id))
      await work
        .insertInto('root_config')
        .values({
          root_id: id,
          node_id: node,
          cka_id: id,
          version: 1,
          state: 'current',
          origin: 'online',
          bundle_digest: null,
          ...made,
        })
        .execute()
      return { rootId: id, ckaId: id, version: 1 }
    })
  }

  return {
    async makeOrganisationKek(work, organisation) {
      const root = await onlineRoot()
      const { wrapped } = await token.use((opened) =>
        opened.generateWrapped({ parent: { id: root.ckaId }, algorithm: 'aes-256' }),
      )
      const row: WrappedRow = {
        ...({ level: 'organisation', owner: organisation, parent: root.rootId, id: organisation } as const),
        ...{ version: 1, algorithm: 'AES-256', wrapped: new Uint8Array(wrapped) },
        ...{ wrappingKekId: root.rootId, wrappingKekVersion: root.version },
        ...{ origin: 'online', bundleDigest: null },
      }
      const columns = await columnsOf(row)
      await work
        .insertInto('organisation_kek')
        .values({ ...columns, kek_id: organisation, organisation_id: organisation })
        .execute()
    },

    async makeProjectKek(work, organisation, project) {
      const kek = await work
        .selectFrom('organisation_kek')
        .selectAll()
        .where('organisation_id', '=', organisation)
        .where('state', '=', 'enabled')
        .orderBy('version', 'desc')
        .executeTakeFirst()
      if (!kek) throw new EnvironmentError('KEY-CHAIN', `organisation ${organisation} has no KEK`)
      const root = await work
        .selectFrom('root_config')
        .select('cka_id')
        .where('root_id', '=', kek.wrapping_kek_id)
        .where('node_id', '=', node)
        .where('state', 'in', ['current', 'retained'])
        .executeTakeFirst()
      if (!root) throw new EnvironmentError('KEY-CHAIN', 'the root of this organisation is not in the token')
      const bits = kek.algorithm === 'AES-128' ? 128 : 256
      const { wrapped } = await token.use((opened) =>
        opened.generateWrapped({
          parent: { id: root.cka_id, chain: [{ wrapped: kek.wrapped, bits }] },
          algorithm: 'aes-256',
        }),
      )
      const row: WrappedRow = {
        ...({ level: 'project', owner: project, parent: organisation, id: project } as const),
        ...{ version: 1, algorithm: 'AES-256', wrapped: new Uint8Array(wrapped) },
        ...{ wrappingKekId: kek.kek_id, wrappingKekVersion: kek.version },
        ...{ origin: 'online', bundleDigest: null },
      }
      const columns = await columnsOf(row)
      await work
        .insertInto('project_kek')
        .values({ ...columns, kek_id: project, project_id: project })
        .execute()
    },
  }

  async function columnsOf(row: WrappedRow) {
    return {
      version: row.version,
      algorithm: row.algorithm,
      wrapped: Buffer.from(row.wrapped),
      wrapping_kek_id: row.wrappingKekId,
      wrapping_kek_version: row.wrappingKekVersion,
      origin: 'online' as const,
      bundle_digest: null,
      state: 'enabled' as const,
      mac: Buffer.from(await tokenMac(row)),
    }
  }
}
