import type { InitialisedToken, TokenInfo, UnreadableSlot } from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import { initialisation, requireTwoPins } from '../../new-pin.ts'
import { profileOf } from '../../profiles/profiles.ts'
import { CKA, is, readAttribute } from '../library/attributes.ts'
import { attempt } from '../library/errors.ts'
import type { Handle, Module } from '../library/module.ts'
import { softTokenFolder, softTokenMarks, softTokenStore } from '../library/soft-store.ts'
import { scratchPublicKey } from '../objects/public-keys.ts'
import { freeSlot, isUnclear, isUnfinished, requireInitialisable, slotOf, unfinished } from './choose-slot.ts'
import { requirePinLength, requireTriesLeft } from './pin-tries.ts'
import { TokenSession } from './session.ts'
import { countSlots, listSlots, type Slot, seeSlots, unreadableSlot } from './token-info.ts'

type Pins = { readonly so: Uint8Array; readonly user: Uint8Array }

/** PKCS#11 v3.1 section 3.2, CK_TOKEN_INFO: UTF-8, padded to so many bytes. */
const labelBytes = 32

/** The tokens of one library, by serial number. */
export class Tokens {
  readonly module: Module
  readonly #poolSize: number | undefined
  readonly #open = new Map<string, TokenSession>()
  /** What the open ones last said of themselves. */
  readonly #known = new Map<string, TokenInfo>()
  #marks: string

  constructor(module: Module, poolSize?: number) {
    this.module = module
    this.#poolSize = poolSize
    this.#marks = this.#softMarks()
  }

