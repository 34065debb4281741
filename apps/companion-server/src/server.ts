import type { ServerCard } from '@lux/ceremony/wire'
import { type HybridSignature, utf8 } from '@lux/crypto'
import type { FastifyBaseLogger } from 'fastify'
import { sql } from 'kysely'
import type { PoolConfig } from 'pg'
import { type Approvals, openApprovals } from './access/approvals.ts'
import { openAwsKeys } from './access/aws-keys.ts'
import { comesFrom, isNetwork } from './access/conditions.ts'
import { type KmipRegistry, openKmipClients, openKmipRegistry } from './access/kmip-clients.ts'
import { type Governing, openAccess, openGoverning } from './access/operations.ts'
import { openPersonLogIns } from './access/person-log-in.ts'
import { openPersonSecrets } from './access/person-secrets.ts'
import { openSetUp, type SetUp } from './access/set-up.ts'
import { defaultPerSecond, openAuthentication } from './access/tokens.ts'
import { openAuthenticators } from './access/webauthn/authenticators.ts'
import { openAlerts } from './alerts/operations.ts'
import { buildApp } from './app.ts'
import type { Checkpointing } from './audit/checkpoints.ts'
import { openCoverage } from './audit/coverage.ts'
import { auditKeyLabel, type EntryMacs, openEntryMacs } from './audit/entry-mac.ts'
import { openAuditOperations } from './audit/operations.ts'
import { openPins } from './audit/pins.ts'
import { openInputDigest, openRecord, type Record } from './audit/record.ts'
import { openStrangers, type Strangers } from './audit/strangers.ts'
import { openTreeLog, type TreeLog } from './audit/tree-log.ts'
import { configuredWitnesses, type Witness } from './audit/witnesses.ts'
import { type AuditWriter, openAuditWriter } from './audit/writer.ts'
import { type ComplianceOperations, openComplianceOperations } from './compliance/operations.ts'
import { openExternalKeys } from './external-kms/external-keys.ts'
import { openExternalKeyOperations } from './external-kms/operations.ts'
import { openRoot } from './external-kms/provider-root.ts'
import { openIdempotentCalls } from './idempotency/calls.ts'
import { type BundleImporter, type ImportPoint, openImporter } from './imports/importer.ts'
import { type BundleOperations, openBundleOperations } from './imports/operations.ts'
import { receiptSigner } from './imports/receipt-documents.ts'
import { startJobs } from './jobs.ts'
import { type KekRotation, openKekRotation } from './keys/kek-rotation.ts'
import { openKeyLifecycle } from './keys/lifecycle.ts'
import { type LifecycleRepository, openLifecycleRepository } from './keys/lifecycle-repository.ts'
import { type OnlineParents, openOnlineParents } from './keys/online-parents.ts'
import { openKeyOperations } from './keys/operations.ts'
import { openReplacedRoots, type ReplacedRoots } from './keys/replaced-root.ts'
import { openKeyRepository } from './keys/repository.ts'
import { learnShreds, openShredLog, type ShredLog, shredAgain } from './keys/shred-log.ts'
import { type KeyUnwrapping, openKeyUnwrapping } from './keys/unwrapping.ts'
import type { WorkerFigures } from './metrics.ts'
import { isChange, otherOperations } from './operations/changes.ts'
import { type Clock, openClock } from './platform/clock.ts'
import { inContainer, settingOf } from './platform/container.ts'
import { type SealedDatabase, sealedDatabase } from './platform/database/authority/authority.ts'
import type { Seen } from './platform/database/authority/look.ts'
import { filePins, noPins } from './platform/database/authority/pins.ts'
import { watchAuthority } from './platform/database/authority/watch.ts'
import { requireSealed } from './platform/database/authority/writer.ts'
import { openChanges } from './platform/database/changes.ts'
import { remember } from './platform/database/known.ts'
import { type DatabaseChoice, type OpenDatabase, openDatabase, openGiven } from './platform/database/open.ts'
import { openReader, type Reader, readerOf } from './platform/database/reader.ts'
import { checkEnvironment, variable } from './platform/environment.ts'
import type { ServerToken } from './platform/hsm/server-token.ts'
import { signInToken } from './platform/hsm/token-signer.ts'
import { openDraining } from './platform/http/draining.ts'
import { type Egress, serverEgress } from './platform/http/egress.ts'
import { countsOf, openSharedCounts, type SharedCounts } from './platform/shared-counts.ts'
import { makeStateFolder, type StateFolder } from './platform/state-folder/folder.ts'
import { pinnedPolicies } from './platform/state-folder/policies.ts'
import { readCard } from './platform/state-folder/server-card.ts'
import { readSettings, type Settings } from './platform/state-folder/settings.ts'
import { openTelemetry, type Telemetry } from './platform/telemetry.ts'
import type { TlsKey } from './platform/tls/certificate.ts'
import { openReadiness } from './readiness.ts'
import { EnvironmentError } from './refusal.ts'
import type { Services } from './services.ts'
import { openSignOn, type SignOn } from './sign-on/operations.ts'
import { openThresholdOperations } from './threshold/operations.ts'

