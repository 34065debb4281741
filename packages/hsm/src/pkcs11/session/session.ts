import { CKO, CKR, CKU, mechanismName } from '../../constants.ts'
import { copyOutsideHeap } from '../../copy-outside-heap.ts'
import type {
  KeyClass,
  KeyRef,
  MechanismFunction,
  MechanismInfo,
  TokenInfo,
  UserKind,
  WrapMechanism,
  WrapMechanismReport,
} from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import type { Profile } from '../../profiles/profile.ts'
import { profileOf } from '../../profiles/profiles.ts'
import { CKA, hex, num } from '../library/attributes.ts'
import { attempt, call, ckrOf } from '../library/errors.ts'
import type { Handle, Module } from '../library/module.ts'
import { requireTriesLeft } from './pin-tries.ts'
import { Paces, SessionPool } from './session-pool.ts'
import { describeMechanisms, listMechanisms, type RawTokenInfo, tokenInfo } from './token-info.ts'

/** The root as an open session key: it lives only in this session, and a crash destroys it. */
export type OpenWindow = {
  readonly handle: Handle
  /** The identifier of the open root and of its closed copy, at random. */
  readonly openId: string
  readonly ckaId: string
  readonly label: string
  /** All that is to be destroyed still if no root comes of it: the open root, and what a commit made. */
  readonly keys: Set<Handle>
  /** Wrapped to every destination: until then nothing can be committed. */
  opened: boolean
}

export const classNumber: Readonly<Record<KeyClass, number>> = {
  secret: CKO.SECRET_KEY,
  public: CKO.PUBLIC_KEY,
  private: CKO.PRIVATE_KEY,
}

/** The answer of a token that has ended the session that it was called with. */
export const isLost = (ckr: number | null): boolean =>
  ckr === CKR.SESSION_HANDLE_INVALID || ckr === CKR.SESSION_CLOSED

export type Login = {
  readonly user: UserKind
  /** null: typed at the token's own pad. */
  readonly pin: Uint8Array | null
  /** Held until logout for one new login per lost session; wiped by a refusal. */
  readonly keep: boolean
  readonly name?: string
}

/** One session to make keys in and a few to work with them. */
const defaultPoolSize = 4

/**
 * One token. A read-only session would bar the security officer, so it is opened on a write-protected token alone. Handles are remembered by id until
 * the login ends, because private handles die with it.
 */
