import { CKF, CKF_MECHANISM, CKM, mechanismName } from '../../constants.ts'
import type {
  HsmError,
  MechanismFunction,
  MechanismInfo,
  PinState,
  TokenAbility,
  TokenInfo,
  UnreadableSlot,
  UserKind,
} from '../../device.ts'
import { profileOf } from '../../profiles/profiles.ts'
import { attempt, call } from '../library/errors.ts'
import type { Handle, Module } from '../library/module.ts'

export type RawTokenInfo = ReturnType<Module['p11']['C_GetTokenInfo']>

const bit = (flags: number, flag: number) => (flags & flag) !== 0

export function pinStates(flags: number): { user: PinState; so: PinState } {
  const state = (locked: number, final: number, low: number, change: number): PinState =>
    bit(flags, locked)
      ? 'locked'
      : bit(flags, final)
        ? 'final'
        : bit(flags, low)
          ? 'low'
          : bit(flags, change)
            ? 'must-change'
            : 'ok'
  const user = bit(flags, CKF.USER_PIN_INITIALIZED)
    ? state(CKF.USER_PIN_LOCKED, CKF.USER_PIN_FINAL_TRY, CKF.USER_PIN_COUNT_LOW, CKF.USER_PIN_TO_BE_CHANGED)
    : 'not-set'
  return {
    user,
    so: state(CKF.SO_PIN_LOCKED, CKF.SO_PIN_FINAL_TRY, CKF.SO_PIN_COUNT_LOW, CKF.SO_PIN_TO_BE_CHANGED),
  }
}

const trim = (value: string) => value.replace(/[\s\0]+$/, '')

/**
 * openCryptoki 3.23 gives its tokens no serial number, NSS gives all of them zeros, a NetHSM another one after a login: such a token is
 * named after its slot.
 */
const nameOf = (slot: Handle, { serialNumber, manufacturerID, model }: RawTokenInfo): string => {
  const serial = trim(serialNumber)
  const isLate = profileOf(trim(manufacturerID), trim(model)).tellsSerialLate === true
  return isLate || /^0*$/.test(serial) ? `slot-${slot.readBigUInt64LE()}` : serial
}

export function tokenInfo(
  slot: Handle,
  raw: RawTokenInfo,
  loggedIn: UserKind | null,
  mechanisms: readonly number[],
): TokenInfo {
  const version = (v: { major: number; minor: number }) => `${v.major}.${v.minor}`
  const manufacturer = trim(raw.manufacturerID)
  const number = slot.readBigUInt64LE().toString()
  const model = trim(raw.model)
  const profile = profileOf(manufacturer, model)
  const initialised = bit(raw.flags, CKF.TOKEN_INITIALIZED)
  // 0 is CK_EFFECTIVELY_INFINITE, all ones CK_UNAVAILABLE_INFORMATION.
  const limited = raw.maxRwSessionCount > 0 && raw.maxRwSessionCount < 0xffff_ffff
  return {
    serial: initialised ? nameOf(slot, raw) : '',
    label: initialised ? trim(raw.label) : '',
    manufacturer,
    model,
    firmware: version(raw.firmwareVersion),
    hardware: version(raw.hardwareVersion),
    slot: number,
    profile: profile.id,
    initialised,
    writeProtected: bit(raw.flags, CKF.WRITE_PROTECTED),
    loginRequired: bit(raw.flags, CKF.LOGIN_REQUIRED),
    pinPad: bit(raw.flags, CKF.PROTECTED_AUTHENTICATION_PATH),
    pin: initialised ? pinStates(raw.flags) : { user: 'not-set', so: 'not-set' },
    loggedIn,
    minPinLength: raw.minPinLen,
    maxPinLength: raw.maxPinLen,
    maxSessions: limited ? raw.maxRwSessionCount : null,
    abilities: abilitiesOf(mechanisms, bit(raw.flags, CKF.RNG), profile.wrapCandidates),
  }
}

/** Numbers of the token's mechanisms; none when it does not say. */
export function listMechanisms(module: Module, slot: Handle): readonly number[] {
  const listed = attempt(() => call('listing mechanisms', () => module.p11.C_GetMechanismList(slot)))
  return listed.ok ? listed.value : []
}

// Object.keys of a const object gives exactly its keys.
const functions = (Object.keys(CKF_MECHANISM) as (MechanismFunction | 'HW')[]).filter((name) => name !== 'HW')

/** The token's list with its details; a mechanism whose details it refuses is listed as able to do nothing. */
export function describeMechanisms(module: Module, slot: Handle): MechanismInfo[] {
  return listMechanisms(module, slot).map((number) => {
    const info = attempt(() => call('reading a mechanism', () => module.p11.C_GetMechanismInfo(slot, number)))
    const { flags, minKeySize, maxKeySize } = info.ok
      ? info.value
      : { flags: 0, minKeySize: 0, maxKeySize: 0 }
    return {
      number,
      name: mechanismName(number),
      minKeySize,
      maxKeySize,
      does: functions.filter((name) => bit(flags, CKF_MECHANISM[name])),
      hardware: bit(flags, CKF_MECHANISM.HW),
    }
  })
}