/** DATABASE_URL and DATABASE_OWNER_URL, or what the files hold that DATABASE_URL_FILE and DATABASE_OWNER_URL_FILE name, else the embedded database of the state folder. */
export function databaseChoice(state: StateFolder, exclusive = false): DatabaseChoice {
  checkEnvironment(process.env)
  const [url, ownerUrl] = [settingOf('DATABASE_URL'), settingOf('DATABASE_OWNER_URL')]
  // The image brings no PostgreSQL.
  if (inContainer() && url === undefined && ownerUrl === undefined)
    throw new EnvironmentError('CONTAINER-SECRET', 'neither DATABASE_URL_FILE nor DATABASE_URL is set')
  return { folder: state.database, url, ownerUrl, exclusive, known: state.knownDatabase }
}

/** What a command needs that is not the server itself: database, token, audit log, and the operations that change something. */
export type ServerParts = {
  readonly settings: Settings
  readonly audience: string
  readonly card: ServerCard
  readonly database: SealedDatabase
  /** Takes the authority in the database as it was shown, for `accept-state` alone. */
  acceptAuthority(shown: Seen): Promise<void>
  readonly databaseSettings: OpenDatabase['settings']
  readonly telemetry: Telemetry
  readonly token: ServerToken
  /** A key of the deployment by its label: HMAC(row key of the token, label), asked once. Null while sealed. */
  tokenKey(label: string): TokenKey
  readonly importer: BundleImporter
  readonly unwrapping: KeyUnwrapping
  readonly audit: AuditWriter
  readonly auditMacs: EntryMacs
  /** How what is new in the audit log is signed, and what is known of it. */
  readonly checkpointing: Checkpointing
  readonly treeLog: TreeLog
  readonly witnesses: readonly Witness[]
  readonly record: Record
  readonly approvals: Approvals
  readonly strangers: Strangers
  readonly bundles: BundleOperations
  readonly compliance: ComplianceOperations
  readonly kmipRegistry: KmipRegistry
  readonly organisations: Governing['organisations'] & SetUp
  readonly breakGlass: Governing['breakGlass']
  readonly overrides: Governing['overrides']
  readonly clock: Clock
  readonly signOn: SignOn
  readonly egress: Egress
  readonly reader: Reader
  readonly rotation: KekRotation
  readonly replacedRoots: ReplacedRoots
  readonly lifecycleRows: LifecycleRepository
  readonly shredLog: ShredLog
  /** Signs with the receipt key. */
  sign(context: string, bytes: Uint8Array): Promise<HybridSignature>
  close(): Promise<void>
}

export type ServerPartsOptions = {
  readonly exclusive?: boolean
  readonly maxBundleBytes?: number
  readonly reached?: (point: ImportPoint) => void
  /** Hears of failures of strangers that could not be recorded. */
  readonly lost?: (error: unknown) => void
  /** Set in a worker: the main process has the token and the embedded database, and does what is due by the clock. */
  readonly worker?: WorkerParts
  /** The authority in the database is looked at, and may be sealed anew: nothing is served. */
  readonly accepting?: boolean
}

export type WorkerParts = WorkerFigures & {
  readonly database: PoolConfig
  readonly token: ServerToken
  readonly counts: Pick<SharedCounts, 'count'>
}

export type OpenServer = Awaited<ReturnType<typeof openServer>>

