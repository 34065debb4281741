import type { Selectable } from 'kysely'
import type { Action, Resource } from '../access/authorize.ts'
import type { Record } from '../audit/record.ts'
import { changes, entry, type Permission, paged, pageOf, reads, stream } from '../operations/entry.ts'
import { openPipeline, operationsOf, unapproved } from '../operations/pipeline.ts'
import { Type } from '../operations/schema.ts'
import type { SealedDatabase } from '../platform/database/authority/authority.ts'
import type { BundleImportTable } from '../platform/database/tables.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { type BundleImporter, type ImportResult, maxBundle } from './importer.ts'

const summary = [
  'digest',
  'file_digest',
  'state',
  'rule',
  'sequence',
  'ceremony_id',
  'created_at',
  'finished_at',
] as const

export type BundleSummary = Pick<Selectable<BundleImportTable>, (typeof summary)[number]>
export type ImportedBundle = Selectable<BundleImportTable>

type Parts = {
  readonly database: SealedDatabase
  readonly importer: BundleImporter
  readonly maxBytes?: number
}

/** Bundles, for those who carry them: what counts are the signatures in them. */
export type BundleOperations = ReturnType<typeof openBundleOperations>

export const openBundleOperations = (parts: Parts & { readonly record: Record }) =>
  operationsOf(bundleTable(parts), openPipeline({ record: parts.record, approvals: unapproved }))

const deployment: Resource = { kind: 'deployment' }
const here = (action: Action) => ({
  find: () => accept(deployment),
  permissions: (resource: Resource): [Permission] => [{ action, resource, key: null }],
})
const reading = { ...reads, ...here('bundle.read') }
const digest = Type.String({ pattern: '^[0-9a-f]{64}$' })

export function bundleTable({ database, importer, maxBytes = maxBundle }: Parts) {
  async function imported({ digest: its }: { digest: string }): Promise<Outcome<ImportedBundle>> {
    const row = await database
      .selectFrom('bundle_import')
      .selectAll()
      .where('digest', '=', its)
      .where('state', '=', 'imported')
      .executeTakeFirst()
    return row ? accept(row) : refuse('OBJECT-ABSENT', 'Bundle not found')
  }

  return {
    /** A bundle that is refused is an outcome too: a signed refusal says why. */
    take: entry({
      ...changes,
      ...here('bundle.import'),
      name: 'bundle.import',
      input: { bundle: stream(maxBytes, 'application/zip') },
      deadline: null,
      shown: null,
      fits: () => accept(null),
      run: async ({ input }): Promise<Outcome<ImportResult>> =>
        accept(await importer.importStream(input.bundle)),
    }),

    list: entry({
      ...reading,
      name: 'bundle.list',
      input: paged,
      async run({ input }): Promise<Outcome<BundleSummary[]>> {
        const { offset, limit } = pageOf(input)
        return accept(
          await database
            .selectFrom('bundle_import')
            .select(summary)
            .orderBy('id', 'desc')
            .offset(offset)
            .limit(limit)
            .execute(),
        )
      },
    }),

    get: entry({
      ...reading,
      name: 'bundle.read',
      input: { digest },
      run: ({ input }) => imported(input),
    }),

    /** The signed receipt, canonical JSON. Refuses IMPORT-RUNNING while there is none yet. */
    receipt: entry({
      ...reading,
      name: 'bundle.receipt',
      input: { digest },
      async run({ input }): Promise<Outcome<string>> {
        const row = await imported(input)
        if (!row.ok) return row
        if (row.value.receipt === null) return refuse('IMPORT-RUNNING', 'the receipt is not signed yet')
        return accept(row.value.receipt)
      },
    }),
  }
}
