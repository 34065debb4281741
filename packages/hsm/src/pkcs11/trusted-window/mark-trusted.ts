import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { CKK, CKO } from '../../constants.ts'
import { CKA, is, num, readAttribute } from '../library/attributes.ts'
import { attempt } from '../library/errors.ts'
import { publicKeyAttributes } from '../objects/public-keys.ts'
import { named } from '../objects/read-back.ts'
import type { TokenSession } from '../session/session.ts'

/**
 * Whether the security officer, who is logged in, can make a public key that the token calls trusted. A scratch key of the session shows
 * it. A token that refuses, or keeps the key without the mark, has no trusted window.
 */
export function canMarkTrusted(token: TokenSession): boolean {
  const { module, session } = token
  const spki = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
    format: 'der',
    type: 'spki',
  })
  const asked = [
    num('CLASS', CKO.PUBLIC_KEY),
    num('KEY_TYPE', CKK.RSA),
    ...named(randomBytes(16).toString('hex'), 'probe'),
    ...publicKeyAttributes(spki).attributes,
    is('TOKEN', false),
    is('PRIVATE', false),
    is('WRAP', true),
    is('TRUSTED', true),
  ]
  // Whatever goes wrong here, the token is initialised: the answer is no.
  const made = attempt(() => module.createObject(session, asked, 'making a scratch key that is trusted'))
  if (!made.ok) return false
  const read = attempt(() => readAttribute(module, session, made.value, CKA.TRUSTED))
  attempt(() => token.destroyHandle(made.value))
  return read.ok && read.value.ok && read.value.value === 'true'
}