export async function openServerParts(
  state: StateFolder,
  options: ServerPartsOptions = {},
): Promise<ServerParts> {
  const settings = await readSettings(state)
  const { card, audience } = await readCard(state)
  await makeStateFolder(state)
  const { worker } = options
  const opened = worker
    ? openGiven(worker.database)
    : await openDatabase(databaseChoice(state, options.exclusive ?? false))
  let token: ServerToken | null = null
  let replica: Awaited<ReturnType<typeof openReader>> | null = null
  try {
    token = worker?.token ?? (await openRoot(settings, state))
    const kept = token
    const tokenKey = (label: string) => openTokenKey(kept, settings.keys.rows, label)
    let waits = false
    const { database, accept: acceptAuthority } = sealedDatabase(opened.database, {
      key: tokenKey('custody-authority-1'),
      sealed: () => kept.sealed,
      // The main process alone writes what was seen: of a database that was put back whole, a worker knows by it too.
      pins: worker ? { ...filePins(state.authority), write: noPins.write } : filePins(state.authority),
      async begin(sealing) {
        if (!waits) return
        waits = false
        await knowOurselves(sealing, settings, audience, JSON.stringify(card), true)
      },
    })
    // A new database stays empty until the token is unsealed: what is first in it is sealed already.
    const isBegun = await knowOurselves(
      database,
      settings,
      audience,
      JSON.stringify(card),
      token.sealed === null,
    )
    waits = !isBegun
    if (isBegun && !options.accepting) await requireSealed(database)
    const now = () => new Date()
    const importer = openImporter({
      state,
      settings,
      audience,
      database,
      token,
      signer: receiptSigner(token, settings.keys.receipt, card.receiptKey),
      now,
      ...(options.maxBundleBytes === undefined ? {} : { maxBytes: options.maxBundleBytes }),
      ...(options.reached ? { reached: options.reached } : {}),
    })
    const { node } = settings
    const witnesses = configuredWitnesses()
    const shredLog = openShredLog(state.shredLog)
    const unwrapping = openKeyUnwrapping(database, token, settings.keys.rows, node, shredLog)
    const parents = openOnlineParents({ database, token, node, tokenMac: unwrapping.tokenMac, now })
    const readUrl = settingOf('DATABASE_READ_URL')
    if (readUrl !== undefined)
      replica = await openReader(database, { url: readUrl, deployment: settings.deployment })
    const reader: Reader = replica ?? readerOf(database)
    const auditKey = tokenKey(auditKeyLabel)
    const pins = openPins(state)
    const auditMacs = openEntryMacs({
      auditKey,
      node,
      nodes: async () => (await database.selectFrom('node').select('id').execute()).map(({ id }) => id),
      file: state.auditKey,
    })
    const audit = await openAuditWriter({ database, macs: auditMacs, pins, now })
    const place = settingOf('DATABASE_URL') === undefined ? 'embedded' : 'given'
    if (!worker)
      await remember(state.knownDatabase, database, {
        deployment: settings.deployment,
        place,
        writer: audit.id,
      })
    const telemetry = await openTelemetry(settings.deployment)
    const recorded = openRecord(audit, now, auditKey)
    const record: Record = (call, operation, work) =>
      telemetry.around(call, operation, () => recorded(call, operation, work))
    const strangers = openStrangers(audit, now, options.lost ?? (() => undefined))
    const egress = serverEgress()
    const lifecycleRows = openLifecycleRepository(database)
    const sign = (context: string, bytes: Uint8Array) =>
      kept.use((device) => signInToken(device, settings.keys.receipt, card.receiptKey, context, bytes))
    const signedBy = { receiptKey: card.receiptKey, audience }
    const checkpointing: Checkpointing = {
      ...{ database, authority: database.authority, named: new Map(), audience, pins, audit, now },
      coverage: openCoverage({ database, signedBy, macs: auditMacs, pins }),
      sign: async (context, bytes) => (kept.sealed === null ? sign(context, bytes) : null),
    }
    const seed = tokenKey('custody-audit-note-1')
    const treeLog = openTreeLog({ database, coverage: checkpointing.coverage, pins, audience, seed, now })
    const clock = openClock(database)
    const policy = async () => (await pinnedPolicies(state)).at(-1)?.policy ?? null
    const officers = { domain: settings.domain, audience, policy }
    const inputDigest = openInputDigest(tokenKey(auditKeyLabel))
    const approvals = openApprovals({ database, officers, clock, now, inputDigest })
    const governing = openGoverning({ database, parents, officers, clock, record, approvals, now })
    const shared = {
      ...{ settings, audience, card, database, token, tokenKey, importer, unwrapping, record, approvals },
      ...{ strangers, egress, sign, shredLog, lifecycleRows },
    }
    return {
      ...shared,
      ...operationsOf({ ...shared, parents, now }),
      acceptAuthority,
      databaseSettings: opened.settings,
      telemetry,
      audit,
      auditMacs,
      checkpointing,
      treeLog,
      witnesses,
      reader,
      breakGlass: governing.breakGlass,
      overrides: governing.overrides,
      clock,
      organisations: {
        ...governing.organisations,
        ...openSetUp({ database, record, strangers, now }),
      },
      async close() {
        unwrapping.close()
        await telemetry.close()
        await replica?.close()
        await strangers.close()
        await audit.close().finally(() => kept.close().finally(() => opened.close()))
      },
    }
  } catch (error) {
    await replica?.close()
    await token?.close()
    await opened.close()
    throw error
  }
}

