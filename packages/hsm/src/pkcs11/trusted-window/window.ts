import { randomBytes } from 'node:crypto'
import { CKK, CKM, CKO, CKR } from '../../constants.ts'
import type {
  CommittedRoot,
  HsmError,
  KeyTemplate,
  OaepHash,
  PossessionProof,
  TrustedWindow,
  WindowDestination,
} from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import { rootBytes, rootTemplate, windowRootTemplate } from '../../templates.ts'
import { hex, is, num, text } from '../library/attributes.ts'
import { attempt, attemptPresent, ckrOf } from '../library/errors.ts'
import type { Handle } from '../library/module.ts'
import { oaep } from '../library/parameters.ts'
import { withAccepted } from '../objects/accepted.ts'
import { requireFreeId, requireFreeLabel } from '../objects/free-name.ts'
import { inventory } from '../objects/inventory.ts'
import { numbersOf } from '../objects/mechanisms.ts'
import { publicKeyAttributes } from '../objects/public-keys.ts'
import { atMostOne, destroy, named, readBack } from '../objects/read-back.ts'
import { secretAttributes } from '../objects/templates.ts'
import type { OpenWindow, TokenSession } from '../session/session.ts'
import { possessionOf } from '../wrapping/kek.ts'
import { checkDestinations, trustedDestinations } from './destinations.ts'

const byStrength: readonly OaepHash[] = ['sha1', 'sha256', 'sha384', 'sha512']

const strongestOfBoth = (ours: OaepHash, theirs: OaepHash): OaepHash =>
  byStrength.indexOf(ours) < byStrength.indexOf(theirs) ? ours : theirs

/** Extractable only towards trusted keys; everything else as the root will be. It must be copyable once, into its final form. */
export const openTemplate: KeyTemplate = {
  ...rootTemplate,
  token: false,
  extractable: true,
  wrapWithTrusted: true,
  copyable: true,
  modifiable: true,
}

export function open(
  token: TokenSession,
  options: {
    ckaId: string
    label: string
    sameLabel?: boolean
    destinations: readonly WindowDestination[]
    challenge?: Uint8Array
  },
): TrustedWindow {
  token.requireUser()
  if (token.window && canCommit(token.window))
    throw hsmError('HSM-WINDOW-OPEN', 'a trusted window is open on this token')
  // The rest of one that never opened, or whose commit went half way.
  abandon(token)
  checkDestinations(options.destinations)
  requireFreeId(token, options.ckaId, 'secret')
  requireFreeLabel(token, { ...options, id: options.ckaId }, rootTemplate.token)
  const trusted = trustedDestinations(token, options.destinations)
  const openId = randomBytes(16).toString('hex')
  const asked = [
    num('CLASS', CKO.SECRET_KEY),
    num('KEY_TYPE', CKK.AES),
    ...named(openId, options.label),
    num('VALUE_LEN', rootBytes),
    ...secretAttributes(openTemplate, numbersOf(token)),
  ]
  const { module, session, profile } = token
  const doing = 'generating the root key'
  const {
    value: handle,
    sent: [sent = []],
    lacking: [lacking = []],
  } = withAccepted(token, {
    by: 'generate',
    asked: [asked],
    make: ([template = []]) => module.generateKey(session, { mechanism: CKM.AES_KEY_GEN }, template, doing),
    discard: (made) => token.destroyHandle(made),
  })
  const { ckaId, label } = options
  const window: OpenWindow = { handle, openId, ckaId, label, keys: new Set([handle]), opened: false }
  token.window = window
  try {
    const attributes = readBack(token, handle, sent, doing, lacking)
    const blobs = options.destinations.map(({ id, label, spki, oaepHash: taken }) => {
      const oaepHash = strongestOfBoth(profile.oaepHash, taken ?? 'sha1')
      const transport = trusted.get(id)
      if (!transport) throw hsmError('HSM-DESTINATION-MISMATCH', `no trusted key ${id}`)
      const wrapped = module.wrapKey(
        session,
        oaep(oaepHash),
        transport,
        handle,
        'wrapping the root to a destination',
      )
      // The key behind it is about to become unwrappable for ever, so a blob that was cut off would be found too late.
      if (wrapped.length * 8 !== publicKeyAttributes(spki).bits)
        throw hsmError('HSM-DEVICE-ERROR', `the blob for ${label} has ${wrapped.length} bytes`)
      return { destination: id, wrapped: new Uint8Array(wrapped), oaepHash }
    })
    const possession: PossessionProof | null = options.challenge
      ? possessionOf(token, handle, options.challenge)
      : null
    window.opened = true
    return { blobs, attributes, trusted: [...trusted.keys()].sort(), possession }
  } catch (error) {
    attempt(() => abandon(token))
    throw error
  }
}

