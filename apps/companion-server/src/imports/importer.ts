import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { peekBundle } from '@lux/ceremony/bundle'
import { type Receipt, receiptCodec, type Signed, transportCodec } from '@lux/ceremony/wire'
import { fromUtf8, utf8 } from '@lux/crypto'
import type { Token } from '@lux/hsm'
import { sql } from 'kysely'
import type { SealedDatabase, Work } from '../platform/database/authority/authority.ts'
import type { Database } from '../platform/database/open.ts'
import type { ServerToken } from '../platform/hsm/server-token.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { pinnedPolicies } from '../platform/state-folder/policies.ts'
import { readIfPresent, writeWhole } from '../platform/state-folder/private-file.ts'
import { type Received, receiveBundle } from '../platform/state-folder/received-file.ts'
import type { Settings } from '../platform/state-folder/settings.ts'
import { accept, EnvironmentError, type Outcome, type Refusal, refuse } from '../refusal.ts'
import { type Judged, judgeBundle } from './check-bundle.ts'
import { recordReplaced, recordRevoked } from './earlier-keys.ts'
import { openImportLog, ownAddress, type Refused } from './import-log.ts'
import { type ReceiptSigner, receiptAttributes } from './receipt-documents.ts'
import { type ArrivedRoot, adoptRestored, bringRoot } from './receive-root.ts'
import { recordKeys, recordRestored, recordRoots } from './record-keys.ts'
import { keepFheFiles, recordFhe } from './record-threshold.ts'
import { eraseTransport, openTransports } from './transports.ts'
import { planRows } from './wrapped-rows.ts'

export type ImportResult =
  | { readonly state: 'imported'; readonly digest: string; readonly receipt: Signed<Receipt> }
  | Refused

export type BundleImporter = {
  readonly maxBytes: number
  /** Takes a bundle in, or says which check refuses it; signed either way. One at a time over all processes. */
  importStream(chunks: AsyncIterable<Uint8Array>): Promise<ImportResult>
}

/** Where a test may cut an import short, as a crash would. */
export const importPoints = ['staged', 'root-unwrapped', 'transport-destroyed', 'committed'] as const
export type ImportPoint = (typeof importPoints)[number]

export type ImporterParts = {
  readonly state: StateFolder
  readonly settings: Settings
  readonly audience: string
  readonly database: SealedDatabase
  readonly token: ServerToken
  readonly signer: ReceiptSigner
  now(): Date
  readonly maxBytes?: number
  readonly reached?: (point: ImportPoint) => void
}

export const maxBundle = 4 * 2 ** 30 - 1
/** Key of the advisory lock: "lux" and the lock's number. */
const importLock = 0x6c757801