type OperationParts = Pick<
  ServerParts,
  | 'settings'
  | 'audience'
  | 'card'
  | 'database'
  | 'token'
  | 'tokenKey'
  | 'importer'
  | 'unwrapping'
  | 'record'
  | 'approvals'
  | 'strangers'
  | 'egress'
  | 'sign'
  | 'shredLog'
  | 'lifecycleRows'
> & { readonly parents: OnlineParents; now(): Date }

/** What changes something, each over the parts that it needs. */
function operationsOf({
  settings,
  audience,
  card,
  database,
  token,
  record,
  sign,
  now,
  ...parts
}: OperationParts) {
  const { node } = settings
  const { unwrapping, parents, importer, approvals, strangers, egress } = parts
  return {
    rotation: openKekRotation({
      ...{ database, token, node, unwrapping, parents, record, sign, now },
      lifecycle: parts.lifecycleRows,
      noteShredded: parts.shredLog.add,
    }),
    replacedRoots: openReplacedRoots({ database, token, node, audience, record, sign, now }),
    bundles: openBundleOperations({ database, importer, record, maxBytes: importer.maxBytes }),
    compliance: openComplianceOperations({
      ...{ database, record, audience, sign, isChange },
      domain: settings.domain,
      receiptKey: card.receiptKey,
    }),
    kmipRegistry: openKmipRegistry({ database, record, approvals }),
    signOn: openSignOn({
      ...{ approvals, database, record, strangers, now, egress },
      origin: publicOrigin(),
      key: parts.tokenKey('custody-sign-on-key-1'),
    }),
  }
}

export type ServerOptions = ServerPartsOptions & {
  readonly tls?: TlsKey | null
  /** The origin of the server's console where no PUBLIC_URL is set. */
  readonly listensAt?: () => string | null
}

/** A server that listens on nothing yet, and all that it is made of. */
export async function openServer(
  state: StateFolder,
  logger: FastifyBaseLogger | false,
  options: ServerOptions = {},
) {
  const parts = await openServerParts(state, {
    exclusive: true,
    lost(error) {
      const code = 'AUDIT-UNAVAILABLE'
      if (logger !== false)
        logger.error({ code, error: String(error) }, 'failures of strangers were not recorded')
    },
    ...options,
  })
  const { settings, database, databaseSettings, token, egress, record } = parts
  try {
    const learn = async () => {
      const by = { receiptKey: parts.card.receiptKey, audience: parts.audience }
      for (const key of await learnShreds(parts.shredLog, parts.lifecycleRows, by)) unsigned(key)
    }
    const unsigned = openOnce((key) => {
      const code = 'KEY-SHREDDED'
      if (logger !== false)
        logger.error({ code, key }, 'its tombstone was signed by no server of this deployment')
    })
    if (!options.worker) {
      await learn()
      await shredAgain(parts.shredLog, parts.lifecycleRows)
    }
    const services = openServices(parts, { state, logger, options })
    const { clock, calls, keys, rotation, now } = services
    const tls = options.tls ?? null
    const app = await buildApp(services, logger, tls, trustedProxies(tls))
    const watch = await watchAuthority(database.authority, app.log)
    const changes = openChanges(databaseSettings, {
      access() {
        services.authentication.forget()
        services.kmipClients.forget()
        watch.hint()
      },
      keys() {
        parts.unwrapping.forgetAll()
        watch.hint()
      },
    })
    const webhookKey = parts.tokenKey(webhookLabel)
    const jobs = options.worker
      ? null
      : startJobs({
          database,
          state,
          token,
          checkpointing: parts.checkpointing,
          treeLog: parts.treeLog,
          witnesses: parts.witnesses,
          egress,
          webhookKey,
          calls,
          clock,
          keys,
          rotation,
          record,
          now,
          learnShreds: learn,
          log: app.log,
        })
    app.addHook('onClose', async () => {
      await jobs?.stop()
      await changes.close()
      await watch.close()
      await services.sharedCounts?.close()
      await parts.strangers.close()
      await parts.audit.close()
      await jobs?.lastCheckpoint()
      await parts.close()
    })
    return { app, services, settings, databaseSettings }
  } catch (error) {
    await parts.close()
    throw error
  }
}

