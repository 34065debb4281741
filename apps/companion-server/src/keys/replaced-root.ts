import type { Predicate } from '@lux/ceremony/bundle'
import { canonicalString, encodeCanonical, type HybridSignature, utf8 } from '@lux/crypto'
import { authorize } from '../access/authorize.ts'
import type { Call, Record } from '../audit/record.ts'
import { requireWhole, type SealedDatabase } from '../platform/database/authority/authority.ts'
import type { ServerToken } from '../platform/hsm/server-token.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'

/** What an accepted bundle says of a root's end: a drill or a restore burns a backup, a decommission destroys in tokens. */
export type RootEvidence = {
  readonly digest: string
  /** When its ceremony began; null where the bundle keeps that to itself. */
  readonly begun: string | null
} & Pick<Predicate, 'recovery' | 'decommissioned' | 'wrapTree' | 'possession'>

/**
 * What became of a root, signed by the receipt key. S1: destroyed in these tokens and found absent. S2: every backup of it that the bundles
 * here name is burnt too, each by the ceremony that is named, and no token is known in which it may live on.
 */
export type RootReceipt = {
  readonly v: 1
  readonly kind: 'root-receipt'
  readonly audience: string
  readonly level: 'S1' | 'S2'
  readonly root: string
  readonly ckaId: string
  /** Serials of this server's tokens, and of those that a decommission names. */
  readonly destroyedIn: readonly string[]
  /** Backups of the root, each with the bundle that burnt it; null: it may bring the root back still. */
  readonly backups: readonly { readonly set: string; readonly burntBy: string | null }[]
  /**
   * Tokens that got the root, and of which nothing shows that they lost it. `serial`: null for another server's token. `bundle`: the one that
   * says so; null where it was the ceremony that made the root, and its bundle was never imported here.
   */
  readonly livesIn: readonly { readonly serial: string | null; readonly bundle: string | null }[]
  readonly destroyedAt: string
}

export type SignedRootReceipt = {
  readonly payload: RootReceipt
  readonly signatures: readonly [HybridSignature]
}

/** What the signature of a root receipt is made over: this, a zero byte, and the canonical JSON of the payload. */
export const rootReceiptContext = 'lux-server/v1/root-receipt'

type Parts = {
  readonly database: SealedDatabase
  readonly token: ServerToken
  readonly node: string
  readonly audience: string
  readonly record: Record
  sign(context: string, bytes: Uint8Array): Promise<HybridSignature>
  now(): Date
}

export type ReplacedRoots = ReturnType<typeof openReplacedRoots>

/** Roots that a ceremony replaced: they decrypt only, until nothing refers to them. */
export function openReplacedRoots(parts: Parts) {
  const { database, token, node, record } = parts

  return {
    /**
     * Destroys one, and what is above nothing any more. Asked again, it looks again and gives a receipt by what is known then. Refuses ROOT-IN-USE
     * where it serves or something is under it, and ROOT-EVIDENCE where a bundle says nothing of it.
     */
    destroy(
      call: Call,
      { root, evidence }: { readonly root: string; readonly evidence: readonly RootEvidence[] },
    ): Promise<Outcome<SignedRootReceipt>> {
      return record(call, 'root.destroy', async (subject) => {
        const allowed = authorize(call.caller, 'root.rotate', { kind: 'deployment' })
        if (!allowed.ok) return allowed
        const row = await database
          .selectFrom('root_config')
          .selectAll()
          .where('root_id', '=', root)
          .where('node_id', '=', node)
          .where('origin', '=', 'ceremony')
          .executeTakeFirst()
        if (!row) return refuse('OBJECT-ABSENT', 'Root not found')
        await database.authority.vouch('root_config', [row], { root_id: root, node_id: node })
        const { cka_id: ckaId, possession } = row
        const silent = evidence.find(
          (one) => burns(one, root) === null && destroyedBy(one, root, possession).length === 0,
        )
        if (silent)
          return refuse('ROOT-EVIDENCE', `the bundle ${silent.digest} burns and destroys nothing of it`)
        const free = row.state === 'destroyed' ? accept(null) : await released(parts, root)
        if (!free.ok) return free
        await requireWhole(database.authority)
        await token.use((device) => device.destroyRoot(ckaId))
        const its = { root_id: root, node_id: node }
        await database.change((work) => work.authority.update('root_config', its, { state: 'destroyed' }))
        const imported = await importedBundles(database)
        const backups = backupsOf(imported, { root, evidence })
        const own = token.tokens.map(({ serial }) => serial)
        const destroyedIn = [...own, ...evidence.flatMap((one) => destroyedBy(one, root, possession))]
        const ended = await nodesWithout(database, root)
        const livesIn = livingIn(imported, row, { evidence, own, ended })
        const isBurnt = backups.length > 0 && backups.every(({ burntBy }) => burntBy !== null)
        const payload: RootReceipt = {
          v: 1,
          kind: 'root-receipt',
          audience: parts.audience,
          level: isBurnt && livesIn.length === 0 ? 'S2' : 'S1',
          root,
          ckaId,
          destroyedIn,
          backups,
          livesIn,
          destroyedAt: parts.now().toISOString(),
        }
        const signature = await parts.sign(rootReceiptContext, encodeCanonical(payload))
        const receipt: SignedRootReceipt = { payload, signatures: [signature] }
        subject.output = [utf8(canonicalString(receipt))]
        return accept(receipt)
      })
    },
  }
}

