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

/** The second slot, which opens by what a passkey's PRF makes of `salt`. The passphrase still opens the vault. */
type PasskeySlot = {
  /** Id of the passkey to ask. */
  readonly credential: Uint8Array
  /** 32 bytes of this device alone, the PRF's input. */
  readonly salt: Uint8Array
  /** 24 bytes. */
  readonly nonce: Uint8Array
  readonly sealed: Uint8Array
}

/** What is stored unsealed. It opens no record without the passphrase or the passkey. */
export type VaultHeader = {
  readonly v: 1
  /** 16 bytes. A vault that was wiped and made anew has another id. */
  readonly id: Uint8Array
  readonly passphrase: PassphraseSlot
  readonly passkey?: PasskeySlot
  /** Wrong passphrases since the last right one. */
  readonly wrong?: number
}

/** Argon2id of a passphrase (UTF-8, NFKC) and a salt of 16 bytes: 32 bytes. */
export type DeriveKey = (passphrase: string, salt: Uint8Array, cost: PassphraseCost) => Promise<Uint8Array>

export type Vault = { readonly header: VaultHeader; readonly key: Uint8Array }

export const leastCost: PassphraseCost = { memory: 65_536, passes: 3 }
/** No header of ours asks for more. Deriving would only exhaust the phone. */
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

/** Opens a vault. Null: the passphrase is wrong or the header was changed, which look the same. */
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

/** The key of the second slot: HKDF of the passkey's 32 bytes, under the salt that the passkey was given. */
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

/** What a passkey's PRF gave over `salt`: 32 bytes. */
type PasskeySecret = {
  readonly credential: Uint8Array
  readonly salt: Uint8Array
  readonly secret: Uint8Array
}

/** The header with a second slot for this passkey. Null where its secret has not 32 bytes. */
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

/** Opens a vault by its second slot. Null: it has none, the passkey's secret is another, or the header was changed. */
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
