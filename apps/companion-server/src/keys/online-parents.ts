import { fromHex, sha256, toHex, u32be, utf8 } from '@lux/crypto'
import type { KeyPath } from '@lux/hsm'
import { type Selectable, sql } from 'kysely'
import type { SealedDatabase, Work } from '../platform/database/authority/authority.ts'
import type { OrganisationKekTable, ProjectKekTable } from '../platform/database/tables.ts'
import type { ServerToken } from '../platform/hsm/server-token.ts'
import { EnvironmentError } from '../refusal.ts'
import { requireMac, type WrappedRow, wrappedRow } from './row-mac.ts'

type Parts = {
  readonly database: SealedDatabase
  readonly token: ServerToken
  readonly node: string
  tokenMac(row: WrappedRow): Promise<Uint8Array>
  now(): Date
}

export type OnlineRoot = { readonly rootId: string; readonly ckaId: string; readonly version: number }
type OrganisationKek = Selectable<OrganisationKekTable>
type ProjectKek = Selectable<ProjectKekTable>

/** KEKs that the server's own token makes: origin `online`, below a root of its own, beside what ceremonies brought. */
export type OnlineParents = ReturnType<typeof openOnlineParents>

/** Key of the advisory lock: "lux" and the lock's number. */
const rootLock = 0x6c757802

/** Roots in this node's token. */
function openRoots({ database, token, node }: Parts) {
  const inState = (work: SealedDatabase, state: 'current' | 'retained') =>
    work.selectFrom('root_config').selectAll().where('node_id', '=', node).where('state', '=', state)
  async function vouched(
    work: SealedDatabase,
    found: ReturnType<typeof inState>,
  ): Promise<OnlineRoot | undefined> {
    const row = await found.executeTakeFirst()
    if (!row) return undefined
    await work.authority.vouch('root_config', [row], { node_id: node })
    return { rootId: row.root_id, ckaId: row.cka_id, version: row.version }
  }
  const online = (work: SealedDatabase, state: 'current' | 'retained') =>
    vouched(work, inState(work, state).where('origin', '=', 'online'))

  async function insertRoot(work: Work, version: number): Promise<OnlineRoot> {
    const place = version === 1 ? [fromHex(node)] : [fromHex(node), u32be(version)]
    const id = toHex(sha256(utf8('custody-online-root-1'), ...place).slice(0, 16))
    const made = await token.use((device) => device.rootKey(id))
    await work.authority.insert('root_config', {
      ...made,
      root_id: id,
      node_id: node,
      cka_id: id,
      version,
      state: 'current',
      origin: 'online',
      bundle_digest: null,
    })
    return { rootId: id, ckaId: id, version }
  }

  /** One at a time changes which root is current. */
  const locked = <T>(change: (work: Work) => Promise<T>): Promise<T> =>
    database.change(async (work) => {
      await sql`select pg_advisory_xact_lock(${rootLock})`.execute(work)
      return change(work)
    })

  return {
    /** The root that this one is, while it is current. */
    currentRoot: (work: Work, rootId: string): Promise<OnlineRoot | undefined> =>
      vouched(work, inState(work, 'current').where('root_id', '=', rootId)),

    /** The root of online organisations; made at its first use, and found again after a crash. */
    onlineRoot: () => locked(async (work) => (await online(work, 'current')) ?? insertRoot(work, 1)),

    /** The online root that another took the place of, while something is under it. */
    retainedRoot: () => online(database, 'retained'),

    /** A new root in the place of the current one, which stays until nothing refers to it. Null where there is none. */
    nextRoot: () =>
      locked(async (work) => {
        const old = await online(work, 'current')
        if (old === undefined) return null
        await work.authority.update(
          'root_config',
          { root_id: old.rootId, node_id: node },
          { state: 'retained' },
        )
        return insertRoot(work, old.version + 1)
      }),

    /** Where a KEK's own parent is in the token, and stays for as long as `work` runs. Throws KEK-ROTATED. */
    async pathOf(work: Work, rootId: string): Promise<KeyPath> {
      const root = await work
        .selectFrom('root_config')
        .selectAll()
        .where('root_id', '=', rootId)
        .where('node_id', '=', node)
        .where('state', 'in', ['current', 'retained'])
        .forShare()
        .executeTakeFirst()
      if (!root)
        throw new EnvironmentError('KEK-ROTATED', 'the root of this organisation is not in the token')
      await work.authority.vouch('root_config', [root], {
        root_id: rootId,
        node_id: node,
        state: ['current', 'retained'],
      })
      return { id: root.cka_id }
    },
  }
}

