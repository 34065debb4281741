import type { FileHandle } from 'node:fs/promises'
import { resolve } from 'node:path'
import { receiptCodec, refusalCodec } from '@lux/ceremony/wire'
import { parseCanonical } from '@lux/crypto'
import type { Enrolment } from '../access/people.ts'
import type { deploymentRoles, projectRoles } from '../access/role-names.ts'
import type { Credentials } from '../access/tokens.ts'
import type { SignedCheckpoint } from '../audit/checkpoint.ts'
import { auditKeyLabel, openEntryMacs } from '../audit/entry-mac.ts'
import { openPins } from '../audit/pins.ts'
import type { Call } from '../audit/record.ts'
import { dropEntries } from '../audit/retention.ts'
import { type AuditVerdict, verifyAudit } from '../audit/verify.ts'
import { configuredWitnesses } from '../audit/witnesses.ts'
import { openRoot } from '../external-kms/provider-root.ts'
import type { ImportResult } from '../imports/importer.ts'
import type { KekRotation } from '../keys/kek-rotation.ts'
import type { RootRotation } from '../keys/rotation/root.ts'
import type { Rotation } from '../keys/rotation/steps.ts'
import { type Database, openOwnerDatabase } from '../platform/database/open.ts'
import type { ServerToken } from '../platform/hsm/server-token.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { mustBeNew, writeNew } from '../platform/state-folder/private-file.ts'
import { readCard } from '../platform/state-folder/server-card.ts'
import { readSettings } from '../platform/state-folder/settings.ts'
import { accept, EnvironmentError, type Outcome, refuse } from '../refusal.ts'
import { databaseChoice, openServerParts, openTokenKey } from '../server.ts'
import { operatorCall } from './operator-call.ts'
import { say } from './result.ts'

export type IdentityOptions = {
  /** Where the roles hold; roles of the deployment have none. */
  project?: string
  roles: readonly ((typeof projectRoles)[number] | (typeof deploymentRoles)[number])[]
  name: string
  /** Seconds. */
  ttl?: number
}

/** Makes a machine identity. Refuses PROJECT-ABSENT and what the operation does. */
export async function makeIdentity(
  state: StateFolder,
  { project: id, roles, name, ttl }: IdentityOptions,
): Promise<Outcome<Credentials>> {
  const { database, organisations, close } = await openServerParts(state)
  try {
    const found =
      id === undefined
        ? null
        : await database.selectFrom('project').selectAll().where('id', '=', id).executeTakeFirst()
    if (found === undefined) return refuse('PROJECT-ABSENT', `there is no project ${id}`)
    const [organisation, project] = [found?.organisation_id ?? null, found?.id ?? null]
    return await organisations.createIdentity(operatorCall(), {
      name,
      grants: roles.map((role) => ({ role, organisation, project })),
      ...(ttl === undefined ? {} : { ttlSeconds: ttl }),
    })
  } finally {
    // The secret is shown once: what fails from here on must not take it.
    await close().catch((error: unknown) => say([`closing: ${String(error)}`]))
  }
}

/** Makes the first server admin where there was none yet. Refuses ADMIN-EXISTS. */
export async function makeFirstAdmin(
  state: StateFolder,
  { username, name }: { readonly username: string; readonly name: string },
): Promise<Outcome<Enrolment>> {
  const { organisations, close } = await openServerParts(state)
  try {
    return await organisations.createFirstAdmin(operatorCall(), { username, name })
  } finally {
    // The code is shown once: what fails from here on must not take it.
    await close().catch((error: unknown) => say([`closing: ${String(error)}`]))
  }
}

/** The log's MACs by the state folder, and by the token where it is asked for them. */
async function stateMacs(state: StateFolder, database: Database) {
  const settings = await readSettings(state)
  let token: ServerToken | null = null
  return {
    macs: openEntryMacs({
      node: settings.node,
      file: state.auditKey,
      nodes: async () => (await database.selectFrom('node').select('id').execute()).map(({ id }) => id),
      async auditKey() {
        token ??= await openRoot(settings, state)
        return openTokenKey(token, settings.keys.rows, auditKeyLabel)()
      },
    }),
    close: async () => token?.close(),
  }
}