const webhookLabel = 'custody-webhook-key-1'

/** What answers calls, by whatever door they come. */
function openServices(
  parts: ServerParts,
  {
    state,
    logger,
    options,
  }: {
    readonly state: StateFolder
    readonly logger: FastifyBaseLogger | false
    readonly options: ServerOptions
  },
): Services {
  const { settings, audience, card, database, token, tokenKey, importer, unwrapping, audit } = parts
  const { record, strangers, egress, sign, lifecycleRows } = parts
  const { domain } = settings
  const now = () => new Date()
  const { approvals } = parts
  const repository = openKeyRepository(database, parts.reader)
  const keyParts = { repository, unwrapping, record, approvals, now }
  const lifecycle = openKeyLifecycle({
    ...keyParts,
    lifecycle: lifecycleRows,
    domain,
    audience,
    combinerRecipient: card.combinerRecipient,
    sign,
    noteShredded: parts.shredLog.add,
  })
  const awsKeys = openAwsKeys(tokenKey('custody-aws-keys-1'))
  const externalKeys = openExternalKeys({
    database,
    now,
    egress,
    secretsKey: tokenKey('custody-external-key-1'),
  })
  const redisUrl = settingOf('REDIS_URL')
  const sharedCounts = redisUrl === undefined ? null : openSharedCounts(redisUrl, settings.deployment)
  const secretsKey = tokenKey('custody-person-key-1')
  const origin = publicOrigin()
  const its = { database, secretsKey, now, origin: () => origin ?? options.listensAt?.() ?? null }
  const authenticators = openAuthenticators(its)
  const secrets = openPersonSecrets({ ...its, authenticators })
  const access = openAccess({ ...its, secrets, record, approvals, awsKeys, audience, sign })
  const desk = { database, state, domain, combiner: card.combinerRecipient, now }
  const { clock } = parts
  return {
    state,
    audience,
    database,
    token,
    unwrapping,
    audit,
    record,
    strangers,
    importer,
    ...access,
    lifecycle,
    sharedCounts,
    awsKeys,
    desk,
    clock,
    now,
    telemetry: parts.telemetry,
    bundles: parts.bundles,
    compliance: parts.compliance,
    kmipRegistry: parts.kmipRegistry,
    organisations: parts.organisations,
    breakGlass: parts.breakGlass,
    overrides: parts.overrides,
    signOn: parts.signOn,
    rotation: parts.rotation,
    replacedRoots: parts.replacedRoots,
    workerFigures: options.worker ?? null,
    draining: openDraining(),
    authentication: openAuthentication(
      database,
      Number(variable('RATE_LIMIT_PER_SECOND') ?? defaultPerSecond),
      countsOf(sharedCounts, options.worker?.counts ?? null),
      openOnce((identity) => {
        const code = 'CONDITION-UNREADABLE'
        if (logger !== false)
          logger.error({ code, identity }, 'a role of it has no conditions that are known: it gives nothing')
      }),
    ),
    calls: openIdempotentCalls({ database, now, repliesKey: tokenKey('custody-idempotent-call-1') }),
    keys: openKeyOperations(keyParts),
    external: openExternalKeyOperations({ externalKeys, lifecycle, record, approvals, repository }),
    kmipClients: openKmipClients(database, now),
    people: {
      ...access.people,
      ...openPersonLogIns({
        database,
        record,
        strangers,
        now,
        secrets,
        alarm(identity) {
          if (logger !== false) logger.warn({ identity }, 'a break-glass admin logged in by password')
        },
      }),
    },
    authenticators: { ...access.authenticators, ...authenticators },
    alerts: openAlerts({ database, record, key: tokenKey(webhookLabel), now }),
    treeLog: parts.treeLog,
    witnesses: parts.witnesses,
    auditLog: openAuditOperations({
      database,
      reader: parts.reader,
      record,
      signedBy: { receiptKey: card.receiptKey, audience },
      macs: parts.auditMacs,
      pins: parts.checkpointing.pins,
      witnesses: parts.witnesses,
      unchanging: otherOperations,
    }),
    threshold: openThresholdOperations({ desk, record }),
    readiness: openReadiness({
      ...{ database, token, audit, clock, settings },
      coverage: parts.checkpointing.coverage,
      folder: state.root,
    }),
  }
}

