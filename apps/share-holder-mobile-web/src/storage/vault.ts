import { encodeCanonical, toHex } from '@lux/crypto'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'

/** Argon2id (RFC 9106): `memory` in KiB, `passes`, one lane. */
export type PassphraseCost = { readonly memory: number; readonly passes: number }

export type PassphraseSlot = PassphraseCost & {
  /** 16 bytes. */
  readonly salt: Uint8Array
  /** 24 bytes. */
  readonly nonce: Uint8Array
  /** The vault's key of 32 bytes, sealed under what Argon2id makes of the passphrase: 48 bytes. */
  readonly sealed: Uint8Array
}

/** What lies on the device in the clear: nothing in it opens a record without the passphrase. */
export type VaultHeader = {
  readonly v: 1
  /** 16 bytes: a vault that was wiped and made anew is another one. */
  readonly id: Uint8Array
  readonly passphrase: PassphraseSlot
}

/** Argon2id of a passphrase (UTF-8, NFKC) and a salt of 16 bytes: 32 bytes. */
export type DeriveKey = (passphrase: string, salt: Uint8Array, cost: PassphraseCost) => Promise<Uint8Array>

export type Vault = { readonly header: VaultHeader; readonly key: Uint8Array }

export const leastCost: PassphraseCost = { memory: 65_536, passes: 3 }
/** Beyond this a header is not one of ours: deriving would only exhaust the phone. */
export const mostMemory = 1_048_576
export const mostPasses = 16

function slotContext(
  id: Uint8Array,
  { memory, passes, salt }: Omit<PassphraseSlot, 'nonce' | 'sealed'>,
): Uint8Array {
  return encodeCanonical({
    format: 'lux-phone-vault/v1',
    id: toHex(id),
    memory: String(memory),
    passes: String(passes),
    salt: toHex(salt),
  })
}

/** A new vault under a passphrase. `random(n)` gives n fresh random bytes. */
export async function createVault(
  passphrase: string,
  cost: PassphraseCost,
  derive: DeriveKey,
  random: (length: number) => Uint8Array,
): Promise<Vault> {
  const id = random(16)
  const key = random(32)
  return { key, header: { v: 1, id, passphrase: await sealSlot(id, key, passphrase, cost, derive, random) } }
}

async function sealSlot(
  id: Uint8Array,
  key: Uint8Array,
  passphrase: string,
  cost: PassphraseCost,
  derive: DeriveKey,
  random: (length: number) => Uint8Array,
): Promise<PassphraseSlot> {
  const memory = Math.max(cost.memory, leastCost.memory)
  const passes = Math.max(cost.passes, leastCost.passes)
  const salt = random(16)
  const nonce = random(24)
  const wrapping = await derive(passphrase, salt, { memory, passes })
  const context = slotContext(id, { memory, passes, salt })
  const sealed = xchacha20poly1305(wrapping, nonce, context).encrypt(key)
  wrapping.fill(0)
  return { memory, passes, salt, nonce, sealed }
}

/** Opens a vault; null is a wrong passphrase, or a header that was changed: the two cannot be told apart. */
export async function openVault(
  header: VaultHeader,
  passphrase: string,
  derive: DeriveKey,
): Promise<Vault | null> {
  const { memory, passes, salt, nonce, sealed } = header.passphrase
  if (header.v !== 1 || memory > mostMemory || passes > mostPasses) return null
  if (salt.length !== 16 || nonce.length !== 24 || sealed.length !== 48 || header.id.length !== 16)
    return null
  const wrapping = await derive(passphrase, salt, { memory, passes })
  try {
    const context = slotContext(header.id, { memory, passes, salt })
    return { header, key: xchacha20poly1305(wrapping, nonce, context).decrypt(sealed) }
  } catch {
    return null
  } finally {
    wrapping.fill(0)
  }
}
