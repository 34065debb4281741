import type { Token } from '../device.ts'
import { hsmError } from '../hsm-errors.ts'
import * as destination from '../pkcs11/destination.ts'
import { inventory } from '../pkcs11/inventory.ts'
import * as kek from '../pkcs11/kek.ts'
import * as keys from '../pkcs11/keys.ts'
import { chooseWrapMechanism } from '../pkcs11/mechanisms.ts'
import { probe } from '../pkcs11/probe.ts'
import { readSpki } from '../pkcs11/public-keys.ts'
import { requirePinLength } from '../pkcs11/session.ts'
import type { Tokens } from '../pkcs11/tokens.ts'
import * as use from '../pkcs11/use.ts'
import * as window from '../pkcs11/window.ts'
import type { TokenOperation } from './protocol.ts'

/** The same methods as Token's, at once instead of later, on the token with this serial. */
export type Operations = {
  readonly [K in TokenOperation]: (
    tokens: Tokens,
    serial: string,
    ...args: Parameters<Token[K]>
  ) => Awaited<ReturnType<Token[K]>>
}

const maxRandomBytes = 1 << 20

export const operations: Operations = {
  info: (t, s) => t.get(s).info(),
  pinState: (t, s) => t.get(s).info().pin,
  initialise: (t, s, options) => t.initialise(s, options),
  logIn: (t, s, { user, pin, evenIfFinal }) => {
    const token = t.get(s)
    const before = token.info().pin[user]
    if (before === 'locked') throw hsmError('HSM-PIN-LOCKED', `the ${user} PIN of token ${s} is locked`)
    if (before === 'not-set') throw hsmError('HSM-PIN-NOT-SET', `token ${s} has no ${user} PIN`)
    if (before === 'final' && !evenIfFinal) {
      throw hsmError('HSM-PIN-FINAL-TRY', `the next wrong ${user} PIN locks token ${s}`)
    }
    token.logIn(user, pin)
    return token.info().pin
  },
  logOut: (t, s) => t.get(s).logOut(),
  changePin: (t, s, { user, oldPin, newPin }) => {
    const token = t.get(s)
    token.requireUser(user)
    requirePinLength(token.info(), newPin)
    token.module.setPin(token.session, oldPin, newPin)
  },
  resetUserPin: (t, s, { newPin }) => {
    const token = t.get(s)
    token.requireUser('so')
    requirePinLength(token.info(), newPin)
    token.module.initPin(token.session, newPin)
  },
  inventory: (t, s) => inventory(t.get(s)),
  findById: (t, s, id, template) => keys.findById(t.get(s), id, template),
  readAttributes: (t, s, ref) => keys.readAttributes(t.get(s), ref),
  generateAes: (t, s, options) => keys.generateAes(t.get(s), options),
  generateHmac: (t, s, options) => keys.generateHmac(t.get(s), options),
  generateKeyPair: (t, s, options) => keys.generateKeyPair(t.get(s), options),
  importPublicKey: (t, s, options) => keys.importPublicKey(t.get(s), options),
  publicKeySpki: (t, s, ref) => {
    const token = t.get(s)
    return readSpki(token, token.find({ id: ref.id, class: 'public' }))
  },
  chooseWrapMechanism: (t, s) => chooseWrapMechanism(t.get(s)),
  wrap: (t, s, options) => kek.wrap(t.get(s), options),
  unwrap: (t, s, options) => kek.unwrap(t.get(s), options),
  unwrapToMemory: (t, s, options) => kek.unwrapToMemory(t.get(s), options),
  encryptGcm: (t, s, options) => use.encryptGcm(t.get(s), options),
  decryptGcm: (t, s, options) => use.decryptGcm(t.get(s), options),
  signEcdsa: (t, s, options) => use.signEcdsa(t.get(s), options),
  signRsa: (t, s, options) => use.signRsa(t.get(s), options),
  verify: (t, s, options) => use.verify(t.get(s), options),
  hmac: (t, s, options) => use.hmac(t.get(s), options),
  random: (t, s, length) => {
    if (!Number.isInteger(length) || length < 1 || length > maxRandomBytes) {
      throw new RangeError(`length: expected 1 to ${maxRandomBytes}, got ${length}`)
    }
    return use.random(t.get(s), length)
  },
  destroy: (t, s, ref) => keys.destroy(t.get(s), ref),
  probe: (t, s) => probe(t.get(s)),
  possessionDigest: (t, s, options) => kek.possessionDigest(t.get(s), options),
  generateWrapped: (t, s, options) => kek.generateWrapped(t.get(s), options),
  importTrustedDestinations: (t, s, { destinations }) => window.importDestinations(t.get(s), destinations),
  openTrustedWindow: (t, s, options) => window.open(t.get(s), options),
  commitTrustedWindow: (t, s) => window.commit(t.get(s)),
  abandonTrustedWindow: (t, s) => window.abandon(t.get(s)),
  destroyTransportKeys: (t, s, { ids }) => window.destroyTransportKeys(t.get(s), ids),
  createTransportPair: (t, s, options) => destination.createTransportPair(t.get(s), options),
  unwrapRoot: (t, s, options) => destination.unwrapRoot(t.get(s), options),
  destroyTransportPair: (t, s, { id }) => destination.destroyTransportPair(t.get(s), id),
}