/** Takes away what is directly under a root that nothing needs any more, all at once. Refuses ROOT-IN-USE. */
function released({ database, node }: Parts, root: string): Promise<Outcome<null>> {
  return database.change(async (work) => {
    const held = await work
      .selectFrom('root_config')
      .selectAll()
      .where('root_id', '=', root)
      .where('node_id', '=', node)
      .forUpdate()
      .executeTakeFirstOrThrow()
    await work.authority.vouch('root_config', [held], { root_id: root, node_id: node })
    if (held.state !== 'retained' && held.state !== 'revoked')
      return refuse('ROOT-IN-USE', `it is ${held.state}: a root goes once another came in its place`)
    const below = await work
      .selectFrom('organisation_kek')
      .selectAll()
      .where('wrapping_kek_id', '=', root)
      .where('state', '!=', 'destroyed')
      .forUpdate()
      .execute()
    await work.authority.vouch('organisation_kek', below, { wrapping_kek_id: root })
    const serving = below.find(({ state }) => state === 'enabled')
    if (serving) return refuse('ROOT-IN-USE', `organisation ${serving.organisation_id} is under it`)
    for (const { organisation_id, version } of below) {
      const left = await work
        .selectFrom('project_kek')
        .innerJoin('project', 'project.id', 'project_kek.project_id')
        .select('project_kek.project_id')
        .where('project.organisation_id', '=', organisation_id)
        .where('project_kek.wrapping_kek_version', '=', version)
        .where('project_kek.state', 'not in', ['destroyed', 'revoked'])
        .execute()
      if (left.length > 0)
        return refuse(
          'ROOT-IN-USE',
          `${left.length} KEKs of projects of ${organisation_id} are under it still`,
        )
      await work.authority.update(
        'organisation_kek',
        { organisation_id, version },
        { state: 'destroyed', wrapped: Buffer.alloc(0) },
      )
    }
    return accept(null)
  })
}

async function importedBundles(database: SealedDatabase): Promise<Imported[]> {
  const rows = await database
    .selectFrom('bundle_import')
    .select(['digest', 'provenance'])
    .where('state', '=', 'imported')
    .execute()
  return rows.flatMap(({ digest, provenance }) =>
    // Written by an import, from a predicate that was checked.
    provenance === null ? [] : [{ digest, predicate: provenance as Predicate }],
  )
}

/** How many nodes of this server had the root from a ceremony and destroyed it. */
async function nodesWithout(database: SealedDatabase, root: string): Promise<number> {
  const rows = await database
    .selectFrom('root_config')
    .select('node_id')
    .where('root_id', '=', root)
    .where('origin', '=', 'ceremony')
    .where('state', '=', 'destroyed')
    .execute()
  return rows.length
}

type Imported = { readonly digest: string | null; readonly predicate: Predicate }

