import type { Policy } from '@lux/ceremony/policy'
import { fromHex } from '@lux/crypto'
import {
  type Budgets,
  forgetEnvelope,
  parsePublic,
  proveShare,
  type ShareEnvelope,
  type ShareProof,
} from '@lux/crypto/fhe'
import { CoreError } from '@lux/node-files'
import { dealtBudgets } from '../core/runs/folder/budgets.ts'
import type { Held } from './held-share.ts'
import { refused } from './shell/command-line.ts'
import type { PersonKey } from './shell/key-file.ts'

/** The holder's age identity. Errors: REQUEST-ROLE, REQUEST-DOMAIN. */
export function holderSeal({ card, seal }: PersonKey, path: string, domain: string): string {
  if (seal === null)
    throw new CoreError(
      'REQUEST-ROLE',
      `${path} is the key of ${card.name}, ${card.kind}`,
      'name a holder’s key file',
    )
  if (card.domain !== domain)
    throw new CoreError(
      'REQUEST-DOMAIN',
      `${path} is of ${card.domain}, the share of ${domain}`,
      'use the key that was enrolled for it',
    )
  return seal
}

/** Checks everything about a share again. Errors: FHE-…. */
export function heldProof(
  { content, sealed, pub, ceremonyId, policyDigest: policy }: Held,
  key: PersonKey,
): ShareProof {
  const proved = proveShare({
    envelope: content,
    sealed,
    pub,
    expected: { ceremonyId, name: key.card.name, policyHash: fromHex(policy, 32) },
  })
  if (!proved.ok) throw refused(proved, 'do not acknowledge it; tell the administrator of the ceremony')
  return proved.value
}

/** The envelope of a kept share, checked again. Errors: those of `heldProof` and `holderSeal`. */
export function openHeldShare(held: Held, key: PersonKey, keyPath: string): ShareEnvelope {
  const { envelope } = heldProof(held, key)
  try {
    holderSeal(key, keyPath, envelope.share.header.domain)
    return envelope
  } catch (error) {
    forgetEnvelope(envelope)
    throw error
  }
}

/**
 * The budgets that a share of a first dealing must have under its policy. Of a later epoch only its ceremony knows them: null.
 * Errors: FHE-FLOOD-FLOOR.
 */
export function policyBudgets({ share }: ShareEnvelope, pub: Uint8Array, policy: Policy): Budgets | null {
  const { t, n, epoch } = share.header
  if (epoch !== 0) return null
  const mode = share.budgets.at64 > 0 ? 'F' : 'S'
  return dealtBudgets({ t, n, mode, squash: parsePublic(pub).pub128.length > 0 }, policy)
}
