import { join } from 'node:path'
import { authoritiesOf, type Policy, policyDigest } from '@lux/ceremony/policy'
import { cardCodec, type RequestAuthorities, type SignerGroup } from '@lux/ceremony/wire'
import { equalBytes, FormatError, sha256Hex, toHex, utf8, type VerificationKeys } from '@lux/crypto'
import { type PublicFile, parsePublic, rosterDigest } from '@lux/crypto/fhe'
import type { Selectable } from 'kysely'
import type { SealedDatabase } from '../platform/database/authority/authority.ts'
import type { Database } from '../platform/database/open.ts'
import type { FheEpochTable, FheKeyTable, KeyTable } from '../platform/database/tables.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { pinnedPolicies } from '../platform/state-folder/policies.ts'
import { readIfPresent } from '../platform/state-folder/private-file.ts'
import { accept, EnvironmentError, type Outcome, refuse } from '../refusal.ts'

export type StoredFheKey = Selectable<FheKeyTable>
export type StoredEpoch = Selectable<FheEpochTable>
/** An epoch with its public file and its holders, by number from 1. */
export type OpenedEpoch = {
  readonly row: StoredEpoch
  readonly pub: Uint8Array
  readonly parsed: PublicFile
  readonly holders: readonly { readonly name: string; readonly keys: VerificationKeys }[]
}

/** Who may ask, open, vouch and approve: of the policy under which the epoch's shares were dealt. */
export type EpochTerms = {
  readonly policy: Policy
  readonly authorities: RequestAuthorities
  readonly approvers: SignerGroup
}

const maxPublic = 4 << 20

export async function findFheKey(work: Database, id: string): Promise<StoredFheKey | 'absent'> {
  return (await work.selectFrom('fhe_key').selectAll().where('id', '=', id).executeTakeFirst()) ?? 'absent'
}

/** The record that asked for a key governs it here too. Refuses KEY-DISABLED, KEY-DELETED. */
export async function checkServed(work: SealedDatabase, id: string): Promise<Outcome<null>> {
  const record = await work.selectFrom('key').selectAll().where('fhe_key_id', '=', id).executeTakeFirst()
  if (record === undefined) return accept(null)
  await work.authority.vouch('key', [record], { fhe_key_id: id })
  return notSwitchedOff(record)
}

export function notSwitchedOff({
  is_disabled,
  destroy_at,
}: Pick<Selectable<KeyTable>, 'is_disabled' | 'destroy_at'>): Outcome<null> {
  if (destroy_at !== null) return refuse('KEY-DELETED', 'the deletion of its record was asked for')
  return is_disabled ? refuse('KEY-DISABLED', 'its record is switched off') : accept(null)
}

/** The name and project that a key was asked for under; null of one that nobody asked for. */
export async function askedFor(
  work: SealedDatabase,
  id: string,
): Promise<{ readonly name: string | null; readonly project: string | null }> {
  const asked = await work.selectFrom('key').selectAll().where('fhe_key_id', '=', id).executeTakeFirst()
  if (asked === undefined) return { name: null, project: null }
  await work.authority.vouch('key', [asked], { fhe_key_id: id })
  return { name: asked.name, project: asked.project_id }
}

/** The row of an epoch by its number. Throws where a key has none: rows of a key are written together. */
export async function epochRow(work: Database, keyId: string, epoch: number): Promise<StoredEpoch> {
  return work
    .selectFrom('fhe_epoch')
    .selectAll()
    .where('fhe_key_id', '=', keyId)
    .where('epoch', '=', epoch)
    .executeTakeFirstOrThrow()
}

/**
 * Opens an epoch from what the database says and the files hold. The file's name is its digest, its epoch id covers its
 * content, and the roster in it covers every holder's card, so that a card that was changed in the database is found. Throws
 * EnvironmentError FHE-FILE-DAMAGED, FHE-CARDS-ABSENT.
 */
export async function openEpoch(work: Database, state: StateFolder, row: StoredEpoch): Promise<OpenedEpoch> {
  const damaged = (what: string) => new EnvironmentError('FHE-FILE-DAMAGED', `epoch ${row.epoch}: ${what}`)
  const pub = await readIfPresent(join(state.fhe, row.public), maxPublic)
  if (pub === 'absent' || sha256Hex(pub) !== row.public) throw damaged('public.bin is not the imported one')
  let parsed: PublicFile
  try {
    parsed = parsePublic(pub)
  } catch (error) {
    if (error instanceof FormatError) throw damaged(`${error.rule}: ${error.detail}`)
    throw error
  }
  if (toHex(parsed.header.epochId) !== row.epoch_id || toHex(parsed.header.keyId) !== row.fhe_key_id)
    throw damaged('public.bin is of another key or epoch')
  const rows = await work
    .selectFrom('fhe_share_commitment')
    .select(['holder_index', 'holder', 'card'])
    .where('fhe_key_id', '=', row.fhe_key_id)
    .where('epoch', '=', row.epoch)
    .orderBy('holder_index')
    .execute()
  const holders = rows.map(({ holder_index: index, holder: name, card }) => {
    if (card === null)
      throw new EnvironmentError('FHE-CARDS-ABSENT', 'this key was imported before cards were kept')
    const read = cardCodec.parse(utf8(card))
    if (!read.ok) throw damaged(`the card of holder ${index} is damaged`)
    return { index, name, card: cardCodec.digest(read.value), keys: read.value.keys }
  })
  const roster = holders.map(({ index, name, card }) => ({ index, name, card }))
  if (!equalBytes(rosterDigest(roster), parsed.rosterDigest))
    throw damaged('its holders are not those of the roster in public.bin')
  return { row, pub, parsed, holders: holders.map(({ name, keys }) => ({ name, keys })) }
}

/** From the pinned file, never from the database. Throws EnvironmentError POLICY-MISSING. */
export async function termsOfEpoch(state: StateFolder, row: StoredEpoch): Promise<EpochTerms> {
  const pinned = await pinnedPolicies(state)
  const policy = pinned.map((file) => file.policy).find((one) => policyDigest(one) === row.policy_digest)
  if (policy === undefined)
    throw new EnvironmentError('POLICY-MISSING', `the policy ${row.policy_digest} is not pinned`)
  return {
    policy,
    authorities: authoritiesOf(policy),
    approvers: {
      role: 'approver',
      members: policy.approvers.map(({ name, keys }) => ({ name, keys })),
      quorum: policy.approverThreshold,
    },
  }
}