export function openImporter(parts: ImporterParts): BundleImporter {
  const { state, settings, audience, database, token } = parts
  const maxBytes = parts.maxBytes ?? maxBundle
  const reached = parts.reached ?? (() => undefined)
  const log = openImportLog(parts)
  const signReceipt = openReceipts(parts)

  async function importReceived(received: Received): Promise<ImportResult> {
    // Before anything of it is begun.
    if (token.root === 'environment') throw new EnvironmentError('ROOT-KEY-ONLY', 'this server has no token')
    const peeked = await peekBundle(received.reader)
    const digest = peeked.ok ? peeked.value.digest : null
    const stored = digest === null ? undefined : await log.find(digest)
    // A copy of a bundle that is in already gets the receipt of that one: what it says is about the digest, and nothing
    // of the copy is used (docs/adr/0012).
    if (digest !== null && stored?.state === 'imported' && stored.receipt !== null) {
      const parsed = receiptCodec.file.parse(utf8(stored.receipt))
      if (!parsed.ok) throw new Error(`the stored receipt of ${digest} is damaged`)
      return { state: 'imported', digest, receipt: parsed.value }
    }
    const judged = await judgeBundle(received.reader, {
      domain: settings.domain,
      audience,
      policies: await pinnedPolicies(state),
      begunUnder: digest === null ? 'absent' : await begunUnder(state, digest),
      lastReceipt: await log.lastReceipt(),
    })
    if (!judged.ok) return log.refuse(judged, received.fileDigest, digest)
    await noteBegun(state, judged.value.contents.digest, judged.value.policyDigest)
    await log.stage(judged.value, received.fileDigest)
    reached('staged')
    return token.useToken((opened) => takeIn(opened, judged.value, received.fileDigest))
  }

  async function takeIn(opened: Token, judged: Judged, fileDigest: string): Promise<ImportResult> {
    const { contents } = judged
    const transports = await openTransports(state)
    const roots: ArrivedRoot[] = []
    const giveUp = async (refusal: Refusal) => {
      for (const { fresh, ckaId } of roots) if (fresh) await opened.destroy({ id: ckaId, class: 'secret' })
      const refused = await log.refuse(refusal, fileDigest, contents.digest)
      await forgetBegun(state, contents.digest)
      return refused
    }
    const restored = await adoptRestored(opened, contents, log.rootHere)
    if (!restored.ok) return giveUp(restored)
    const again = restored.value
    const brought = await bringRoots(opened, {
      ...{ contents, transports, again, roots, log, audience, node: settings.node },
    })
    if (!brought.ok) return giveUp(brought)
    reached('root-unwrapped')
    const rows = await planRows(opened, contents, roots, settings.keys.rows)
    if (!rows.ok) return giveUp(rows)
    await keepFheFiles(contents, state.fhe)

    const used = new Set(contents.transports.map(({ payload }) => transportCodec.payload.digest(payload)))
    const work = await database
      .change(async (transaction) => {
        const record = async (recorded: Promise<Outcome<unknown>>) => {
          const one = await recorded
          // Thrown so that the transaction is taken back as a whole.
          if (!one.ok) throw new RecordRefused(one)
        }
        if (again !== null) await recordRestored(transaction, settings.node, again)
        await record(recordRoots(transaction, settings.node, contents, roots))
        await record(recordKeys(transaction, rows.value))
        await record(recordFhe(transaction, judged))
        for (const transport of transports) {
          if (transport.digest !== null && used.has(transport.digest))
            await eraseTransport(opened, state, transport)
        }
        reached('transport-destroyed')
        return signReceipt(transaction, judged, receivedRoots(roots, again))
      })
      .catch((error: unknown) => {
        if (error instanceof RecordRefused) return error
        throw error
      })
    if (work instanceof RecordRefused) return giveUp(work.refusal)
    reached('committed')
    await forgetBegun(state, contents.digest)
    return { state: 'imported', digest: contents.digest, receipt: work }
  }

  return {
    maxBytes,
    async importStream(chunks) {
      const received = await receiveBundle(chunks, state.incoming, maxBytes)
      if (!received.ok) return log.refuse(received, '0'.repeat(64), null)
      try {
        return await database.connection().execute(async (connection) => {
          await waitForTurn(connection)
          try {
            return await importReceived(received.value)
          } finally {
            await sql`select pg_advisory_unlock(${importLock})`.execute(connection)
          }
        })
      } finally {
        await received.value.discard()
      }
    },
  }
}

/** Each root that is for this server, into the token; `roots` has what was brought, also where one is refused. */
async function bringRoots(
  opened: Token,
  {
    contents,
    transports,
    again,
    roots,
    log,
    audience,
    node: here,
  }: {
    readonly contents: Judged['contents']
    readonly transports: Awaited<ReturnType<typeof openTransports>>
    readonly again: ArrivedRoot | null
    readonly roots: ArrivedRoot[]
    readonly log: ReturnType<typeof openImportLog>
    readonly audience: string
    readonly node: string
  },
): Promise<Outcome<null>> {
  for (const node of contents.predicate.wrapTree.filter(({ level }) => level === 'root')) {
    if (node.root !== null && (await log.isDestroyed(node.root.rootId)))
      return refuse('ROOT-DESTROYED', `the root ${node.root.rootId} was destroyed here`)
    // A root that the ceremony destroyed is taken to no server.
    const isDestroyed = contents.predicate.decommissioned?.some(({ id }) => id === node.id) ?? false
    if (isDestroyed && node.root !== null && (await log.rootHere(node.root.rootId)) === null) continue
    const arrived = await bringRoot(opened, contents, node, {
      audience,
      node: here,
      transports,
      known: async (rootId) =>
        again?.rootId === rootId ? again.ckaId : ((await log.rootHere(rootId))?.ckaId ?? null),
    })
    if (!arrived.ok) return arrived
    roots.push(arrived.value)
  }
  return accept(null)
}