export class TokenSession {
  readonly module: Module
  readonly serial: string
  readonly slot: Handle
  readonly profile: Profile
  readonly pool: SessionPool
  readonly paces = {
    sign: new Paces(),
    verify: new Paces(),
    encrypt: new Paces(),
    decrypt: new Paces(),
    wrap: new Paces(),
  }
  /** Counts the sets of sessions that the token has lost. */
  epoch = 0
  loggedIn: UserKind | null = null
  window: OpenWindow | null = null
  wrapMechanism: WrapMechanismReport | null = null
  wrapProofs: readonly WrapMechanism[] = []
  /** Optional attributes that the token has refused, by the way in which objects are made: class, name and value. */
  readonly lacks = new Map<string, ReadonlySet<string>>()
  #session: Handle | null = null
  #readOnly = false
  #kept: Login | null = null
  #mechanisms: ReadonlyMap<number, MechanismInfo> | null = null
  #numbers: readonly number[] | null = null
  readonly #handles: Readonly<Record<KeyClass, Map<string, Handle>>> = {
    secret: new Map(),
    public: new Map(),
    private: new Map(),
  }
  readonly #allowed = new Map<string, readonly number[] | null>()

  constructor(module: Module, slot: Handle, info: TokenInfo, poolSize = defaultPoolSize) {
    this.module = module
    this.slot = slot
    this.serial = info.serial
    this.profile = profileOf(info.manufacturer, info.model)
    const limit = Math.min(poolSize, (info.maxSessions ?? Number.MAX_SAFE_INTEGER) - 1)
    this.pool = new SessionPool(module, () => this.#openSession(), limit)
  }

  get isOpen(): boolean {
    return this.#session !== null
  }

  /** The session that owns what we make. */
  get session(): Handle {
    this.#session ??= this.#openSession(() => {
      this.#readOnly = true
    })
    return this.#session
  }

  /** A slot is named and not a token: who is behind it is looked at once the session is open, which ends with that token. */
  #openSession(onReadOnly?: () => void): Handle {
    const session = this.module.openSession(this.slot, onReadOnly)
    const same = attempt(() => this.#requireSame())
    if (same.ok) return session
    attempt(() => call('closing a session', () => this.module.p11.C_CloseSession(session)))
    throw same.error
  }

  /** Errors: HSM-TOKEN-ABSENT where another token is in the slot by now, or this one erased. */
  #requireSame(): RawTokenInfo {
    const raw = call('reading token information', () => this.module.p11.C_GetTokenInfo(this.slot))
    const info = tokenInfo(this.slot, raw, null, [])
    if (info.serial === this.serial) return raw
    const other = info.initialised ? `${info.serial} is` : 'one that was never initialised is'
    throw hsmError('HSM-TOKEN-ABSENT', `token ${this.serial} is not in its slot any more: ${other}`)
  }

  /** Errors: HSM-TOKEN-ABSENT where another token is in the slot by now. */
  info(): TokenInfo {
    const raw = this.#requireSame()
    this.#numbers ??= listMechanisms(this.module, this.slot)
    return tokenInfo(this.slot, raw, this.loggedIn, this.#numbers)
  }

  get mechanisms(): ReadonlyMap<number, MechanismInfo> {
    this.#mechanisms ??= new Map(describeMechanisms(this.module, this.slot).map((m) => [m.number, m]))
    return this.#mechanisms
  }

  has(mechanism: number, does: MechanismFunction): boolean {
    return this.mechanisms.get(mechanism)?.does.includes(does) ?? false
  }

  /** Refuses before the call what the token's own list does not have. */
  requireMechanism(mechanism: number, does: MechanismFunction): void {
    if (this.has(mechanism, does)) return
    // A slot list or details that cannot be read prove nothing. Only the token's own answer shows that it is gone.
    if (this.mechanisms.size === 0 || this.mechanisms.get(mechanism)?.does.length === 0) {
      this.#mechanisms = null
      this.#numbers = null
      return
    }
    const how = this.mechanisms.has(mechanism)
      ? `lists ${mechanismName(mechanism)}, but not to ${does}`
      : `has no ${mechanismName(mechanism)}`
    throw hsmError('HSM-UNSUPPORTED', `token ${this.serial} ${how}`)
  }

  /** What is encrypted under another nonce than the caller's, the caller could never open. Errors: HSM-UNSUPPORTED. */
  requireGivenNonce(): void {
    if (this.profile.gcmNonce === 'caller') return
    throw hsmError(
      'HSM-UNSUPPORTED',
      `${this.profile.name} encrypts by AES-GCM under a nonce of its own and not the one that it is given; nothing was encrypted`,
    )
  }

  requireUser(user: UserKind = 'user'): void {
    if (this.loggedIn === user) return
    if (this.loggedIn)
      throw hsmError('HSM-LOGIN-OTHER', `the ${this.loggedIn} is logged in, the ${user} is needed`)
    throw hsmError('HSM-NOT-LOGGED-IN', `nobody is logged in to token ${this.serial}`)
  }

  /** Whoever makes and destroys keys on this kind of token. Errors: HSM-NOT-LOGGED-IN, HSM-LOGIN-OTHER. */
  requireMaker(): void {
    const { makesKeys, name } = this.profile
    if (makesKeys === 'so' && this.loggedIn === 'user')
      throw hsmError(
        'HSM-LOGIN-OTHER',
        `the security officer makes and destroys the keys of a ${name}, and the user is logged in`,
      )
    this.requireUser(makesKeys)
  }

  logIn(login: Login): void {
    const { user, pin, name } = login
    if (this.loggedIn === user) throw hsmError('HSM-ALREADY-LOGGED-IN', `the ${user} is already logged in`)
    if (this.loggedIn) throw hsmError('HSM-LOGIN-OTHER', `the ${this.loggedIn} is logged in`)
    // The protection may have been lifted since.
    if (this.#readOnly) this.#closeSessions()
    const kind = user === 'so' ? CKU.SO : CKU.USER
    const { session } = this
    // A library may carry an open session over to the next token in the slot.
    this.#requireSame()
    if (name === undefined) this.module.login(session, kind, pin)
    else this.module.loginUser(session, kind, pin, name)
    this.loggedIn = user
    this.forgetHandles()
    if (login.keep && pin && !this.#kept) this.#kept = { ...login, pin: copyOutsideHeap(pin) }
  }

  /**
   * Closes all sessions, whatever the token answers, because a login ends with the last of them. Keys that live only in the session are
   * gone after it. A token without a login, or that has ended the session, counts as logged out.
   */
  logOut(): void {
    this.forgetPin()
    this.forgetHandles()
    if (!this.loggedIn) return
    try {
      call('logging out', () => this.module.p11.C_Logout(this.session))
    } catch (error) {
      const answer = ckrOf(error)
      if (answer !== CKR.USER_NOT_LOGGED_IN && !isLost(answer)) throw error
    } finally {
      this.close()
    }
  }

  close(): void {
    this.forgetPin()
    this.#closeSessions()
  }

  get keepsPin(): boolean {
    return this.#kept !== null
  }

  forgetPin(): void {
    this.#kept?.pin?.fill(0)
    this.#kept = null
  }

  /**
   * The token lost our sessions. Opens new ones, and logs in once more with a PIN that was given to be kept. A refused PIN is wiped and
   * never sent again, and the last try is never spent. Session keys and an open window are gone.
   */
  renew(): void {
    const kept = this.#kept
    this.epoch += 1
    attempt(() => this.#closeSessions())
    if (!kept) return
    try {
      requireTriesLeft(this.serial, kept.user, this.info().pin[kept.user], false)
      this.logIn(kept)
    } catch (error) {
      this.forgetPin()
      throw error
    }
  }

  #closeSessions(): void {
    this.forgetHandles()
    this.pool.closeAll()
    const session = this.#session
    this.#session = null
    this.#readOnly = false
    this.loggedIn = null
    this.window = null
    if (!session) return
    const closed = attempt(() => call('closing the session', () => this.module.p11.C_CloseSession(session)))
    if (!closed.ok && !isLost(ckrOf(closed.error))) throw closed.error
  }

  forgetHandles(): void {
    this.#allowed.clear()
    for (const handles of Object.values(this.#handles)) handles.clear()
  }

  /** The one object of this id and class; a second one is refused, because an id can be planted. */
  find(ref: KeyRef): Handle {
    const handles = this.#handles[ref.class]
    const known = handles.get(ref.id)
    if (known) return known
    const found = this.findAll(ref)
    const [only] = found
    if (!only) throw hsmError('HSM-KEY-ABSENT', `no ${ref.class} key ${ref.id} on token ${this.serial}`)
    if (found.length > 1)
      throw hsmError('HSM-DUPLICATE-ID', `${found.length} ${ref.class} keys carry ${ref.id}`)
    handles.set(ref.id, only)
    return only
  }

  findAll(ref: KeyRef): Handle[] {
    return this.module.find(this.session, [num('CLASS', classNumber[ref.class]), hex('ID', ref.id)])
  }

  /** The key's own list; null when it has none or does not show it. */
  allowedMechanisms(key: Handle): readonly number[] | null {
    const name = key.toString('hex')
    const known = this.#allowed.get(name)
    if (known !== undefined) return known
    const allowed = this.#readAllowed(key)
    this.#allowed.set(name, allowed)
    return allowed
  }

  #readAllowed(key: Handle): readonly number[] | null {
    const read = attempt(() => this.module.getAttribute(this.session, key, CKA.ALLOWED_MECHANISMS))
    if (!read.ok || read.value === 'absent' || read.value.length === 0 || read.value.length % 8 !== 0)
      return null
    const { value } = read
    return Array.from({ length: value.length / 8 }, (_, i) => Number(value.readBigUInt64LE(i * 8)))
  }

  destroyHandle(handle: Handle): void {
    this.forgetHandles()
    call('destroying an object', () => this.module.p11.C_DestroyObject(this.session, handle))
  }
}
