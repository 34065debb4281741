import type { KeyClass, KeyRef, PinState, TokenInfo, UserKind, WrapMechanismReport } from '../device.ts'
import { hsmError } from '../hsm-errors.ts'
import type { Profile } from '../profiles/profile.ts'
import { profileOf } from '../profiles/profiles.ts'
import { abilitiesOf } from './abilities.ts'
import { hex, num } from './attributes.ts'
import { CKF, CKO, CKU } from './constants.ts'
import { attempt, call } from './errors.ts'
import type { Handle, Module } from './module.ts'
import type { OpenWindow } from './window.ts'

export const classNumber: Readonly<Record<KeyClass, number>> = {
  secret: CKO.SECRET_KEY,
  public: CKO.PUBLIC_KEY,
  private: CKO.PRIVATE_KEY,
}

type RawTokenInfo = ReturnType<Module['p11']['C_GetTokenInfo']>

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

export function tokenInfo(
  slot: Handle,
  raw: RawTokenInfo,
  loggedIn: UserKind | null,
  mechanisms: readonly number[],
): TokenInfo {
  const trim = (value: string) => value.replace(/[\s\0]+$/, '')
  const version = (v: { major: number; minor: number }) => `${v.major}.${v.minor}`
  const manufacturer = trim(raw.manufacturerID)
  const model = trim(raw.model)
  const initialised = bit(raw.flags, CKF.TOKEN_INITIALIZED)
  return {
    serial: initialised ? trim(raw.serialNumber) : '',
    label: initialised ? trim(raw.label) : '',
    manufacturer,
    model,
    firmware: version(raw.firmwareVersion),
    hardware: version(raw.hardwareVersion),
    slot: slot.readBigUInt64LE().toString(),
    profile: profileOf(manufacturer, model).id,
    initialised,
    writeProtected: bit(raw.flags, CKF.WRITE_PROTECTED),
    loginRequired: bit(raw.flags, CKF.LOGIN_REQUIRED),
    pin: initialised ? pinStates(raw.flags) : { user: 'not-set', so: 'not-set' },
    loggedIn,
    minPinLength: raw.minPinLen,
    maxPinLength: raw.maxPinLen,
    abilities: abilitiesOf(mechanisms, bit(raw.flags, CKF.RNG)),
  }
}

/** Numbers of the token's mechanisms; none when it does not say. */
function listMechanisms(module: Module, slot: Handle): readonly number[] {
  const listed = attempt(() => call('listing mechanisms', () => module.p11.C_GetMechanismList(slot)))
  return listed.ok ? listed.value : []
}

/**
 * Slots with a token, each with what it says of itself. Looking again also finds tokens that were plugged in since; one
 * that no longer answers is left out.
 */
export function listSlots(module: Module): { slot: Handle; info: TokenInfo }[] {
  return call('listing tokens', () => module.p11.C_GetSlotList(true)).flatMap((slot) => {
    const raw = attempt(() => call('reading token information', () => module.p11.C_GetTokenInfo(slot)))
    if (!raw.ok) return []
    return [{ slot, info: tokenInfo(slot, raw.value, null, listMechanisms(module, slot)) }]
  })
}

/** The token's own limits, checked before it sees a PIN: SoftHSM calls one that is too short a wrong one. */
export function requirePinLength(info: TokenInfo, ...pins: readonly Uint8Array[]): void {
  for (const { length } of pins) {
    if (length < info.minPinLength || length > info.maxPinLength) {
      throw hsmError(
        'HSM-PIN-INVALID',
        `a PIN has ${info.minPinLength} to ${info.maxPinLength} bytes, this one ${length}`,
      )
    }
  }
}

/**
 * One token and our one read-write session on it. Read-only sessions are never opened: one would bar the security
 * officer. Handles are remembered by id until the login ends, because private handles die with it.
 */
export class TokenSession {
  readonly module: Module
  readonly serial: string
  readonly slot: Handle
  readonly profile: Profile
  loggedIn: UserKind | null = null
  window: OpenWindow | null = null
  wrapMechanism: WrapMechanismReport | null = null
  #session: Handle | null = null
  readonly #handles = new Map<string, Handle>()

  constructor(module: Module, slot: Handle, info: TokenInfo) {
    this.module = module
    this.slot = slot
    this.serial = info.serial
    this.profile = profileOf(info.manufacturer, info.model)
  }

  get session(): Handle {
    this.#session ??= call('opening a session', () =>
      this.module.p11.C_OpenSession(this.slot, CKF.SERIAL_SESSION | CKF.RW_SESSION),
    )
    return this.#session
  }

  info(): TokenInfo {
    const raw = call('reading token information', () => this.module.p11.C_GetTokenInfo(this.slot))
    return tokenInfo(this.slot, raw, this.loggedIn, listMechanisms(this.module, this.slot))
  }

  requireUser(user: UserKind = 'user'): void {
    if (this.loggedIn === user) return
    if (this.loggedIn)
      throw hsmError('HSM-LOGIN-OTHER', `the ${this.loggedIn} is logged in, the ${user} is needed`)
    throw hsmError('HSM-NOT-LOGGED-IN', `nobody is logged in to token ${this.serial}`)
  }

  logIn(user: UserKind, pin: Uint8Array | null): void {
    if (this.loggedIn === user) throw hsmError('HSM-ALREADY-LOGGED-IN', `the ${user} is already logged in`)
    if (this.loggedIn) throw hsmError('HSM-LOGIN-OTHER', `the ${this.loggedIn} is logged in`)
    this.module.login(this.session, user === 'so' ? CKU.SO : CKU.USER, pin)
    this.loggedIn = user
    this.forgetHandles()
  }

  /** Session objects die here: a key that lives only in the session is gone after it. */
  logOut(): void {
    this.forgetHandles()
    this.window = null
    if (!this.loggedIn) return
    this.loggedIn = null
    call('logging out', () => this.module.p11.C_Logout(this.session))
    this.close()
  }

  close(): void {
    this.forgetHandles()
    const session = this.#session
    this.#session = null
    this.loggedIn = null
    this.window = null
    if (session) call('closing the session', () => this.module.p11.C_CloseSession(session))
  }

  forgetHandles(): void {
    this.#handles.clear()
  }

  /** The one object of this id and class; a second one is refused, because an id can be planted. */
  find(ref: KeyRef): Handle {
    const name = `${ref.class}:${ref.id}`
    const known = this.#handles.get(name)
    if (known) return known
    const found = this.findAll(ref)
    const [only] = found
    if (!only) throw hsmError('HSM-KEY-ABSENT', `no ${ref.class} key ${ref.id} on token ${this.serial}`)
    if (found.length > 1)
      throw hsmError('HSM-DUPLICATE-ID', `${found.length} ${ref.class} keys carry ${ref.id}`)
    this.#handles.set(name, only)
    return only
  }

  findAll(ref: KeyRef): Handle[] {
    return this.module.find(this.session, [num('CLASS', classNumber[ref.class]), hex('ID', ref.id)])
  }

  requireFree(ref: KeyRef): void {
    if (this.findAll(ref).length > 0)
      throw hsmError('HSM-DUPLICATE-ID', `a ${ref.class} key ${ref.id} exists already`)
  }

  destroyHandle(handle: Handle): void {
    this.forgetHandles()
    call('destroying an object', () => this.module.p11.C_DestroyObject(this.session, handle))
  }
}