/** Records what a bundle ends, and its receipt. What is made throws RecordRefused. */
function openReceipts({ settings, audience, signer, now }: ImporterParts) {
  return async function signReceipt(
    transaction: Work,
    judged: Judged,
    roots: readonly ArrivedRoot[],
  ): Promise<Signed<Receipt>> {
    const { contents } = judged
    const replaced = await recordReplaced(transaction, contents)
    if (!replaced.ok) throw new RecordRefused(replaced)
    const revoked = await recordRevoked(transaction, contents)
    const receipt = await signer.receipt({
      ...receiptOf(judged, roots),
      ...(replaced.value.length === 0 ? {} : { replaced: replaced.value }),
      ...(revoked.length === 0 ? {} : { revoked }),
    })
    await transaction
      .updateTable('bundle_import')
      .set({
        state: 'imported',
        receipt: fromUtf8(receiptCodec.file.encode(receipt)),
        provenance: JSON.stringify(contents.predicate),
        finished_at: now(),
      })
      .where('digest', '=', contents.digest)
      .where('state', '=', 'staged')
      .execute()
    return receipt
  }

  function receiptOf({ contents, policy, policyDigest }: Judged, roots: readonly ArrivedRoot[]): Receipt {
    const { v, ceremonyId } = contents.predicate
    const { sequence } = ownAddress(contents.predicate, audience)
    return {
      v,
      kind: 'receipt',
      domain: settings.domain,
      ceremonyId,
      bundleDigest: contents.digest,
      audience,
      sequence,
      roots: roots.map(({ id, rootId, ckaId, mechanism, possession, attributes, way }) => ({
        key: id,
        rootId,
        node: settings.node,
        serial: settings.token.serial,
        ckaId,
        mechanism,
        possession,
        attributes: receiptAttributes(attributes),
        transportKeyDestroyed: true,
        ...(v === 1 || way === null ? {} : { way }),
      })),
      policyVersion: policy.version,
      policyDigest,
      time: now().toISOString(),
    }
  }
}

/** A restored root is named whether the ceremony's plan has it among its keys or not. */
function receivedRoots(roots: readonly ArrivedRoot[], again: ArrivedRoot | null): readonly ArrivedRoot[] {
  const isThere = again === null || roots.some(({ rootId }) => rootId === again.rootId)
  return isThere ? roots : [...roots, again]
}

async function waitForTurn(connection: Database): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const { rows } = await sql<{ mine: boolean }>`select pg_try_advisory_lock(${importLock}) as mine`.execute(
      connection,
    )
    if (rows[0]?.mine) return
    if (Date.now() > deadline) throw new EnvironmentError('IMPORT-BUSY', 'another import is at work')
    await sleep(100)
  }
}

class RecordRefused extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.rule)
    this.refusal = refusal
  }
}

/**
 * Under which policy an import was begun, so that one that was cut short goes on when a newer policy is pinned meanwhile. A
 * file beside the policies, not a row: who can write to the database alone begins nothing under an earlier one.
 */
const fileOf = (state: StateFolder, digest: string): string => join(state.policies, `${digest}.begun`)

/** `digest`: of the bundle. */
async function noteBegun(state: StateFolder, digest: string, policyDigest: string): Promise<void> {
  await writeWhole(fileOf(state, digest), utf8(policyDigest))
}

/** Digest of the policy. */
async function begunUnder(state: StateFolder, digest: string): Promise<string | 'absent'> {
  const bytes = await readIfPresent(fileOf(state, digest), 64)
  return bytes === 'absent' ? bytes : fromUtf8(bytes)
}

async function forgetBegun(state: StateFolder, digest: string): Promise<void> {
  await rm(fileOf(state, digest), { force: true })
}
