import { CKK, CKO } from '../../constants.ts'
import type { KeyRef, WindowDestination } from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import { CKA, is, num } from '../library/attributes.ts'
import type { Handle } from '../library/module.ts'
import { madeAsAsked } from '../objects/as-asked.ts'
import { requireFreeId } from '../objects/free-name.ts'
import { isRsa, publicKeyAttributes, readSpki } from '../objects/public-keys.ts'
import { named } from '../objects/read-back.ts'
import type { TokenSession } from '../session/session.ts'

const minTransportBits = 3072
const maxDestinations = 64

/** RangeError: none, or too many. HSM-DESTINATION-MISMATCH: two are one. */
export function checkDestinations(destinations: readonly WindowDestination[]): void {
  if (destinations.length < 1 || destinations.length > maxDestinations) {
    throw new RangeError(`destinations: expected 1 to ${maxDestinations}, got ${destinations.length}`)
  }
  const keys = destinations.map(({ spki }) => Buffer.from(spki).toString('hex'))
  if (new Set(keys).size !== keys.length)
    throw hsmError('HSM-DESTINATION-MISMATCH', 'two destinations have one transport key')
  if (new Set(destinations.map(({ id }) => id)).size !== destinations.length) {
    throw hsmError('HSM-DESTINATION-MISMATCH', 'two destinations have one identifier')
  }
}

/**
 * TRUSTED can only be set when the security officer creates the key. A label may repeat: an abandoned attempt leaves its keys until the
 * user can log in, and the window goes by identifier and SPKI.
 */
export function importDestinations(
  token: TokenSession,
  destinations: readonly WindowDestination[],
): KeyRef[] {
  token.requireUser('so')
  checkDestinations(destinations)
  const prepared = destinations.map(({ id, label, spki }) => {
    const key = publicKeyAttributes(spki)
    if (!isRsa(key) || key.bits < minTransportBits) {
      throw hsmError(
        'HSM-DATA-INVALID',
        `the transport key ${label} is not RSA of ${minTransportBits} bits or more`,
      )
    }
    const ref: KeyRef = { id, class: 'public' }
    requireFreeId(token, id, 'public')
    const asked = [
      num('CLASS', CKO.PUBLIC_KEY),
      num('KEY_TYPE', CKK.RSA),
      ...named(id, label),
      ...key.attributes,
      is('TOKEN', true),
      is('PRIVATE', false),
      is('WRAP', true),
      is('TRUSTED', true),
      is('ENCRYPT', false),
      is('VERIFY', false),
      is('DERIVE', false),
      is('COPYABLE', false),
      is('MODIFIABLE', false),
    ]
    return { ref, asked }
  })
  return prepared.map(({ ref, asked }) => {
    const doing = 'creating a trusted transport key'
    madeAsAsked(token, 'create', asked, doing, (template) =>
      token.module.createObject(token.session, template, doing),
    )
    return ref
  })
}

/** Every trusted object must be a destination of the plan and every destination trusted: else someone else would get the root. */
export function trustedDestinations(
  token: TokenSession,
  destinations: readonly WindowDestination[],
): Map<string, Handle> {
  const { module, session } = token
  const wanted = new Map(destinations.map((d) => [Buffer.from(d.spki).toString('hex'), d]))
  const found = new Map<string, Handle>()
  for (const handle of module.find(session, [is('TRUSTED', true)])) {
    const keyClass = module.getAttribute(session, handle, CKA.CLASS)
    if (keyClass === 'absent' || Number(keyClass.readBigUInt64LE()) !== CKO.PUBLIC_KEY) {
      throw hsmError('HSM-DESTINATION-MISMATCH', 'an object that is no public key is marked as trusted')
    }
    const destination = wanted.get(Buffer.from(readSpki(token, handle)).toString('hex'))
    if (!destination)
      throw hsmError('HSM-DESTINATION-MISMATCH', 'a trusted key on the token is no destination of the plan')
    const id = module.getAttribute(session, handle, CKA.ID)
    if (id === 'absent' || id.toString('hex') !== destination.id) {
      throw hsmError(
        'HSM-DESTINATION-MISMATCH',
        `the trusted key of ${destination.label} carries another identifier`,
      )
    }
    if (found.has(destination.id))
      throw hsmError('HSM-DESTINATION-MISMATCH', `${destination.label} is trusted twice`)
    found.set(destination.id, handle)
  }
  for (const { id, label } of destinations) {
    if (!found.has(id))
      throw hsmError('HSM-DESTINATION-MISMATCH', `the transport key of ${label} is not trusted on this token`)
  }
  return found
}
