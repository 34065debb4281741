import { CKK, CKM, CKO } from '../../constants.ts'
import type { KeyTemplate, MechanismUse, UnwrapTemplate, WrapTemplate } from '../../device.ts'
import { rootTemplate } from '../../templates.ts'
import { CKA, is, mechanisms, num } from '../library/attributes.ts'
import type { Attribute } from '../library/memory.ts'

/** The wrap mechanism's number differs by token, so templates are made for one token. */
export type MechanismNumbers = (use: MechanismUse) => number

const fixed: Readonly<Record<Exclude<MechanismUse, 'wrap'>, number>> = {
  gcm: CKM.AES_GCM,
  cbc: CKM.AES_CBC,
  'cbc-pad': CKM.AES_CBC_PAD,
  oaep: CKM.RSA_PKCS_OAEP,
  ecdsa: CKM.ECDSA,
  eddsa: CKM.EDDSA,
  ecdh: CKM.ECDH1_DERIVE,
  'rsa-pkcs1': CKM.RSA_PKCS,
  'rsa-pss': CKM.RSA_PKCS_PSS,
  'hmac-sha256': CKM.SHA256_HMAC,
  'hmac-sha384': CKM.SHA384_HMAC,
  'hmac-sha512': CKM.SHA512_HMAC,
}

export const mechanismNumbers =
  (wrap: () => number): MechanismNumbers =>
  (use) =>
    use === 'wrap' ? wrap() : fixed[use]

/** Usage flags of a secret or private key, each one explicit. */
function usageFlags(t: KeyTemplate): Attribute[] {
  return [
    is('WRAP', t.wrap),
    is('UNWRAP', t.unwrap),
    is('ENCRYPT', t.encrypt),
    is('DECRYPT', t.decrypt),
    is('SIGN', t.sign),
    is('VERIFY', t.verify),
    is('DERIVE', t.derive),
  ]
}

function restrictions(t: KeyTemplate, number: MechanismNumbers): Attribute[] {
  const out: Attribute[] = []
  if (t.allowedMechanisms) out.push(mechanisms(t.allowedMechanisms.map(number)))
  if (t.unwrapTemplate) {
    out.push({ type: CKA.UNWRAP_TEMPLATE, value: unwrapTemplateAttributes(t.unwrapTemplate, number) })
  }
  return out
}

/**
 * A secret key's flags. MODIFIABLE comes last: in a copy or unwrap nothing can be set after it is false.
 * CLASS, KEY_TYPE, ID, LABEL and VALUE_LEN are the caller's.
 */
export function secretAttributes(t: KeyTemplate, number: MechanismNumbers): Attribute[] {
  return [
    is('TOKEN', t.token),
    is('PRIVATE', true),
    is('SENSITIVE', t.sensitive),
    is('EXTRACTABLE', t.extractable),
    is('WRAP_WITH_TRUSTED', t.wrapWithTrusted),
    ...usageFlags(t),
    ...wrapDemands(t),
    ...restrictions(t, number),
    is('COPYABLE', t.copyable),
    is('MODIFIABLE', t.modifiable),
  ]
}

/** A private key's flags; private keys have no ENCRYPT, WRAP and VERIFY. */
export function privateAttributes(t: KeyTemplate, number: MechanismNumbers): Attribute[] {
  return [
    is('TOKEN', t.token),
    is('PRIVATE', true),
    is('SENSITIVE', t.sensitive),
    is('EXTRACTABLE', t.extractable),
    is('WRAP_WITH_TRUSTED', t.wrapWithTrusted),
    is('UNWRAP', t.unwrap),
    is('DECRYPT', t.decrypt),
    is('SIGN', t.sign),
    is('DERIVE', t.derive),
    ...(t.alwaysAuthenticate === undefined ? [] : [is('ALWAYS_AUTHENTICATE', t.alwaysAuthenticate)]),
    ...restrictions(t, number),
    is('COPYABLE', t.copyable),
    is('MODIFIABLE', t.modifiable),
  ]
}

/** The public half answers the private half's uses; WRAP is given only where the template says so. */
export function publicAttributes(t: KeyTemplate): Attribute[] {
  return [
    is('TOKEN', t.token),
    is('PRIVATE', false),
    is('WRAP', t.wrap),
    is('ENCRYPT', t.decrypt),
    is('VERIFY', t.sign),
    is('DERIVE', false),
    ...wrapDemands(t),
    is('COPYABLE', false),
    is('MODIFIABLE', false),
  ]
}

/** For whatever can wrap: a secret key or a public one. */
function wrapDemands({ wrapTemplate }: KeyTemplate): Attribute[] {
  if (wrapTemplate === undefined) return []
  return [{ type: CKA.WRAP_TEMPLATE, value: wrapTemplateAttributes(wrapTemplate) }]
}

/** What a KEK demands of a key that it wraps. */
function wrapTemplateAttributes(kind: WrapTemplate): Attribute[] {
  const sensitive = is('SENSITIVE', true)
  return kind === 'secret' ? [num('CLASS', CKO.SECRET_KEY), sensitive] : [sensitive]
}

const aesSecret: readonly Attribute[] = [num('CLASS', CKO.SECRET_KEY), num('KEY_TYPE', CKK.AES)]

/**
 * What a KEK demands of a key that it unwraps. `child-kek` leaves no way to read, decrypt with or change the child;
 * `root` demands the root's own template, its mechanism included.
 */
export function unwrapTemplateAttributes(kind: UnwrapTemplate, number: MechanismNumbers): Attribute[] {
  if (kind === 'root') {
    return [...aesSecret, ...secretAttributes({ ...rootTemplate, unwrapTemplate: null }, number)].filter(
      ({ type }) => type !== CKA.COPYABLE,
    )
  }
  return [
    ...aesSecret,
    is('TOKEN', false),
    is('PRIVATE', true),
    is('SENSITIVE', true),
    is('EXTRACTABLE', false),
    is('ENCRYPT', false),
    is('DECRYPT', false),
    is('SIGN', false),
    is('VERIFY', false),
    is('DERIVE', false),
    is('MODIFIABLE', false),
  ]
}
