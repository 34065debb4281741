import { CKO } from '../../constants.ts'
import { type AttributeReport, isAbsent, type KeyRef, sayAttribute } from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import type { Profile } from '../../profiles/profile.ts'
import {
  type AttributeName,
  CKA,
  compareAttributes,
  hex,
  readAttribute,
  showAttributes,
  text,
} from '../library/attributes.ts'
import { attempt } from '../library/errors.ts'
import type { Attribute } from '../library/memory.ts'
import type { Handle } from '../library/module.ts'
import { type DamagedFile, damagedObjectFiles, softTokenFolder, storeProblem } from '../library/soft-store.ts'
import type { TokenSession } from '../session/session.ts'
import { classOf, isOptional, roleOf } from './needs.ts'

/** Attributes that tell where a key comes from; no one can set them. */
export const history: readonly AttributeName[] = [
  'LOCAL',
  'KEY_GEN_MECHANISM',
  'ALWAYS_SENSITIVE',
  'NEVER_EXTRACTABLE',
]

export const named = (id: string, label: string): Attribute[] => [hex('ID', id), text('LABEL', label)]

const saidOf: Readonly<Record<number, 'private' | 'public'>> = {
  [CKO.PRIVATE_KEY]: 'private',
  [CKO.PUBLIC_KEY]: 'public',
}

/** The token says this of every such key, as its profile knows. */
function saysSoOfAll(
  { says }: Profile,
  { ok, attribute, actual }: AttributeReport,
  asked: readonly Attribute[],
): boolean {
  const keyClass = saidOf[classOf(asked)]
  const said = keyClass === undefined ? undefined : says?.[keyClass][attribute]
  return !ok && (said === actual || (said === 'any' && !isAbsent(actual)))
}

/**
 * Reads every attribute but the value, and finds the first that differs and is not harmless when absent. `isFault`: the token could not be
 * asked for it.
 */
export function compareAsked(
  { module, session, profile }: Pick<TokenSession, 'module' | 'session' | 'profile'>,
  handle: Handle,
  asked: readonly Attribute[],
): { compared: AttributeReport[]; wrong: AttributeReport | undefined; isFault: boolean } {
  const readable = asked.filter(({ type }) => type !== CKA.VALUE)
  const compared = compareAttributes(module, session, handle, readable).map((report, at): AttributeReport => {
    const one = readable[at]
    const isHarmless = !report.ok && isAbsent(report.actual) && one !== undefined && isOptional(one, asked)
    return isHarmless || saysSoOfAll(profile, report, asked) ? { ...report, lacking: true } : report
  })
  const wrong = compared.find(({ ok, lacking }) => !ok && !lacking)
  return { compared, wrong, isFault: wrong !== undefined && fault.test(wrong.actual) }
}

/**
 * Compares every attribute; a key that is not as asked for is destroyed and refused. `lacking` was left out because the
 * token does not take it: it is reported as such.
 */
export function readBack(
  token: TokenSession,
  handle: Handle,
  asked: readonly Attribute[],
  doing: string,
  lacking: readonly Attribute[] = [],
): AttributeReport[] {
  const { module, session } = token
  const { compared, wrong, isFault } = compareAsked(token, handle, asked)
  if (wrong) {
    // A key that somebody else took away meanwhile must not hide what was wrong with it.
    const gone = attempt(() => token.destroyHandle(handle))
    const end = gone.ok ? 'the key was destroyed' : `destroying it failed (${gone.error.detail})`
    const why = isAbsent(wrong.actual) ? `, which a ${roleOf(asked)} needs` : ''
    throw hsmError(
      isFault ? 'HSM-DEVICE-ERROR' : 'HSM-ATTRIBUTE-MISMATCH',
      `${doing}: ${wrong.attribute} is ${sayAttribute(wrong.actual)}, asked for ${wrong.expected}${why}; ${end}`,
    )
  }
  requirePersisted(token, handle, asked, doing)
  const left = compareAttributes(module, session, handle, lacking).map(
    (report): AttributeReport => ({ ...report, lacking: true }),
  )
  return [...compared, ...left, ...showAttributes(module, session, handle, history)]
}