/** By the bundles that were taken in here, and by what burnt them. */
function backupsOf(
  imported: readonly Imported[],
  { root, evidence }: { readonly root: string; readonly evidence: readonly RootEvidence[] },
): RootReceipt['backups'] {
  const dealt = imported.flatMap(({ predicate }) => {
    const node = nodeOf(predicate, root)
    return (predicate.backups ?? []).filter(({ id }) => id === node?.id).map(({ set }) => set)
  })
  const burnt = evidence.flatMap((one) => burns(one, root) ?? [])
  return [...new Set([...dealt, ...burnt])]
    .toSorted()
    .map((set) => ({ set, burntBy: evidence.find((one) => burns(one, root) === set)?.digest ?? null }))
}

function nodeOf({ wrapTree }: Pick<Predicate, 'wrapTree'>, root: string) {
  return wrapTree.find((one) => one.root?.rootId === root)
}

/** Where the root came from its birth on, by the bundles that were taken in here, and where a restore brought it; without what is gone. */
function livingIn(
  imported: readonly Imported[],
  row: Row,
  at: {
    readonly evidence: readonly RootEvidence[]
    readonly own: readonly string[]
    readonly ended: number
  },
): RootReceipt['livesIn'] {
  const { root_id: root, cka_id: here, possession } = row
  const elsewhere = at.evidence.flatMap((one) => destroyedBy(one, root, possession))
  const isGone = ({ serial, ckaId }: { readonly serial: string; readonly ckaId: string }) =>
    elsewhere.includes(serial) || (at.own.includes(serial) && ckaId === here)
  const naming = imported.filter(({ predicate }) => nodeOf(predicate, root) !== undefined)
  const named = naming.flatMap(({ digest, predicate }) => {
    const id = nodeOf(predicate, root)?.id
    const { keyEvidence, replicas = [], transports } = predicate
    const born = keyEvidence.filter((one) => one.level === 'root' && one.id === id)
    const copies = [...born, ...replicas.filter((one) => one.id === id)].filter((one) => !isGone(one))
    const sent = transports.filter(({ roots }) => roots.some((one) => one.id === id)).length
    return [
      ...copies.map(({ serial }) => ({ serial, bundle: digest })),
      ...Array.from({ length: Math.max(0, sent - at.ended) }, () => ({ serial: null, bundle: digest })),
    ]
  })
  const isBirthKnown = naming.some(({ predicate }) =>
    predicate.keyEvidence.some((one) => one.level === 'root' && one.id === nodeOf(predicate, root)?.id),
  )
  const unknown = isBirthKnown ? [] : [{ serial: null, bundle: null }]
  const restored = at.evidence
    .filter((one) => isAlive(one, row, at))
    .map(({ digest, recovery }) => ({ serial: recovery?.restored?.serial ?? null, bundle: digest }))
  return [...named, ...unknown, ...restored]
}

/** The set of this root's backup that the ceremony opened, and so burnt. */
function burns({ recovery }: RootEvidence, root: string): string | null {
  if (recovery === undefined || recovery.use === 'check' || recovery.backup.rootId !== root) return null
  return recovery.backup.set
}

/**
 * Serials of the tokens in which the ceremony destroyed this very root: by its root id, and by the proof that was made of it before. Its CKA_ID
 * differs from token to token.
 */
function destroyedBy(
  { decommissioned, wrapTree, possession }: RootEvidence,
  root: string,
  proof: string,
): string[] {
  return (decommissioned ?? [])
    .filter(({ id }) => wrapTree.some((node) => node.id === id && node.root?.rootId === root))
    .filter(({ id }) => possession.some((one) => one.id === id && one.digest === proof))
    .map(({ serial }) => serial)
}

type Row = { readonly root_id: string; readonly cka_id: string; readonly possession: string }

/** A restore left the root in a token; what destroyed it there has to have come later, or this server destroyed that very key in its own. */
function isAlive(
  { recovery, begun }: RootEvidence,
  { root_id: root, cka_id: ckaId, possession }: Row,
  { evidence, own }: { readonly evidence: readonly RootEvidence[]; readonly own: readonly string[] },
): boolean {
  if (recovery?.use !== 'restore' || recovery.backup.rootId !== root) return false
  const { restored } = recovery
  if (restored === undefined) return true
  if (own.includes(restored.serial) && restored.ckaId === ckaId) return false
  const later = evidence.filter((one) => begun !== null && one.begun !== null && one.begun > begun)
  return !later.some((one) => destroyedBy(one, root, possession).includes(restored.serial))
}
