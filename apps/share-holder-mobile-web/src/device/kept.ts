import type { PolicyFile } from '@lux/ceremony/policy'
import { cardCodec } from '@lux/ceremony/wire'
import { toHex, wipe } from '@lux/crypto'
import type { ShareEnvelope } from '@lux/crypto/fhe'
import {
  type OpenedShare,
  openShare,
  type PersonKey,
  parsePersonKey,
  readPolicyFile,
  trustedPolicy,
} from '@lux/people'
import type { Vault } from '../storage/vault.ts'
import type { Answer, No } from './api.ts'
import { parseText, type Records } from './records.ts'

/** The opened phone. `person` has the newest envelope key that belongs to no one share. */
export type Open = { readonly vault: Vault; readonly records: Records; readonly person: PersonKey }
export type Kept = Pick<Open, 'records' | 'person'>

export const no = (rule: string, detail = ''): No => ({ ok: false, rule, detail })
export const yes = <T>(value: T): Answer<T> => ({ ok: true, value })

export function policyAt(records: Records, id: string) {
  const bytes = records.read('policy', id)
  if (bytes === null) return null
  const policy = trustedPolicy(bytes)
  return policy.ok ? policy.value : null
}

/** A policy that was taken by hand, with its signatures. Null where it is not here or does not read. */
export function policyFileAt(records: Records, id: string): PolicyFile | null {
  const bytes = records.read('policy', id)
  const file = bytes === null ? null : readPolicyFile(bytes)
  return file?.ok === true ? file.value : null
}

/** Every policy that was taken by hand. */
export const policyFiles = (records: Records): PolicyFile[] =>
  records.ids('policy').flatMap((id) => policyFileAt(records, id) ?? [])

export function shareAt({ records, person }: Kept, id: string): Answer<OpenedShare> {
  const share = records.read('share', id)
  const state = records.read('state', id)
  if (share === null || state === null) return no('PHONE-SHARE-MISSING', id)
  return openShare({ key: person, share, state })
}

export function shareId({ share: { header } }: ShareEnvelope): string {
  return `${toHex(header.epochId)}-${header.holder}`
}

/**
 * The digest of the card whose envelope key opened a share (`seat`), or will open its next one (`renewal`). Null for the phone's own card.
 */
export function cardOfShare(records: Records, store: 'seat' | 'renewal', id: string): string | null {
  const bytes = records.read(store, id)
  // `renew` and `takeEpoch` wrote it, under the vault's key.
  return bytes === null ? null : (parseText(bytes) as { card: string }).card
}

/** The phone's key, with the envelope key of one of its cards. All cards share the signing keys. Null where it has no such card. */
export function keyOfCard({ records, person }: Kept, card: string | null): PersonKey | null {
  if (card === null || card === cardCodec.digest(person.card)) return person
  const plain = records.read('person', card)
  if (plain === null) return null
  const parsed = parsePersonKey(plain)
  wipe(plain)
  if (!parsed.ok) return null
  const { card: of, seal, identity } = parsed.value
  identity.secret.wipe()
  return { card: of, seal, identity: person.identity }
}
