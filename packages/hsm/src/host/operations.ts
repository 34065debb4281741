import type { Token } from '../device.ts'
import { capabilities, trials } from '../pkcs11/capabilities/capabilities.ts'
import { inventory } from '../pkcs11/objects/inventory.ts'
import { findById, readAttributes } from '../pkcs11/objects/key-evidence.ts'
import * as keys from '../pkcs11/objects/keys.ts'
import { chooseWrapMechanism } from '../pkcs11/objects/mechanisms.ts'
import { readSpki } from '../pkcs11/objects/public-keys.ts'
import { destroy } from '../pkcs11/objects/read-back.ts'
import * as cipher from '../pkcs11/operations/cipher.ts'
import { derive } from '../pkcs11/operations/derive.ts'
import { random } from '../pkcs11/operations/random.ts'
import * as signing from '../pkcs11/operations/signing.ts'
import { probe } from '../pkcs11/probe/probe.ts'
import type { Tokens } from '../pkcs11/session/tokens.ts'
import { importDestinations } from '../pkcs11/trusted-window/destinations.ts'
import * as destination from '../pkcs11/trusted-window/transport-pair.ts'
import * as window from '../pkcs11/trusted-window/window.ts'
import { generateWrapped } from '../pkcs11/wrapping/generate-wrapped.ts'
import * as kek from '../pkcs11/wrapping/kek.ts'
import { importUnderWrapping, unwrapKey, wrapKey } from '../pkcs11/wrapping/key-wrapping.ts'
import { changePin, initialise, logIn, resetUserPin } from './log-in.ts'
import type { TokenOperation } from './protocol.ts'

/** The same methods as Token's on the token with this serial, at once where the token is quick. */
export type Operations = {
  readonly [K in TokenOperation]: (
    tokens: Tokens,
    serial: string,
    ...args: Parameters<Token[K]>
  ) => Awaited<ReturnType<Token[K]>> | ReturnType<Token[K]>
}

export const operations: Operations = {
  info: (t, s) => t.get(s).info(),
  pinState: (t, s) => t.get(s).info().pin,
  mechanisms: (t, s) => [...t.get(s).mechanisms.values()],
  trials: (t, s) => trials(t.get(s)),
  capabilities: (t, s, options) => capabilities(t.get(s), options),
  initialise,
  logIn,
  logOut: (t, s) => t.get(s).logOut(),
  changePin,
  resetUserPin,
  inventory: (t, s) => inventory(t.get(s)),
  findById: (t, s, id, template) => findById(t.get(s), id, template),
  readAttributes: (t, s, ref) => readAttributes(t.get(s), ref),
  generateAes: (t, s, options) => keys.generateAes(t.get(s), options),
  generateHmac: (t, s, options) => keys.generateHmac(t.get(s), options),
  generateSecret: (t, s, options) => keys.generateSecretKey(t.get(s), options),
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
  wrapKey: (t, s, options) => wrapKey(t.get(s), options),
  unwrapKey: (t, s, options) => unwrapKey(t.get(s), options),
  importUnderWrapping: (t, s, options) => importUnderWrapping(t.get(s), options),
  encryptGcm: (t, s, options) => cipher.encryptGcm(t.get(s), options),
  sealGcm: (t, s, options) => cipher.sealGcm(t.get(s), options),
  decryptGcm: (t, s, options) => cipher.decryptGcm(t.get(s), options),
  encrypt: (t, s, options) => cipher.encrypt(t.get(s), options),
  decrypt: (t, s, options) => cipher.decrypt(t.get(s), options),
  signEcdsa: (t, s, options) => signing.signEcdsa(t.get(s), options),
  sign: (t, s, options) => signing.sign(t.get(s), options),
  verify: (t, s, options) => signing.verify(t.get(s), options),
  hmac: (t, s, options) => signing.hmac(t.get(s), options),
  derive: (t, s, options) => derive(t.get(s), options),
  random: (t, s, length) => random(t.get(s), length),
  destroy: (t, s, ref) => destroy(t.get(s), ref),
  probe: (t, s) => probe(t.get(s)),
  possessionDigest: (t, s, options) => kek.possessionDigest(t.get(s), options),
  generateWrapped: (t, s, options) => generateWrapped(t.get(s), options),
  importTrustedDestinations: (t, s, { destinations }) => importDestinations(t.get(s), destinations),
  openTrustedWindow: (t, s, options) => window.open(t.get(s), options),
  commitTrustedWindow: (t, s) => window.commit(t.get(s)),
  abandonTrustedWindow: (t, s) => window.abandon(t.get(s)),
  destroyTransportKeys: (t, s, { ids }) => window.destroyTransportKeys(t.get(s), ids),
  createTransportPair: (t, s, options) => destination.createTransportPair(t.get(s), options),
  unwrapRoot: (t, s, options) => destination.unwrapRoot(t.get(s), options),
  destroyTransportPair: (t, s, { id }) => destination.destroyTransportPair(t.get(s), id),
}
