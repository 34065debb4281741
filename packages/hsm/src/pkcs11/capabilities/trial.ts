import { createPublicKey, type KeyObject, randomBytes } from 'node:crypto'
import type { Capability, CapabilityGroup, KeyPairKind, KeyTemplate, MadeKeyPair } from '../../device.ts'
import { HsmError } from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import { closedTemplate } from '../../templates.ts'
import { attempt, attemptRefusal, isFault, isGone } from '../library/errors.ts'
import { generateKeyPair } from '../objects/keys.ts'
import type { TokenSession } from '../session/session.ts'

/** `run` answers with what was seen, throws Wrong for a result that is not the standard's, or HsmError for a refusal. */
export type Trial = {
  readonly group: CapabilityGroup
  readonly name: string
  readonly mechanism: Capability['mechanism']
  readonly run: () => string | Promise<string>
}

/** The token answered, and other software disagrees with the answer. */
export class Wrong extends Error {}

/** Trying it would have broken what the caller asked for; the message is the token’s answer to the way that would not. */
export class NotTried extends Error {}

export function agree(right: boolean, what: string): string {
  if (!right) throw new Wrong(`${what}: other software disagrees`)
  return `${what}: other software agrees`
}

export const scratchId = () => randomBytes(16).toString('hex')

/** Lends a pair of the kind, and destroys it. */
export type ScratchPairs = <T>(
  kind: KeyPairKind,
  flags: Partial<KeyTemplate>,
  use: (pair: MadeKeyPair, publicKey: KeyObject) => T | Promise<T>,
) => Promise<T>

export const scratchPairs =
  (token: TokenSession, sessionOnly: boolean): ScratchPairs =>
  (kind, flags, use) =>
    withPair(token, { kind, flags, sessionOnly }, use)

async function withPair<T>(
  token: TokenSession,
  { kind, flags, sessionOnly }: { kind: KeyPairKind; flags: Partial<KeyTemplate>; sessionOnly: boolean },
  use: (pair: MadeKeyPair, publicKey: KeyObject) => T | Promise<T>,
): Promise<T> {
  const make = (inToken: boolean) => {
    const template = { ...closedTemplate, ...flags, token: inToken }
    return generateKeyPair(token, { id: scratchId(), label: 'trial', kind, template })
  }
  // Only a refusal of session objects is a reason to make one that stays.
  const inSession = attemptRefusal(() => make(false))
  if (!inSession.ok && (inSession.error.ckr === null || isFault(inSession.error))) throw inSession.error
  if (!inSession.ok && sessionOnly) throw new NotTried(inSession.error.ckr?.name)
  // A TPM has no session objects; there the pair is one of the token's until it is destroyed below.
  const pair = inSession.ok ? inSession.value : make(true)
  let seen: Outcome<T>
  try {
    const key = createPublicKey({ key: Buffer.from(pair.spki), format: 'der', type: 'spki' })
    seen = { ok: true, value: await use(pair, key) }
  } catch (error) {
    seen = { ok: false, error }
  }
  const left = [pair.privateKey, pair.publicKey].filter(
    (ref) => !attempt(() => token.destroyHandle(token.find(ref))).ok,
  )
  // Session objects are gone with the session.
  if (!seen.ok && inSession.ok && seen.error instanceof HsmError && isGone(seen.error)) throw seen.error
  if (left.length > 0) throw leftBehind(pair.publicKey.id, seen)
  if (!seen.ok) throw seen.error
  return seen.value
}

type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown }

/** tpm2-pkcs11 1.9 cannot sign with P-521 and then holds the key as in use until its process ends. */
function leftBehind(id: string, seen: Outcome<unknown>): HsmError {
  const why = !seen.ok && seen.error instanceof HsmError ? seen.error : null
  return hsmError(
    'HSM-DEVICE-ERROR',
    `${why ? `${why.detail}; ` : ''}the scratch key ${id} could not be destroyed: destroy it after a restart`,
    why?.ckr ?? null,
  )
}