  /** Serial first; uninitialised slots last and without a serial. Beside them what cannot be read. */
  list(): { tokens: TokenInfo[]; unreadable: UnreadableSlot[]; emptySlots: number } {
    this.#lookForSoftTokens()
    const { slots, unclear } = seeSlots(this.module)
    const seen = slots.map(({ info }) => info)
    const kept: Handle[] = []
    for (const [serial, open] of [...this.#open]) {
      if (seen.some((info) => info.serial === serial)) continue
      const known = this.#known.get(serial)
      // One failed look is no farewell: to forget its session would end a login and destroy what is made in it.
      if (known && isUnclear(unclear, open.slot) && !this.#softIsGone(serial)) {
        seen.push(known)
        kept.push(open.slot)
      }
      // A token that was pulled out has taken its sessions along: what comes back later is logged in to anew.
      else attempt(() => this.forget(serial))
    }
    for (const info of seen) if (this.#open.has(info.serial)) this.#known.set(info.serial, info)
    const tokens = seen
      .map((info) => ({ ...info, loggedIn: this.#open.get(info.serial)?.loggedIn ?? null }))
      .sort((a, b) => Number(b.initialised) - Number(a.initialised) || (a.serial < b.serial ? -1 : 1))
    const unreadable = unclear
      .filter(({ slot }) => !kept.some((one) => one.equals(slot)))
      .map((slot) => unreadableSlot(slot))
    const emptySlots = slots.length + unclear.length === 0 ? countSlots(this.module) : 0
    return { tokens, unreadable, emptySlots }
  }

  /** The library is SoftHSM, or hands its calls on to it: what SOFTHSM2_CONF names is its store, and no other library's. */
  get soft(): boolean {
    return this.module.library.manufacturer === 'SoftHSM'
  }

  #softMarks(): string {
    return this.soft ? softTokenMarks() : ''
  }

  /** SoftHSM reads its store once, when it starts. Starting it again ends every login, so it waits until there is none. */
  #lookForSoftTokens(): void {
    const marks = this.#softMarks()
    if (
      marks === 'changing' ||
      marks === this.#marks ||
      [...this.#open.values()].some(({ isOpen }) => isOpen)
    )
      return
    this.#open.clear()
    this.#known.clear()
    this.module.restart()
    this.#marks = marks
  }

  /** The token that calls have gone to already. */
  opened(serial: string): TokenSession | undefined {
    return this.#open.get(serial)
  }

  get(serial: string): TokenSession {
    const open = this.#open.get(serial)
    if (open) return open
    const { slot, info } = slotOf(serial, seeSlots(this.module))
    const session = new TokenSession(this.module, slot, info, this.#poolSize)
    this.#open.set(serial, session)
    this.#known.set(serial, info)
    return session
  }

  /** Is the token still there? Asked after a failure that a removed token could explain; one that only does not answer is. */
  present(serial: string): boolean {
    const { slots, unclear } = seeSlots(this.module)
    const open = this.#open.get(serial)
    if (slots.some(({ info }) => info.initialised && info.serial === serial)) return true
    // Which token it is that cannot be read is known of an open one alone.
    if (open === undefined) return unclear.length > 0
    return isUnclear(unclear, open.slot) && !this.#softIsGone(serial)
  }

  /** SoftHSM answers CKR_GENERAL_ERROR for a token whose folder was deleted. */
  #softIsGone(serial: string): boolean {
    return this.soft && softTokenStore() !== null && softTokenFolder(serial) === null
  }

  forget(serial: string): void {
    const open = this.#open.get(serial)
    this.#open.delete(serial)
    this.#known.delete(serial)
    open?.close()
  }

  /**
   * Erases a token and sets both PINs. A token that can be initialised only once, and was interrupted, gets the missing PINs under its own
   * label. `new` takes the named slot or any free one. The new token's serial and slot are known only afterwards, as those that were not
   * there before.
   */
  initialise(
    serial: string,
    options: {
      label: string
      pins: Pins | null
      slot?: string | null
      acceptFinalTry?: boolean
      sameLabel?: boolean
    },
  ): InitialisedToken {
    const { slot = null } = options
    if (slot !== null && serial !== 'new') throw new RangeError('slot: names a new token only')
    const bytes = Buffer.byteLength(options.label, 'utf8')
    if (bytes < 1 || bytes > labelBytes)
      throw hsmError('HSM-LABEL-LENGTH', `the label has ${bytes} bytes, a token takes 1 to ${labelBytes}`)
    const seen = seeSlots(this.module)
    const before = seen.slots
    const target = serial === 'new' ? freeSlot(slot, before) : slotOf(serial, seen)
    const namesake = before.find(
      ({ info }) => info.initialised && info.label === options.label && info.serial !== serial,
    )
    if (options.sameLabel !== true && namesake)
      throw isUnfinished(namesake)
        ? unfinished(namesake)
        : hsmError(
            'HSM-DUPLICATE-LABEL',
            `token ${namesake.info.serial} is labelled ${JSON.stringify(options.label)} already`,
          )
    const profile = profileOf(target.info.manufacturer, target.info.model)
    // What is initialised once and was interrupted is not erased again: what is left to do is done.
    const finishes = initialisation(target.info) === 'finish'
    if (finishes && target.info.label !== options.label) throw unfinished(target)
    requireInitialisable(profile, target, before, finishes)
    const { pins } = options
    requireTriesLeft(target.info.serial, 'so', target.info.pin.so, options.acceptFinalTry === true)
    if (pins === null && !target.info.pinPad)
      throw hsmError('HSM-UNSUPPORTED', 'the token has no PIN pad to choose its PINs at')
    if (pins !== null) {
      requirePinLength(target.info, 'so', pins.so)
      requirePinLength(target.info, 'user', pins.user)
      requireTwoPins(pins.so, pins.user)
    }
    const factory = profile.pin.factorySoPin
    if (factory !== null && pins !== null && Buffer.from(pins.so).equals(Buffer.from(factory)))
      throw hsmError('HSM-PIN-INVALID', 'the SO PIN is the one that every new token of this kind has')
    if (target.info.initialised) this.forget(serial)
    const chosen = pins?.so ?? null
    const hasFactoryPin = finishes ? target.soPinToBeChanged : !target.info.initialised
    const given = pins === null || !hasFactoryPin || factory === null ? chosen : Buffer.from(factory)
    if (!finishes) this.module.initToken(target.slot, given, options.label)
    const made = finishes ? target : this.#madeIn(target, before)
    const session = new TokenSession(this.module, made.slot, made.info)
    let marksTrusted: boolean | null = null
    try {
      session.logIn({ user: 'so', pin: given, keep: false })
      if (given !== chosen) this.module.setPin(session.session, given, chosen)
      this.module.initPin(session.session, pins?.user ?? null)
      if (profile.plan.trustedWindow) marksTrusted = canMarkTrusted(session)
      session.logOut()
    } finally {
      session.close()
    }
    this.#marks = this.#softMarks()
    const whole = listSlots(this.module).find(({ slot }) => slot.equals(made.slot))
    return { ...this.get(made.info.serial || (whole?.info.serial ?? '')).info(), marksTrusted }
  }

  #madeIn(target: Slot, before: readonly Slot[]): Slot {
    const after = listSlots(this.module)
    const known = new Set(before.map(({ info }) => info.serial))
    // SoftHSM gives a token that was made in its free slot another slot; others keep it where it was made.
    const made =
      after.find(({ slot, info }) => info.initialised && slot.equals(target.slot)) ??
      after.find(({ info }) => info.initialised && !known.has(info.serial)) ??
      // NSS calls a token initialised once its user has a PIN.
      after.find(({ slot, info }) => !info.initialised && slot.equals(target.slot))
    if (!made) throw hsmError('HSM-DEVICE-ERROR', 'the initialised token does not appear')
    return made
  }

  close(): void {
    for (const serial of [...this.#open.keys()]) this.forget(serial)
  }
}

/**
 * Whether the security officer, who is logged in, can make a public key that the token calls trusted. A scratch key of the session shows
 * it. A token that refuses, or keeps the key without the mark, has no trusted window.
 */
function canMarkTrusted(token: TokenSession): boolean {
  const { module, session } = token
  const asked = [...scratchPublicKey(), is('PRIVATE', false), is('TRUSTED', true)]
  // Whatever goes wrong here, the token is initialised: the answer is no.
  const made = attempt(() => module.createObject(session, asked, 'making a scratch key that is trusted'))
  if (!made.ok) return false
  const read = attempt(() => readAttribute(module, session, made.value, CKA.TRUSTED))
  attempt(() => token.destroyHandle(made.value))
  return read.ok && read.value.ok && read.value.value === 'true'
}
