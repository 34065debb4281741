import { encodeCanonical, hkdfSha256, toHex, utf8 } from '@lux/crypto'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'

/** Argon2id (RFC 9106): `memory` in KiB, `passes`, one lane. */
type PassphraseCost = { readonly memory: number; readonly passes: number }

type PassphraseSlot = PassphraseCost & {
  /** 16 bytes. */
  readonly salt: Uint8Array
  /** 24 bytes. */
  readonly nonce: Uint8Array
  /** The vault's key of 32 bytes, sealed under what Argon2id makes of the passphrase: 48 bytes. */
  readonly sealed: Uint8Array
}

/** The second slot: what a passkey's PRF makes of `salt` opens it. The passphrase opens the vault as before. */
type PasskeySlot = {
  /** Which passkey is asked. */
  readonly credential: Uint8Array
  /** 32 bytes of this device alone, which the passkey is given. */
  readonly salt: Uint8Array
  /** 24 bytes. */
  readonly nonce: Uint8Array
  readonly sealed: Uint8Array
}

/** What lies on the device in the clear: nothing in it opens a record without the passphrase or the passkey. */
export type VaultHeader = {
  readonly v: 1
  /** 16 bytes: a vault that was wiped and made anew is another one. */
  readonly id: Uint8Array
  readonly passphrase: PassphraseSlot
  readonly passkey?: PasskeySlot
  /** Passphrases that were wrong since the last right one. */
  readonly wrong?: number
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

/** HKDF of the 32 bytes that a passkey's PRF gave, under the salt that it was given. */
function passkeyWrapping(secret: Uint8Array, salt: Uint8Array): Uint8Array {
  return hkdfSha256(secret, salt, utf8('lux-phone-passkey/v1'), 32)
}

function passkeyContext(
  id: Uint8Array,
  { credential, salt }: Pick<PasskeySlot, 'credential' | 'salt'>,
): Uint8Array {
  return encodeCanonical({
    format: 'lux-phone-passkey/v1',
    id: toHex(id),
    credential: toHex(credential),
    salt: toHex(salt),
  })
}

/** What a passkey gave: 32 bytes of its PRF over `salt`. */
type PasskeySecret = {
  readonly credential: Uint8Array
  readonly salt: Uint8Array
  readonly secret: Uint8Array
}

/** The header of a vault that this passkey opens too; null where what was given is of another length. */
export function withPasskey(
  { header, key }: Vault,
  { credential, salt, secret }: PasskeySecret,
  random: (length: number) => Uint8Array,
): VaultHeader | null {
  if (secret.length !== 32 || salt.length !== 32 || credential.length === 0 || credential.length > 1023)
    return null
  const nonce = random(24)
  const wrapping = passkeyWrapping(secret, salt)
  const context = passkeyContext(header.id, { credential, salt })
  const sealed = xchacha20poly1305(wrapping, nonce, context).encrypt(key)
  wrapping.fill(0)
  return { ...header, passkey: { credential, salt, nonce, sealed } }
}

export function withoutPasskey({ passkey: _passkey, ...header }: VaultHeader): VaultHeader {
  return header
}

/** Opens a vault by its second slot; null where there is none, the passkey gave something else, or the header was changed. */
export function openWithPasskey(header: VaultHeader, secret: Uint8Array): Vault | null {
  const slot = header.passkey
  if (header.v !== 1 || slot === undefined || secret.length !== 32 || header.id.length !== 16) return null
  if (slot.salt.length !== 32 || slot.nonce.length !== 24 || slot.sealed.length !== 48) return null
  const wrapping = passkeyWrapping(secret, slot.salt)
  try {
    const context = passkeyContext(header.id, slot)
    return { header, key: xchacha20poly1305(wrapping, slot.nonce, context).decrypt(slot.sealed) }
  } catch {
    return null
  } finally {
    wrapping.fill(0)
  }
}