export function openOnlineParents(parts: Parts) {
  const { token, tokenMac } = parts
  const { pathOf, ...roots } = openRoots(parts)

  /** The path to an organisation's KEK, whose row is as it was written. */
  async function pathTo(work: Work, kek: OrganisationKek): Promise<KeyPath> {
    const { organisation_id, wrapping_kek_id, kek_id } = kek
    const row = wrappedRow('organisation', organisation_id, wrapping_kek_id, kek_id, kek)
    requireMac(await tokenMac(row), kek.mac, row)
    const root = await pathOf(work, wrapping_kek_id)
    return { id: root.id, chain: [{ wrapped: kek.wrapped, bits: bitsOf(kek) }] }
  }

  return {
    ...roots,

    /** An organisation's KEK, as a row of `organisation_kek`, below a root that is in the token. */
    async makeOrganisationKek(
      work: Work,
      organisation: string,
      { version = 1, kekId = organisation, root }: NewKek & { readonly root?: OnlineRoot | undefined } = {},
    ): Promise<void> {
      const below = root ?? (await roots.onlineRoot())
      const place: Place = {
        level: 'organisation',
        owner: organisation,
        parent: below.rootId,
        id: kekId,
        version,
        wrappingKekId: below.rootId,
        wrappingKekVersion: below.version,
      }
      const row = await generated(parts, place, await pathOf(work, below.rootId))
      await work.authority.insert('organisation_kek', { ...row, organisation_id: organisation })
    },

    async makeProjectKek(
      work: Work,
      organisation: string,
      project: string,
      { version = 1, kekId = project }: NewKek = {},
    ): Promise<void> {
      const kek = await newestOrganisationKek(work, organisation)
      const place: Place = {
        level: 'project',
        owner: project,
        parent: organisation,
        id: kekId,
        version,
        wrappingKekId: kek.kek_id,
        wrappingKekVersion: kek.version,
      }
      const row = await generated(parts, place, await pathTo(work, kek))
      await work.authority.insert('project_kek', { ...row, project_id: project })
    },

    /** The same project KEK under the newest KEK of its organisation, in its row. */
    async moveProjectKek(work: Work, organisation: string, kek: ProjectKek): Promise<void> {
      const old = await work
        .selectFrom('organisation_kek')
        .selectAll()
        .where('organisation_id', '=', organisation)
        .where('version', '=', kek.wrapping_kek_version)
        .executeTakeFirstOrThrow()
      await work.authority.vouch('organisation_kek', [old], {
        ...{ organisation_id: organisation, version: kek.wrapping_kek_version },
      })
      const before = wrappedRow('project', kek.project_id, organisation, kek.kek_id, kek)
      requireMac(await tokenMac(before), kek.mac, before)
      const newest = await newestOrganisationKek(work, organisation)
      const [from, to] = [await pathTo(work, old), await pathTo(work, newest)]
      const wrapped = await token.use((device) =>
        device.rewrap({ from, wrapped: kek.wrapped, bits: bitsOf(kek), to }),
      )
      const row: WrappedRow = {
        ...before,
        wrapped: new Uint8Array(wrapped),
        wrappingKekId: newest.kek_id,
        wrappingKekVersion: newest.version,
      }
      await work.authority.update(
        'project_kek',
        { project_id: kek.project_id, version: kek.version },
        {
          wrapped: Buffer.from(row.wrapped),
          wrapping_kek_id: row.wrappingKekId,
          wrapping_kek_version: row.wrappingKekVersion,
          mac: Buffer.from(await tokenMac(row)),
        },
      )
    },
  }
}

async function newestOrganisationKek(work: Work, organisation: string): Promise<OrganisationKek> {
  const kek = await work
    .selectFrom('organisation_kek')
    .selectAll()
    .where('organisation_id', '=', organisation)
    .where('state', '=', 'enabled')
    .orderBy('version', 'desc')
    .forShare()
    .executeTakeFirst()
  if (!kek) throw new EnvironmentError('KEY-CHAIN', `organisation ${organisation} has no KEK`)
  await work.authority.vouch('organisation_kek', [kek], { organisation_id: organisation, state: 'enabled' })
  return kek
}

/** A fresh KEK under its parent, as its row. */
async function generated({ token, tokenMac, now }: Parts, place: Place, parent: KeyPath) {
  const { wrapped } = await token.use((device) => device.generateWrapped({ parent, algorithm: 'aes-256' }))
  const row = {
    ...place,
    algorithm: 'AES-256',
    wrapped: new Uint8Array(wrapped),
    origin: 'online',
    bundleDigest: null,
  } as const
  return {
    kek_id: row.id,
    version: row.version,
    algorithm: row.algorithm,
    wrapped: Buffer.from(row.wrapped),
    wrapping_kek_id: row.wrappingKekId,
    wrapping_kek_version: row.wrappingKekVersion,
    origin: row.origin,
    bundle_digest: null,
    state: 'enabled' as const,
    mac: Buffer.from(await tokenMac(row)),
    created_at: now(),
  }
}

/** Where a KEK of an organisation or a project is, whatever its bytes are. */
type Place = Omit<WrappedRow, 'algorithm' | 'wrapped' | 'origin' | 'bundleDigest'>

/** Absent: the first version, under its owner's name. */
type NewKek = { readonly version?: number; readonly kekId?: string }

const bitsOf = ({ algorithm }: { readonly algorithm: string }): 128 | 256 =>
  algorithm === 'AES-128' ? 128 : 256
