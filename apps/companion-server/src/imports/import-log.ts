import { type Address, addressesOf, type Predicate } from '@lux/ceremony/bundle'
import { type ImportRefusal, refusalCodec, type Signed } from '@lux/ceremony/wire'
import { fromUtf8 } from '@lux/crypto'
import type { SealedDatabase } from '../platform/database/authority/authority.ts'
import type { Settings } from '../platform/state-folder/settings.ts'
import type { Refusal } from '../refusal.ts'
import type { Judged } from './check-bundle.ts'
import { printable, type ReceiptSigner } from './receipt-documents.ts'
import type { RootHere } from './receive-root.ts'

export type Refused = {
  readonly state: 'refused'
  readonly rule: string
  readonly detail: string
  readonly refusal: Signed<ImportRefusal>
}

type Parts = {
  readonly settings: Settings
  readonly audience: string
  readonly database: SealedDatabase
  readonly signer: ReceiptSigner
  now(): Date
}

/** Where a bundle stands in the line of this server, which need not be its first. AUDIENCE has checked that it is for it. */
export function ownAddress(predicate: Predicate, audience: string): Address {
  const own = addressesOf(predicate).find((one) => one.audience === audience)
  if (own === undefined) throw new Error('a bundle for another server was accepted')
  return own
}

/** What the database remembers of imports: every attempt, and what was answered. */
export function openImportLog({ settings, audience, database, signer, now }: Parts) {
  const find = (digest: string) =>
    database
      .selectFrom('bundle_import')
      .select(['id', 'state', 'receipt'])
      .where('digest', '=', digest)
      .where('state', 'in', ['staged', 'imported'])
      .executeTakeFirst()

  return {
    /** The attempt about a bundle digest that is staged or done. */
    find,

    /** The last bundle that this server receipted. */
    async lastReceipt() {
      const row = await database
        .selectFrom('bundle_import')
        .select(['digest', 'sequence'])
        .where('audience', '=', audience)
        .where('state', '=', 'imported')
        .orderBy('sequence', 'desc')
        .executeTakeFirst()
      if (!row || row.digest === null || row.sequence === null) return null
      return { bundleDigest: row.digest, sequence: row.sequence }
    },

    ...rootsKnown(database, settings.node),

    async stage({ contents, policy, policyDigest }: Judged, fileDigest: string): Promise<void> {
      if ((await find(contents.digest)) !== undefined) return
      const { predicate, digest } = contents
      const { sequence, previous } = ownAddress(predicate, audience)
      await database
        .insertInto('policy')
        .values({
          digest: policyDigest,
          version: policy.version,
          domain: policy.domain,
          document: JSON.stringify(policy),
        })
        .onConflict((conflict) => conflict.column('digest').doNothing())
        .execute()
      await database
        .insertInto('bundle_import')
        .values({
          digest,
          file_digest: fileDigest,
          audience,
          ceremony_id: predicate.ceremonyId,
          sequence,
          previous,
          policy_digest: policyDigest,
          state: 'staged',
          rule: null,
          receipt: null,
          provenance: null,
          finished_at: null,
        })
        .execute()
    },

    /** Signs the refusal and keeps it. */
    async refuse(refusal: Refusal, fileDigest: string, digest: string | null): Promise<Refused> {
      const detail = printable(refusal.detail)
      const signed = await signer.refusal({
        v: 1,
        kind: 'refusal',
        domain: settings.domain,
        audience,
        bundleDigest: digest,
        check: refusal.rule,
        detail,
        time: now().toISOString(),
      })
      const row = {
        file_digest: fileDigest,
        state: 'refused' as const,
        rule: refusal.rule,
        receipt: fromUtf8(refusalCodec.file.encode(signed)),
        finished_at: now(),
      }
      const staged = digest === null ? undefined : await find(digest)
      if (staged?.state === 'staged') {
        await database.updateTable('bundle_import').set(row).where('id', '=', staged.id).execute()
      } else {
        await database
          .insertInto('bundle_import')
          .values({
            ...row,
            digest,
            audience: null,
            ceremony_id: null,
            sequence: null,
            previous: null,
            policy_digest: null,
            provenance: null,
          })
          .execute()
      }
      return { state: 'refused', rule: refusal.rule, detail, refusal: signed }
    },
  }
}

const rootsKnown = (database: SealedDatabase, node: string) => ({
  /** A root that an earlier bundle brought into this node's token. */
  async rootHere(rootId: string): Promise<RootHere | null> {
    const row = await database
      .selectFrom('root_config')
      .selectAll()
      .where('root_id', '=', rootId)
      .where('node_id', '=', node)
      .executeTakeFirst()
    if (!row) return null
    await database.authority.vouch('root_config', [row], { root_id: rootId, node_id: node })
    const { cka_id: ckaId, version, possession, state } = row
    return { ckaId, version, possession, state }
  },

  /** Whether it was destroyed here for ever. */
  async isDestroyed(rootId: string): Promise<boolean> {
    const rows = await database.selectFrom('root_config').selectAll().where('root_id', '=', rootId).execute()
    await database.authority.vouch('root_config', rows, { root_id: rootId })
    return rows.some(({ state }) => state === 'destroyed')
  },
})