export function commit(token: TokenSession): CommittedRoot {
  token.requireUser()
  const { window } = token
  if (!window || !canCommit(window))
    throw hsmError(
      'HSM-WINDOW-LOST',
      'no trusted window is open: the host was restarted or the user logged out',
    )
  const { module, session, profile } = token
  const doing = 'making the hardened root'
  discard(token, window, made(window))
  const closed = closedCopy(token, window, doing)
  let copy: Handle
  try {
    copy = module.copyObject(
      session,
      closed,
      [
        is('TOKEN', true),
        hex('ID', window.ckaId),
        text('LABEL', window.label),
        ...(profile.copyableInCopy ? [is('COPYABLE', false)] : []),
        is('MODIFIABLE', false),
      ],
      doing,
    )
  } catch (error) {
    attempt(() => discard(token, window, [closed]))
    throw error
  }
  window.keys.add(copy)
  try {
    // One key where no copy could be closed; its handle may be another key's once it is destroyed.
    discard(token, window, [...new Set([window.handle, closed])])
  } catch (error) {
    // A commit that fails leaves no root, so that it can be repeated.
    attempt(() => discard(token, window, made(window)))
    throw error
  }
  token.window = null
  const template = windowRootTemplate(profile.id)
  const asked = [
    num('CLASS', CKO.SECRET_KEY),
    num('KEY_TYPE', CKK.AES),
    ...named(window.ckaId, window.label),
    num('VALUE_LEN', rootBytes),
    ...secretAttributes(template, numbersOf(token)),
  ]
  const attributes = readBack(token, copy, asked, doing)
  return { ref: { id: window.ckaId, class: 'secret' }, attributes, inventory: inventory(token) }
}

/**
 * The root as a session key that is no longer extractable. The token's key is copied from it. SoftHSM first shows a copy with its source's
 * attributes, and sets the new ones a moment later. Another program could have copied it by then.
 */
function closedCopy(token: TokenSession, window: OpenWindow, doing: string): Handle {
  const asked = [is('EXTRACTABLE', false)]
  const copied = attempt(() => token.module.copyObject(token.session, window.handle, asked, doing))
  // Where a copy may not differ in it, the open key itself is closed: it is a key of the session alone, like the copy.
  if (!copied.ok && ckrOf(copied.error) === CKR.ATTRIBUTE_READ_ONLY)
    for (const one of asked) token.module.setAttribute(token.session, window.handle, one, doing)
  else if (!copied.ok) throw copied.error
  const closed = copied.ok ? copied.value : window.handle
  window.keys.add(closed)
  try {
    readBack(token, closed, asked, doing)
    return closed
  } catch (error) {
    attempt(() => abandon(token))
    throw error
  }
}

const canCommit = ({ opened, keys, handle }: OpenWindow): boolean => opened && keys.has(handle)

export function abandon(token: TokenSession): void {
  const { window } = token
  if (!window) return
  // A key that did not read back as it was asked for is destroyed already, and its handle may be another key's some day.
  attempt(() => forgetAbsent(token, window))
  discard(token, window, [...window.keys])
}

function forgetAbsent(token: TokenSession, window: OpenWindow): void {
  const there = [window.openId, window.ckaId].flatMap((id) =>
    token.module.find(token.session, [num('CLASS', CKO.SECRET_KEY), hex('ID', id)]),
  )
  for (const key of window.keys) if (!there.some((handle) => handle.equals(key))) window.keys.delete(key)
}

/** What commits made of the open root and could not destroy. */
const made = ({ handle, keys }: OpenWindow): Handle[] => [...keys].filter((one) => one !== handle)

const absent: ReadonlySet<number> = new Set([CKR.OBJECT_HANDLE_INVALID, CKR.KEY_HANDLE_INVALID])

/**
 * Destroys each of these keys, although another could not be, and throws the first error. The window is over once nothing is left
 * of it; until then it can be abandoned again.
 */
function discard(token: TokenSession, window: OpenWindow, keys: readonly Handle[]): void {
  const errors: HsmError[] = []
  for (const key of keys) {
    const destroyed = attemptPresent(() => token.destroyHandle(key))
    if (destroyed.ok || absent.has(ckrOf(destroyed.error) ?? -1)) window.keys.delete(key)
    else errors.push(destroyed.error)
  }
  if (window.keys.size === 0) token.window = null
  const [first] = errors
  if (first) throw first
}

export function destroyTransportKeys(
  token: TokenSession,
  ids: readonly string[],
): { destroyed: number; absent: true } {
  for (const id of ids) atMostOne(token, { id, class: 'public' })
  const destroyed = ids.reduce((sum, id) => sum + destroy(token, { id, class: 'public' }).destroyed, 0)
  return { destroyed, absent: true }
}