export type Slot = {
  readonly slot: Handle
  readonly info: TokenInfo
  readonly name: string
  /** The maker's own SO PIN is still there; `PinState` hides it behind wrong tries. */
  readonly soPinToBeChanged: boolean
}

/** `unclear`: slots whose token is there and still does not say what it is. */
export type SlotsSeen = { readonly slots: readonly Slot[]; readonly unclear: readonly UnclearSlot[] }

type UnclearSlot = { readonly slot: Handle; readonly error: HsmError }

export function unreadableSlot({ slot, error }: UnclearSlot): UnreadableSlot {
  const { code, ckr, detail, remedy } = error
  return { slot: slot.readBigUInt64LE().toString(), code, ckr, detail, remedy }
}

const absent: ReadonlySet<string> = new Set([
  'CKR_TOKEN_NOT_PRESENT',
  'CKR_DEVICE_REMOVED',
  'CKR_SLOT_ID_INVALID',
])

/**
 * Slots with a token, each with its serial number, initialised or not, and what it says of itself. Looking again also finds
 * tokens that were plugged in since.
 */
export function seeSlots(module: Module): SlotsSeen {
  const slots: Slot[] = []
  const unclear: UnclearSlot[] = []
  for (const slot of call('listing tokens', () => module.p11.C_GetSlotList(true))) {
    const raw = attempt(() => call('reading token information', () => module.p11.C_GetTokenInfo(slot)))
    if (raw.ok) {
      const info = tokenInfo(slot, raw.value, null, listMechanisms(module, slot))
      const soPinToBeChanged = bit(raw.value.flags, CKF.SO_PIN_TO_BE_CHANGED)
      slots.push({ slot, info, name: nameOf(slot, raw.value), soPinToBeChanged })
    } else if (!absent.has(raw.error.ckr?.name ?? '')) unclear.push({ slot, error: raw.error })
  }
  return { slots, unclear }
}

/** With a token or without; none where the library does not say. */
export function countSlots(module: Module): number {
  const listed = attempt(() => call('listing slots', () => module.p11.C_GetSlotList(false)))
  return listed.ok ? listed.value.length : 0
}

/** As `seeSlots`; a slot whose token does not answer is left out. */
export const listSlots = (module: Module): readonly Slot[] => seeSlots(module).slots

/** Any one of the mechanisms will do; SoftHSM's own 0x210A is RFC 5649. */
const needs: readonly (readonly [TokenAbility, readonly number[]])[] = [
  ['aes-generate', [CKM.AES_KEY_GEN]],
  ['aes-wrap', [CKM.AES_KEY_WRAP, CKM.AES_KEY_WRAP_PAD, CKM.AES_KEY_WRAP_KWP]],
  ['aes-gcm', [CKM.AES_GCM]],
  ['aes-cbc', [CKM.AES_CBC, CKM.AES_CBC_PAD]],
  ['rsa-oaep-wrap', [CKM.RSA_PKCS_OAEP]],
  ['rsa-aes-wrap', [CKM.RSA_AES_KEY_WRAP]],
  ['rsa-generate', [CKM.RSA_PKCS_KEY_PAIR_GEN]],
  ['rsa-sign', [CKM.RSA_PKCS]],
  ['rsa-pss-sign', [CKM.RSA_PKCS_PSS]],
  ['ec-generate', [CKM.EC_KEY_PAIR_GEN]],
  ['ecdsa-sign', [CKM.ECDSA]],
  ['ecdh-derive', [CKM.ECDH1_DERIVE]],
  ['ed25519-generate', [CKM.EC_EDWARDS_KEY_PAIR_GEN]],
  ['eddsa-sign', [CKM.EDDSA]],
  ['secret-generate', [CKM.GENERIC_SECRET_KEY_GEN]],
  ['hmac', [CKM.SHA256_HMAC]],
]

/** `mechanisms`: C_GetMechanismList; `generator`: the token's CKF_RNG flag; `wraps`: the vendor's own numbers of KW and KWP. */
export function abilitiesOf(
  mechanisms: readonly number[],
  generator: boolean,
  wraps: readonly number[] = [],
): TokenAbility[] {
  const listed = new Set(mechanisms)
  const has = (number: number) => listed.has(number)
  const found = needs
    .filter(([ability, any]) => any.some(has) || (ability === 'aes-wrap' && wraps.some(has)))
    .map(([ability]) => ability)
  return generator ? [...found, 'random'] : found
}
