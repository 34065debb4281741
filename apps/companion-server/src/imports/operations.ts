import type { Selectable } from 'kysely'
import { authorize } from '../access/authorize.ts'
import { checkPage, type Page } from '../access/page.ts'
import type { Call, Record } from '../audit/record.ts'
import type { Database } from '../platform/database/open.ts'
import type { BundleImportTable } from '../platform/database/tables.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import type { BundleImporter, ImportResult } from './importer.ts'

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

/** Bundles, for those who carry them: what counts are the signatures in them. */
export type BundleOperations = ReturnType<typeof openBundleOperations>

export function openBundleOperations({
  database,
  importer,
  record,
}: {
  readonly database: Database
  readonly importer: BundleImporter
  readonly record: Record
}) {
  const deployment = { kind: 'deployment' } as const

  async function imported(call: Call, digest: string): Promise<Outcome<ImportedBundle>> {
    const allowed = authorize(call.caller, 'bundle.read', deployment)
    if (!allowed.ok) return allowed
    const row = await database
      .selectFrom('bundle_import')
      .selectAll()
      .where('digest', '=', digest)
      .where('state', '=', 'imported')
      .executeTakeFirst()
    return row ? accept(row) : refuse('OBJECT-ABSENT', 'Bundle not found')
  }

  return {
    maxBytes: importer.maxBytes,

    /** A bundle that is refused is an outcome too: a signed refusal says why. */
    take(call: Call, chunks: AsyncIterable<Uint8Array>): Promise<Outcome<ImportResult>> {
      return record(call, 'bundle.import', async () => {
        const allowed = authorize(call.caller, 'bundle.import', deployment)
        return allowed.ok ? accept(await importer.importStream(chunks)) : allowed
      })
    },

    list(call: Call, { offset, limit }: Page): Promise<Outcome<BundleSummary[]>> {
      return record(call, 'bundle.list', async () => {
        const allowed = authorize(call.caller, 'bundle.read', deployment)
        if (!allowed.ok) return allowed
        const within = checkPage({ offset, limit })
        if (!within.ok) return within
        return accept(
          await database
            .selectFrom('bundle_import')
            .select(summary)
            .orderBy('id', 'desc')
            .offset(offset)
            .limit(limit)
            .execute(),
        )
      })
    },

    get(call: Call, digest: string): Promise<Outcome<ImportedBundle>> {
      return record(call, 'bundle.read', () => imported(call, digest))
    },

    /** The signed receipt, canonical JSON. Refuses IMPORT-RUNNING while there is none yet. */
    receipt(call: Call, digest: string): Promise<Outcome<string>> {
      return record(call, 'bundle.receipt', async () => {
        const row = await imported(call, digest)
        if (!row.ok) return row
        if (row.value.receipt === null) return refuse('IMPORT-RUNNING', 'the receipt is not signed yet')
        return accept(row.value.receipt)
      })
    },
  }
}
