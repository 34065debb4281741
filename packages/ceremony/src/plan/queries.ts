import { utf8 } from '@lux/crypto'
import { isEarlierText } from '@lux/crypto/text'
import type {
  AskedValue,
  KeyLevel,
  Plan,
  PlannedDecryption,
  PlannedKey,
  PlannedToken,
  ReplicaWay,
  Role,
  Step,
  VendorWay,
  Voucher,
} from './plan.ts'

export type PlacedStep = { part: number; step: Step }

/** Every step in the order in which it runs. */
export function stepsOf(plan: Plan): PlacedStep[] {
  return plan.parts.flatMap((part, index) => part.steps.map((step) => ({ part: index, step })))
}

/** Names of the people who hold a role, in the plan's order. */
export function namesOf(plan: Plan, role: Role): string[] {
  const names = plan.people.filter((person) => person.role === role).map((person) => person.name)
  // A holder who stays for the next epoch has a seat for each.
  return [...new Set(names)]
}

type Seated = { readonly role: string; readonly name: string }

/** A holder's seat in the epoch from which a run starts: the first under the name. */
export function holderBefore<T extends Seated>(seats: readonly T[], name: string): T | undefined {
  return seats.find((seat) => seat.role === 'holder' && seat.name === name)
}

/** A holder's seat in the next epoch: of one who stays the second under the name, whose card renews that of the first. */
export function holderNext<T extends Seated>(seats: readonly T[], name: string): T | undefined {
  return seats.findLast((seat) => seat.role === 'holder' && seat.name === name)
}

/** Who is seated twice: everybody of `people`, and again each holder who stays for the next epoch. */
export function withStaying<T extends Seated>(
  people: readonly T[],
  before: readonly string[],
  next: readonly string[],
): T[] {
  const staying = stayingHolders(before, next).flatMap((name) => holderNext(people, name) ?? [])
  return [...people, ...staying.filter(({ name }) => holderBefore(people, name) === holderNext(people, name))]
}

/** The token that a step works on. */
export function tokenOf(plan: Plan, step: Step): PlannedToken | undefined {
  return plan.tokens.find((token) => token.role === (step.token ?? 'ceremony'))
}

/** Whether the PINs of a token are typed at its own pad: its log-in step says so. */
export function isAtPad(plan: Plan, role: string): boolean {
  return stepsOf(plan).some(
    ({ step }) => step.do === 'log-in' && (step.token ?? 'ceremony') === role && step.by === 'pin-pad',
  )
}

const ofRehearsals = ['rehearsal ', 'stand-in '] as const
/** PKCS#11 v3.1 section 3.2, CK_TOKEN_INFO. */
const labelBytes = 32

/** The label of a token that a rehearsal initialises: it says so itself, wherever it is put later. */
export function rehearsalLabel(label: string): string {
  let whole = ''
  for (const letter of `${ofRehearsals[0]}${label}`) {
    if (utf8(whole + letter).length > labelBytes) break
    whole += letter
  }
  return whole.trimEnd()
}

/** Whether a token says by its label that a rehearsal made it. */
export const isOfRehearsal = (label: string): boolean => ofRehearsals.some((start) => label.startsWith(start))

export function keyOf(plan: Plan, id: string | undefined): PlannedKey | undefined {
  return plan.keys.find((key) => key.id === id)
}

/** From the root down to the parent of a key; shorter where the plan's parents do not join up. */
export function ancestorsOf(plan: Plan, key: PlannedKey): PlannedKey[] {
  const parent = keyOf(plan, key.parent)
  // A key's parent is of a higher level, so a chain has at most three links even in a plan that lints badly.
  if (parent === undefined || levelOrder[parent.level] >= levelOrder[key.level]) return []
  return [...ancestorsOf(plan, parent), parent]
}

export const levelOrder: Record<KeyLevel, number> = { root: 0, organisation: 1, project: 2, data: 3 }

/** The root leaves its token by the window: its entry says so, or there is where it goes and its entry says nothing. */
export function leavesByWindow(plan: Plan, key: PlannedKey): boolean {
  return (key.replication ?? (hasWindowTargets(plan, key) ? 'trusted-window' : 'none')) === 'trusted-window'
}

/** Whether the plan has anything that a window would wrap the root to: a server with a transport key, a spare token, or a backup. */
export function hasWindowTargets(plan: Plan, { spares = [], backup }: PlannedKey): boolean {
  const servers = plan.destinations.filter(({ transport }) => transport !== undefined)
  return servers.length + spares.length > 0 || backup !== undefined
}

/** How the root comes into the token of a replicate-root step, or null where the plan has no way there. */
export function wayInto(key: PlannedKey, role: string): ReplicaWay | null {
  return (key.spares ?? []).includes(role) ? 'trusted-window' : vendorWayOf(key)
}

/** The vendor's own way by which the root goes to other tokens of the plan, or null. */
export function vendorWayOf({ replication }: PlannedKey): VendorWay | null {
  return replication === 'vendor-clone' || replication === 'vendor-wrap' ? replication : null
}

export function decryptionOf(plan: Plan, id: string | undefined): PlannedDecryption | undefined {
  return (plan.decryptions ?? []).find((decryption) => decryption.id === id)
}

/** Names of the holders that an acknowledge-holder step waits for. */
export function holdersOf(plan: Plan, step: Step): string[] {
  if (step.holder !== undefined) return [step.holder]
  return plan.fhe?.holders ?? []
}

/** Who holds a share before and after a reshare, and so needs another envelope key: the old one opens the old envelopes. */
export function stayingHolders(before: readonly string[], next: readonly string[]): string[] {
  return next.filter((name) => before.includes(name))
}

const joined: readonly (readonly string[])[] = [
  ['recorder', 'witness'],
  ['officer', 'holder'],
]

/** Whether one person may hold these roles of a roster or kinds of a card: SPEC.md 7, CARDS. */
export function mayJoin(roles: readonly string[]): boolean {
  return new Set(roles).size < 2 || joined.some((pair) => roles.every((role) => pair.includes(role)))
}

const formats: Record<NonNullable<AskedValue['format']>, RegExp> = {
  text: /^.{1,200}$/su,
  digits: /^[0-9]{1,64}$/,
  hex: /^([0-9a-f]{2}){1,128}$/,
  time: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{3})?)?Z$/,
}

/** Why an input does not answer what a step asks, or null: every value, no other, each in its format. */
export function valueFault(
  asked: readonly AskedValue[],
  input: Readonly<Record<string, string>>,
): string | null {
  for (const { id, format } of asked) {
    const value = Object.hasOwn(input, id) ? input[id] : undefined
    if (value === undefined) return `${id} is missing`
    if (!formats[format ?? 'text'].test(value) || !isEarlierText(value))
      return `${id} is not ${format ?? 'text'}`
  }
  const unknown = Object.keys(input).filter((id) => !asked.some((value) => value.id === id))
  return unknown.length === 0 ? null : `${unknown.join(', ')} is not asked for`
}

/** Stands where a key's id would, for the key that signs the run itself. */
export const ceremonyKeyId = 'ceremony'

export const isVoucher = (by: Step['by']): by is Voucher => by === 'companion' || by === 'vendor'

/** Who vouches in an attest step. */
export const voucherOf = (step: Step): Voucher => (step.by === 'vendor' ? 'vendor' : 'companion')

/** Each value that stands more than once. */
export function repeated(values: readonly string[]): string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))]
}
