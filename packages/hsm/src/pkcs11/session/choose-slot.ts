import { HsmError } from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import type { Profile } from '../../profiles/profile.ts'
import { profileOf } from '../../profiles/profiles.ts'
import { tokenOfSerial } from '../../token-of-serial.ts'
import type { Handle } from '../library/module.ts'
import { type Slot, type SlotsSeen, unreadableSlot } from './token-info.ts'

export type Slots = readonly Slot[]

/** C_InitToken has run, and nobody ever set a user PIN. */
export const isUnfinished = ({ info }: Slot): boolean => info.initialised && info.pin.user === 'not-set'

/** The error for a token whose initialisation was interrupted. */
export function unfinished({ info }: Slot): HsmError {
  return hsmError(
    'HSM-TOKEN-UNFINISHED',
    `token ${info.serial}, ${JSON.stringify(info.label)}, was initialised and has no user PIN yet`,
  )
}

/** A second C_InitToken would leave a token that nobody can open. */
const isOnce = ({ info }: Slot): boolean => !profileOf(info.manufacturer, info.model).initialise.again

/** Refuses, before the token is touched, what would leave a token that nobody can open or identify. */
export function requireInitialisable(
  profile: Profile,
  { info: target, name }: Slots[number],
  before: Slots,
  finishes: boolean,
): void {
  if (profile.initialise.by === 'vendor-tool')
    throw hsmError(
      'HSM-FUNCTION-MISSING',
      `${profile.name} is not initialised through its library: ${profile.initialise.how}`,
    )
  // The answer to the token's own session would be the same, and a try of its SO PIN would be gone.
  if (target.writeProtected)
    throw hsmError('HSM-READ-ONLY', `token ${target.serial || name} is write-protected`)
  if (target.initialised && !profile.initialise.again && !finishes)
    throw hsmError('HSM-FUNCTION-MISSING', `${profile.name} is initialised once: ${profile.initialise.how}`)
  const other = before.find(({ info }) => info.initialised && info.profile === profile.id)
  if (!target.initialised && profile.sharedSerial && other)
    throw hsmError(
      'HSM-FREE-SLOT-MISSING',
      `every token of ${profile.name} shows one serial number, and ${other.info.label} is there already`,
    )
  if (!target.initialised && before.some(({ info }) => info.initialised && info.serial === name))
    throw hsmError(
      'HSM-SERIAL-AMBIGUOUS',
      `the new token in slot ${target.slot} shows the serial number ${name} of a token that is there already`,
    )
}

/** A token that is there and was never initialised, or does not say what it is, is another matter than one that is not there. */
function notUsable(serial: string, { slots, unclear }: SlotsSeen): HsmError {
  if (slots.some(({ info, name }) => !info.initialised && name === serial))
    return hsmError('HSM-TOKEN-UNINITIALISED', `token ${serial} is there and was never initialised`)
  const [first] = unclear
  if (first === undefined) return hsmError('HSM-TOKEN-ABSENT', `no token with serial ${serial} is present`)
  const { slot, ...why } = unreadableSlot(first)
  return new HsmError({
    ...why,
    detail: `token ${serial} is none of those that can be read, and slot ${slot} does not say what it holds: ${why.detail}`,
  })
}

export const isUnclear = (unclear: SlotsSeen['unclear'], slot: Handle): boolean =>
  unclear.some((one) => one.slot.equals(slot))

/** The slot of the initialised token. Errors: HSM-SERIAL-AMBIGUOUS, and those of `notUsable` where no such token is there. */
export function slotOf(serial: string, seen: SlotsSeen): Slots[number] {
  const { slots } = seen
  const token = tokenOfSerial(
    slots.map(({ info }) => info),
    serial,
  )
  const found = slots.find(({ info }) => info === token)
  if (!found) throw notUsable(serial, seen)
  return found
}

/** Any uninitialised token, or the one in the slot that was asked for. */
export function freeSlot(asked: string | null, slots: Slots): Slots[number] {
  const free = slots.find(({ info }) => !info.initialised && (asked === null || info.slot === asked))
  if (free) return free
  if (asked === null) {
    const half = slots.find((one) => isUnfinished(one) && isOnce(one))
    throw half ? unfinished(half) : hsmError('HSM-FREE-SLOT-MISSING', 'no slot holds an uninitialised token')
  }
  const other = slots.find(({ info }) => info.slot === asked)?.info
  throw hsmError(
    'HSM-SLOT-NOT-BLANK',
    other
      ? `slot ${asked} holds token ${other.serial}, ${JSON.stringify(other.label)}, which was initialised already`
      : `slot ${asked} holds no token`,
  )
}
