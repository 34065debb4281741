import { randomBytes } from 'node:crypto'
import type { WrapMechanism, WrapMechanismReport } from '../device.ts'
import { hsmError } from '../hsm-errors.ts'
import { is, num, raw } from './attributes.ts'
import { CKG, CKK, CKM, CKO, mechanismName } from './constants.ts'
import { attempt } from './errors.ts'
import { knownAnswers } from './known-answers.ts'
import type { Attribute } from './memory.ts'
import { ulong } from './memory.ts'
import type { Handle, Mechanism } from './module.ts'
import type { TokenSession } from './session.ts'
import { type MechanismNumbers, mechanismNumbers } from './templates.ts'

const scratch = (value: Uint8Array, keyType: number, flags: readonly Attribute[]): Attribute[] => [
  num('CLASS', CKO.SECRET_KEY),
  num('KEY_TYPE', keyType),
  is('TOKEN', false),
  is('PRIVATE', true),
  is('SENSITIVE', false),
  is('EXTRACTABLE', true),
  raw('ID', randomBytes(16)),
  raw('VALUE', value),
  ...flags,
]

/** A session key of known bytes, destroyed after `use`. */
export function withScratchKey<T>(
  token: TokenSession,
  value: Uint8Array,
  keyType: number,
  flags: readonly Attribute[],
  use: (key: Handle) => T,
): T {
  const { module, session } = token
  const key = module.createObject(session, scratch(value, keyType, flags), 'making a scratch key')
  try {
    return use(key)
  } finally {
    token.destroyHandle(key)
  }
}

function tryWrapMechanism(
  token: TokenSession,
  number: number,
): { standard: WrapMechanism['standard'] | null; result: string } {
  for (const { standard, vectors } of knownAnswers) {
    const outcome = attempt(() =>
      vectors.every(({ kek, key, wrapped }) =>
        withScratchKey(token, kek, CKK.AES, [is('WRAP', true), is('UNWRAP', true)], (kekHandle) =>
          withScratchKey(token, key, CKK.GENERIC_SECRET, [], (keyHandle) =>
            token.module
              .wrapKey(token.session, { mechanism: number }, kekHandle, keyHandle, 'wrapping a known key')
              .equals(wrapped),
          ),
        ),
      ),
    )
    if (outcome.ok && outcome.value) return { standard, result: `gives the known answers of ${standard}` }
    if (!outcome.ok && outcome.error.ckr?.name === 'CKR_MECHANISM_INVALID') {
      return { standard: null, result: 'refused: CKR_MECHANISM_INVALID' }
    }
  }
  return { standard: null, result: 'gives no known answer' }
}

/**
 * Names of wrap mechanisms cannot be trusted, so each candidate wraps keys of published known answers (RFC 5649, RFC 3394)
 * and is called what it computes. KWP is preferred: it takes any key length.
 */
export function chooseWrapMechanism(token: TokenSession): WrapMechanismReport {
  if (token.wrapMechanism) return token.wrapMechanism
  token.requireUser()
  let chosen: WrapMechanism | null = null
  const tried = token.profile.wrapCandidates.map((number) => {
    const { standard, result } = tryWrapMechanism(token, number)
    const name = mechanismName(number)
    if (standard === 'KWP-RFC5649' && chosen?.standard !== 'KWP-RFC5649') chosen = { standard, name, number }
    else if (standard && !chosen) chosen = { standard, name, number }
    return { name, number, result }
  })
  token.wrapMechanism = { chosen, tried }
  return token.wrapMechanism
}

export function wrapMechanism(token: TokenSession): WrapMechanism {
  const { chosen } = chooseWrapMechanism(token)
  if (!chosen) throw hsmError('HSM-MECHANISM-MISSING', `token ${token.serial} has no KWP and no KW`)
  return chosen
}

export const numbersOf = (token: TokenSession): MechanismNumbers =>
  mechanismNumbers(() => wrapMechanism(token).number)

const pointerParameter = (fields: readonly (number | bigint)[]): Buffer => Buffer.concat(fields.map(ulong))

/** CK_RSA_PKCS_OAEP_PARAMS without a label: hash, MGF, source = data specified, null, 0. */
export function oaep(hash: 'sha1' | 'sha256'): Mechanism {
  const [hashNumber, mgf] = hash === 'sha1' ? [CKM.SHA_1, CKG.MGF1_SHA1] : [CKM.SHA256, CKG.MGF1_SHA256]
  return { mechanism: CKM.RSA_PKCS_OAEP, parameter: pointerParameter([hashNumber, mgf, 1, 0, 0]) }
}

/** CK_RSA_PKCS_PSS_PARAMS for a SHA-256 digest, salt length 32. */
export const pssSha256 = (): Mechanism => ({
  mechanism: CKM.RSA_PKCS_PSS,
  parameter: pointerParameter([CKM.SHA256, CKG.MGF1_SHA256, 32]),
})
