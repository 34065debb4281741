import { CKK, CKO } from '../../constants.ts'
import type { KeyTemplate, MadeKey, MadeKeyPair, OaepHash } from '../../device.ts'
import { rootBytes, rootTemplate } from '../../templates.ts'
import { num } from '../library/attributes.ts'
import { oaep } from '../library/parameters.ts'
import { type Naming, requireFreeId, requireFreeLabel } from '../objects/free-name.ts'
import { generateKeyPair } from '../objects/keys.ts'
import { numbersOf } from '../objects/mechanisms.ts'
import { atMostOne, destroy, named, readBack, requireLength } from '../objects/read-back.ts'
import { secretAttributes } from '../objects/templates.ts'
import type { TokenSession } from '../session/session.ts'
import { unwrapOrInvalid } from '../wrapping/kek-path.ts'

/** The private half can only unwrap, and what it unwraps must be a hardened root: without that it would give the root out. */
export const transportTemplate: KeyTemplate = {
  ...rootTemplate,
  wrap: false,
  allowedMechanisms: ['oaep'],
  unwrapTemplate: 'root',
}

export const createTransportPair = (token: TokenSession, naming: Naming): MadeKeyPair =>
  generateKeyPair(token, { ...naming, kind: 'rsa-3072', template: transportTemplate })

export function unwrapRoot(
  token: TokenSession,
  options: {
    transportId: string
    ckaId: string
    label: string
    sameLabel?: boolean
    wrapped: Uint8Array
    oaepHash?: OaepHash
  },
): MadeKey {
  token.requireUser()
  const ref = { id: options.ckaId, class: 'secret' } as const
  requireFreeId(token, ref.id, ref.class)
  requireFreeLabel(token, { ...options, id: ref.id }, rootTemplate.token)
  const asked = [
    num('CLASS', CKO.SECRET_KEY),
    num('KEY_TYPE', CKK.AES),
    ...named(options.ckaId, options.label),
    ...secretAttributes(rootTemplate, numbersOf(token)),
  ]
  const doing = 'unwrapping the root'
  const transport = token.find({ id: options.transportId, class: 'private' })
  const mechanism = oaep(options.oaepHash ?? 'sha1')
  const handle = unwrapOrInvalid(token, mechanism, transport, options.wrapped, asked, doing)
  const attributes = readBack(token, handle, asked, doing)
  requireLength(token, handle, rootBytes, doing)
  return { ref, attributes }
}

export function destroyTransportPair(token: TokenSession, id: string): { destroyed: number; absent: true } {
  atMostOne(token, { id, class: 'public' })
  const { destroyed } = destroy(token, { id, class: 'private' })
  return { destroyed: destroyed + destroy(token, { id, class: 'public' }).destroyed, absent: true }
}