/**
 * The length of a key that came in wrapped, where the token tells it: SoftHSM gives 0. One of another length is destroyed and
 * refused.
 */
export function requireLength(token: TokenSession, handle: Handle, bytes: number, doing: string): void {
  const read = readAttribute(token.module, token.session, handle, CKA.VALUE_LEN)
  if (!read.ok || read.value === '' || read.value === '0' || read.value === String(bytes)) return
  token.destroyHandle(handle)
  throw hsmError(
    'HSM-ATTRIBUTE-MISMATCH',
    `${doing}: VALUE_LEN is ${read.value}, expected ${bytes}; the key was destroyed`,
  )
}

/** The token could not be asked; it has not said that the attribute differs. */
const fault = /^unreadable:CKR_(DEVICE_ERROR|DEVICE_MEMORY|FUNCTION_FAILED|GENERAL_ERROR|HOST_MEMORY)$/

/** A soft token says that a key was made although its file could not be finished; such a key dies with the process. */
function requirePersisted(
  token: TokenSession,
  handle: Handle,
  asked: readonly Attribute[],
  doing: string,
): void {
  const lasting = asked.some(
    ({ type, value }) => type === CKA.TOKEN && value instanceof Uint8Array && value[0] === 1,
  )
  if (!lasting || token.profile.id !== 'softhsm') return
  const cut = cutFileOf(token, asked)
  if (!cut) return
  token.destroyHandle(handle)
  throw hsmError('HSM-DISK', `${doing}: the token store could not hold the key (${cut.name} was cut off)`)
}

/** Files are dated by a clock that is some milliseconds behind ours. */
const clockBehindMs = 20
/** What another program is writing this moment is whole by then. */
const writtenWithinMs = 1_000
const lookAgainMs = 25

/**
 * The cut-off file that may be the new key's. It was written since the call that made the key, is still unfinished, and shows no other kind
 * of object. SoftHSM chooses the file's name, and others write to the store too.
 */
function cutFileOf(token: TokenSession, asked: readonly Attribute[]): DamagedFile | undefined {
  const since = token.module.madeSince - clockBehindMs
  const look = () =>
    damagedObjectFiles(token.serial).filter(
      ({ modified, holds }) => modified >= since && agrees(holds, asked),
    )
  let cut = look()
  for (let waited = 0; cut.length > 0 && waited < writtenWithinMs; waited += lookAgainMs) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lookAgainMs)
    cut = look()
  }
  const folder = softTokenFolder(token.serial)
  // An empty file may be one of a killed process; it is this key's when the store cannot be written now.
  return cut.find(({ size }) => size > 0) ?? (folder && storeProblem(folder) ? cut[0] : undefined)
}

function agrees(holds: DamagedFile['holds'], asked: readonly Attribute[]): boolean {
  return asked.every(({ type, value }) => {
    const held = holds.get(type)
    if (held === undefined || !(value instanceof Uint8Array)) return true
    if (typeof held === 'boolean') return value.length !== 1 || (value[0] !== 0) === held
    return value.length !== 8 || Buffer.from(value).readBigUInt64LE() === held
  })
}

/**
 * Destroys the object of this ref, then looks again: absence is found, not assumed; none there is not an error. Errors:
 * HSM-DUPLICATE-ID where more than one key of the class carries the identifier, for one of them is somebody else's; nothing is
 * destroyed then.
 */
export function destroy(token: TokenSession, ref: KeyRef): { destroyed: number; absent: true } {
  if (ref.class !== 'public') token.requireMaker()
  const found = atMostOne(token, ref)
  for (const handle of found) token.destroyHandle(handle)
  if (token.findAll(ref).length > 0)
    throw hsmError('HSM-DEVICE-ERROR', `a ${ref.class} key ${ref.id} is still there after destroying it`)
  return { destroyed: found.length, absent: true }
}

/** Errors: HSM-DUPLICATE-ID. */
export function atMostOne(token: TokenSession, ref: KeyRef): readonly Handle[] {
  const found = token.findAll(ref)
  if (found.length > 1)
    throw hsmError(
      'HSM-DUPLICATE-ID',
      `${found.length} ${ref.class} keys carry ${ref.id}; none of them was destroyed`,
    )
  return found
}