/**
 * Of TRUSTED_PROXIES; null where it is not set. Throws ENVIRONMENT-VARIABLE where it names no addresses, or where callers reach the server
 * without a proxy: they could say that they come from anywhere.
 */
export function trustedProxies(tls: TlsKey | null): ((address: string) => boolean) | null {
  const text = variable('TRUSTED_PROXIES')
  if (text === undefined) return null
  const networks = text.split(',').map((one) => one.trim())
  const fault =
    tls !== null
      ? 'it is for a server behind a proxy: start it with --behind-tls-proxy'
      : networks.every(isNetwork)
        ? null
        : 'expected addresses and CIDR blocks, commas between'
  if (fault !== null) throw new EnvironmentError('ENVIRONMENT-VARIABLE', `TRUSTED_PROXIES: ${fault}`)
  return (address) => comesFrom(networks, address)
}

/** Of PUBLIC_URL; null where it is not set. Throws ENVIRONMENT-VARIABLE where it is no https origin. */
function publicOrigin(): string | null {
  const text = variable('PUBLIC_URL')
  if (text === undefined) return null
  const url = URL.canParse(text) ? new URL(text) : null
  if (url?.protocol !== 'https:' || (text !== url.origin && text !== `${url.origin}/`))
    throw new EnvironmentError(
      'ENVIRONMENT-VARIABLE',
      'PUBLIC_URL: expected https://, a host and maybe a port',
    )
  return url.origin
}

/** Key of the advisory lock: "lux" and the lock's number. */
const deploymentLock = 0x6c757807

async function knowOurselves(
  database: SealedDatabase,
  settings: Settings,
  audience: string,
  card: string,
  /** A database that is empty may be begun. */
  may: boolean,
): Promise<boolean> {
  const rows = await database.change(async (work) => {
    // Of servers that begin on one new database, one makes it its own.
    await sql`select pg_advisory_xact_lock(${deploymentLock})`.execute(work)
    const there = await work.selectFrom('deployment').select(['id', 'audience']).execute()
    if (there.length > 0 || !may) return there
    const { deployment: id, domain } = settings
    return [await work.authority.insert('deployment', { id, domain, card, audience })]
  })
  if (!rows.every((row) => row.id === settings.deployment && row.audience === audience)) {
    throw new EnvironmentError('DATABASE-OTHER-SERVER', 'this database belongs to another server')
  }
  if (rows.length === 0) return false
  await database
    .insertInto('node')
    .values({ id: settings.node, deployment_id: settings.deployment, token_serial: settings.token.serial })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
  return true
}

/** Tells of each name once. */
function openOnce(tell: (name: string) => void): (name: string) => void {
  const told = new Set<string>()
  return (name) => {
    if (told.has(name)) return
    told.add(name)
    tell(name)
  }
}

type TokenKey = () => Promise<Uint8Array | null>

export function openTokenKey(token: ServerToken, rowsKeyId: string, label: string): TokenKey {
  let known: Promise<Uint8Array> | null = null
  return async () => {
    if (token.sealed) return null
    const key = { id: rowsKeyId, class: 'secret' } as const
    known ??= token.useAgain((opened) => opened.hmac({ key, message: utf8(label) }))
    try {
      return await known
    } catch {
      known = null
      return null
    }
  }
}