/**
 * Walks the whole log by the server's card. The token is asked where entries wait for a checkpoint. `known`: a checkpoint that was shipped
 * out.
 */
export async function verifyAuditLog(
  state: StateFolder,
  known: Uint8Array | null,
  /** So many of the configured witnesses have to have cosigned it. */
  wanted = 0,
): Promise<Outcome<AuditVerdict>> {
  const { card, audience } = await readCard(state)
  const opened = await openOwnerDatabase(databaseChoice(state))
  const { macs, close } = await stateMacs(state, opened.database)
  try {
    // Its digest is compared with what the log has.
    const given =
      known === null
        ? null
        : (parseCanonical(known, { maxBytes: known.length }) as unknown as SignedCheckpoint).payload
    const witnesses = configuredWitnesses()
    const by = { receiptKey: card.receiptKey, audience, macs, pins: openPins(state), witnesses, wanted }
    return await verifyAudit(opened.database, by, given)
  } finally {
    await close()
    await opened.close()
  }
}

/** Takes the database's owner: the server itself can change no entry. Gives how many entries it emptied. */
export async function retainAudit(state: StateFolder, before: Date): Promise<Outcome<{ dropped: number }>> {
  const opened = await openOwnerDatabase(databaseChoice(state))
  const { macs, close } = await stateMacs(state, opened.database)
  try {
    const { database } = opened
    const writing = { database, macs, pins: openPins(state), now: () => new Date() }
    return accept({ dropped: await dropEntries(writing, before) })
  } finally {
    await close()
    await opened.close()
  }
}

/** Takes a bundle in and writes the signed receipt or refusal. Throws FILE-EXISTS, FOLDER-MISSING, and EnvironmentError where the server is sealed. */
export async function importBundle(
  state: StateFolder,
  bundle: FileHandle,
  out: string | null,
): Promise<Outcome<ImportResult>> {
  const to = out === null ? null : resolve(out)
  if (to !== null) await mustBeNew(to)
  const parts = await openServerParts(state)
  try {
    const { sealed } = parts.token
    if (sealed) throw new EnvironmentError(sealed.code, sealed.detail)
    const chunks = bundle.createReadStream({ highWaterMark: 1 << 20 })
    const taken = await parts.bundles.take(operatorCall(), { bundle: chunks })
    if (to !== null && taken.ok) {
      const result = taken.value
      const signed =
        result.state === 'imported'
          ? receiptCodec.file.encode(result.receipt)
          : refusalCodec.file.encode(result.refusal)
      await writeNew(to, signed, 0o644)
    }
    return taken
  } finally {
    await parts.close()
  }
}

type Rotated = Rotation & Partial<Pick<RootRotation, 'receipts'>>

/** What is to get a new KEK: a project, an organisation, or the deployment a new root. */
export type RotationOf = { readonly project: string } | { readonly organisation: string } | 'root'

/** Rotates to the end. Cut short, the same command or the server's clock goes on. */
export async function rotateKek(state: StateFolder, what: RotationOf): Promise<Outcome<Rotated>> {
  const { rotation, close } = await openServerParts(state)
  try {
    for (let moved = 0; ; ) {
      const done = await step(rotation, operatorCall(), what)
      if (!done.ok) return done
      moved += done.value.moved
      if (done.value.remaining === 0) return accept({ ...done.value, moved })
    }
  } finally {
    await close()
  }
}

function step(rotation: KekRotation, call: Call, what: RotationOf): Promise<Outcome<Rotated>> {
  if (what === 'root') return rotation.rotateRoot(call, {})
  return 'project' in what
    ? rotation.rotateProject(call, { project: what.project })
    : rotation.rotateOrganisation(call, { organisation: what.organisation })
}
