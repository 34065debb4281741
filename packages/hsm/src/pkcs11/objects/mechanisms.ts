import { createCipheriv, randomBytes } from 'node:crypto'
import { CKK, CKM, mechanismName } from '../../constants.ts'
import type { WrapMechanism, WrapMechanismReport } from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import { type Said, said, sayingText } from '../../sayings.ts'
import { is } from '../library/attributes.ts'
import { attemptRefusal, tryAttack } from '../library/errors.ts'
import type { TokenSession } from '../session/session.ts'
import { knownAnswers, type Vector } from './known-answers.ts'
import { withScratchKey, withWrappedKeys } from './known-keys.ts'
import { type MechanismNumbers, mechanismNumbers } from './templates.ts'

function givesAnswer(token: TokenSession, mechanism: number, { kek, key, wrapped }: Vector): boolean {
  const doing = 'wrapping a known key'
  return withScratchKey(token, kek, CKK.AES, [is('WRAP', true), is('UNWRAP', true)], (kekHandle) =>
    withScratchKey(token, key, CKK.GENERIC_SECRET, [], (keyHandle) =>
      token.module.wrapKey(token.session, { mechanism }, kekHandle, keyHandle, doing).equals(wrapped),
    ),
  )
}

function tryWrapMechanism(
  token: TokenSession,
  number: number,
): { mechanism: WrapMechanism | null; said: Said } {
  const refusals = new Set<string>()
  const all = (vectors: readonly Vector[]): boolean =>
    vectors.every((vector) => {
      const outcome = attemptRefusal(() => givesAnswer(token, number, vector))
      if (!outcome.ok) refusals.add(outcome.error.ckr?.name ?? outcome.error.code)
      return outcome.ok && outcome.value
    })
  for (const { standard, vectors, oddLengths } of knownAnswers) {
    if (!all(vectors)) continue
    const exactLengths = oddLengths.length > 0 && all(oddLengths)
    const padded = !exactLengths && oddLengths.length > 0
    return {
      // Frozen: it is part of every wrapped key's answer, and the way to the client knows what cannot change.
      mechanism: Object.freeze({ standard, name: mechanismName(number), number, exactLengths }),
      said: said(padded ? 'answer-known-padded' : 'answer-known', { standard }),
    }
  }
  return {
    mechanism: null,
    said:
      refusals.size > 0 ? said('answer-refused', { answers: [...refusals].join(', ') }) : said('answer-none'),
  }
}

export const zeroIv = Buffer.alloc(16)

/** AES-CBC with PKCS #7 padding under a zero IV, compared with OpenSSL's. */
function givesCbcPad(token: TokenSession): boolean {
  const kek = randomBytes(32)
  const key = randomBytes(32)
  const cipher = createCipheriv('aes-256-cbc', kek, zeroIv)
  const wrapped = Buffer.concat([cipher.update(key), cipher.final()])
  const mechanism = { mechanism: CKM.AES_CBC_PAD, parameter: zeroIv }
  return withScratchKey(token, kek, CKK.AES, [is('WRAP', true), is('UNWRAP', true)], (kekHandle) =>
    withScratchKey(token, key, CKK.GENERIC_SECRET, [], (keyHandle) =>
      token.module
        .wrapKey(token.session, mechanism, kekHandle, keyHandle, 'wrapping a known key')
        .equals(wrapped),
    ),
  )
}

/**
 * Names of wrap mechanisms cannot be trusted, so each candidate wraps known keys (known-answers.ts) and is called what it
 * computes. KWP is preferred: it takes any key length.
 */
export function chooseWrapMechanism(token: TokenSession): WrapMechanismReport {
  if (token.wrapMechanism) return token.wrapMechanism
  token.requireUser()
  token.wrapMechanism = withWrappedKeys(token, () => findWrapMechanism(token))
  return token.wrapMechanism
}

function findWrapMechanism(token: TokenSession): WrapMechanismReport {
  // A failure that comes once, also of taking the key away again, says nothing of what comes in.
  const known = tryAttack(
    () => withScratchKey(token, randomBytes(32), CKK.AES, [], () => null),
    () => null,
  )
  if (!known.ok) {
    const what = said('known-key-refused', { answer: known.error.ckr?.name ?? known.error.code })
    const numbers = [...token.profile.wrapCandidates, CKM.AES_CBC_PAD]
    return { chosen: null, tried: numbers.map((number) => triedOf(number, what)) }
  }
  const results = token.profile.wrapCandidates.map((number) => ({
    number,
    ...tryWrapMechanism(token, number),
  }))
  const proved = results.flatMap(({ mechanism }) => (mechanism ? [mechanism] : []))
  token.wrapProofs = proved
  const tried = results.map(({ number, said: what }) => triedOf(number, what))
  const chosen = proved.find(({ standard }) => standard === 'KWP-RFC5649') ?? proved[0] ?? null
  const cbc = chosen ? null : tryCbcPad(token)
  return {
    chosen,
    tried: cbc ? [...tried, cbc.tried] : tried,
    ...(cbc?.works ? { withoutIntegrity: { name: cbc.tried.name, number: cbc.tried.number } } : {}),
  }
}

function tryCbcPad(token: TokenSession) {
  const number = CKM.AES_CBC_PAD
  const outcome = attemptRefusal(() => givesCbcPad(token))
  const works = outcome.ok && outcome.value
  const what = works
    ? said('answer-without-integrity')
    : outcome.ok
      ? said('answer-none')
      : said('answer-refused', { answers: outcome.error.ckr?.name ?? outcome.error.code })
  return { works, tried: triedOf(number, what) }
}

function triedOf(number: number, what: Said): WrapMechanismReport['tried'][number] {
  return { name: mechanismName(number), number, result: sayingText(what), said: what }
}

export function wrapMechanism(token: TokenSession): WrapMechanism {
  const { chosen } = chooseWrapMechanism(token)
  if (!chosen)
    throw hsmError(
      'HSM-MECHANISM-MISSING',
      `token ${token.serial} has no KWP and no KW, which a root, what is wrapped under it, and a transport key need`,
    )
  return chosen
}

export const numbersOf = (token: TokenSession): MechanismNumbers =>
  mechanismNumbers(() => wrapMechanism(token).number)
