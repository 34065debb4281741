import { randomBytes } from 'node:crypto'
import { aesGcmOpen, aesGcmSeal, concatBytes, utf8 } from '@lux/crypto'
import type { Selectable } from 'kysely'
import type { SealedDatabase } from '../platform/database/authority/authority.ts'
import type { ExternalKeyTable } from '../platform/database/tables.ts'
import { type Egress, together } from '../platform/http/egress.ts'
import { EnvironmentError, type Outcome } from '../refusal.ts'
import { connectProvider, kinds, type ProviderSettings } from './connect.ts'
import { type Given, type Provider, type ProviderKey, providerNames } from './provider.ts'

export type StoredExternalKey = Selectable<ExternalKeyTable>

type Parts = {
  readonly database: SealedDatabase
  readonly egress: Egress
  /** Of the token, for credentials; null while it is sealed. */
  secretsKey(): Promise<Uint8Array | null>
  now(): Date
}

/** The rows of external keys, and the way from a row to its provider. Nothing here decides who may use one. */
export type ExternalKeys = ReturnType<typeof openExternalKeys>

export function openExternalKeys({ database, egress, secretsKey, now }: Parts) {
  async function sealingKey(): Promise<Uint8Array> {
    const found = await secretsKey()
    if (found === null) throw new EnvironmentError('TOKEN-PIN', 'the token is not logged in')
    return found
  }

  return {
    /** For one operation, as `open`: what it asks of the provider has one time limit in all. */
    connect: (wanted: ProviderSettings): Outcome<Provider> => connectProvider(together(egress), wanted, now),

    async open(row: StoredExternalKey): Promise<Provider> {
      const key = await sealingKey()
      const provider = providerNames.find((name) => name === row.provider)
      if (provider === undefined)
        throw new EnvironmentError('EXTERNAL-KEY-ROW', 'its provider is not known here')
      let credentials: Given
      try {
        const { credentials: sealed } = row
        const bytes = aesGcmOpen(key, sealed.subarray(0, 12), sealed.subarray(12), placeOf(row))
        credentials = JSON.parse(Buffer.from(bytes).toString('utf8'))
      } catch (error) {
        throw new EnvironmentError('EXTERNAL-KEY-ROW', 'its credentials do not open', { cause: error })
      }
      return kinds[provider].open(together(egress), row.settings, credentials, now)
    },

    /** The row's place and address are bound: credentials never go where they were not configured for. */
    async seal(row: Place & { readonly settings: Given }, credentials: Given): Promise<Buffer> {
      const nonce = randomBytes(12)
      const text = utf8(JSON.stringify(credentials))
      return Buffer.from(concatBytes(nonce, aesGcmSeal(await sealingKey(), nonce, text, placeOf(row))))
    },

    async find(id: string): Promise<StoredExternalKey | 'absent'> {
      const row = await database
        .selectFrom('external_key')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst()
      if (!row) return 'absent'
      await database.authority.vouch('external_key', [row], { id })
      return row
    },

    list: (project: string): Promise<StoredExternalKey[]> =>
      database
        .selectFrom('external_key')
        .selectAll()
        .where('project_id', '=', project)
        .orderBy('name')
        .execute(),

    /** Whether a key of this id was in the project and was removed. */
    wasRemoved: async (project: string, id: string): Promise<boolean> =>
      (await database
        .selectFrom('removed_external_key')
        .select('id')
        .where('id', '=', id)
        .where('project_id', '=', project)
        .executeTakeFirst()) !== undefined,

    insert: (
      row: Omit<StoredExternalKey, 'created_at' | 'updated_at'>,
    ): Promise<StoredExternalKey | 'name-taken'> =>
      database.change(async (work) => {
        // Of its name, or of the id of a removed one that somebody else configures again.
        const made = await work.authority.insertUnlessTaken('external_key', {
          ...{ ...row, settings: JSON.stringify(row.settings) },
        })
        if (made === 'taken') return 'name-taken'
        await work.deleteFrom('removed_external_key').where('id', '=', row.id).execute()
        return made
      }),

    async change(
      id: string,
      fields: {
        readonly settings?: Given
        readonly credentials?: Buffer
        readonly described?: ProviderKey
      },
    ): Promise<StoredExternalKey | 'absent'> {
      const { settings, credentials, described } = fields
      const [changed] = await database.change((work) =>
        work.authority.update(
          'external_key',
          { id },
          {
            ...(settings === undefined ? {} : { settings: JSON.stringify(settings) }),
            ...(credentials === undefined ? {} : { credentials }),
            ...(described === undefined ? {} : describedColumns(described)),
            updated_at: now(),
          },
        ),
      )
      return changed ?? 'absent'
    },

    /** Its credentials go; its id stays its project's. */
    remove: ({ id, project_id, name }: StoredExternalKey): Promise<void> =>
      database.change(async (work) => {
        if ((await work.authority.remove('external_key', { id })) === 0) return
        await work
          .insertInto('removed_external_key')
          .values({ id, project_id, name, removed_at: now() })
          .execute()
      }),
  }
}

export function describedColumns({ use, publicKey }: Pick<ProviderKey, 'use' | 'publicKey'>) {
  return { key_use: use, public_key: publicKey === null ? null : Buffer.from(publicKey) }
}

type Place = Pick<StoredExternalKey, 'id' | 'project_id' | 'provider'>

function placeOf({ id, project_id, provider, settings }: Place & { readonly settings: Given }): Uint8Array {
  const sorted = Object.entries(settings).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return utf8(JSON.stringify(['custody-external-key-1', id, project_id, provider, sorted]))
}
