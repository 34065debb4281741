import { randomBytes } from 'node:crypto'
import { is } from '../library/attributes.ts'
import { attemptRefusal } from '../library/errors.ts'
import type { Handle } from '../library/module.ts'
import { makePair, type Pair } from '../objects/keys.ts'
import { create } from '../objects/known-keys.ts'
import { scratchPublicKey } from '../objects/public-keys.ts'
import { named } from '../objects/read-back.ts'
import type { TokenSession } from '../session/session.ts'

/** A public key that was made outside the token, as a session object; null where there is none to wrap by. */
export function withKnownPublicKey<T>(
  token: TokenSession,
  trust: 'made' | 'set' | undefined,
  use: (key: Handle) => T,
): T | null {
  const asked = [...scratchPublicKey(), ...(trust === 'made' ? [is('TRUSTED', true)] : [])]
  const made = attemptRefusal(() => create(token, asked, 'public'))
  if (!made.ok && trust === 'made') return null
  // What the user may have marked as trusted is used for that alone.
  if (!made.ok) return trust === undefined ? byKeptPair(token, use) : withOwnPair(token, use)
  try {
    return use(made.value)
  } finally {
    token.destroyHandle(made.value)
  }
}

/** Of tokens whose probe is under way: the pair to wrap to, made when it is needed first. */
const keptPairs = new WeakMap<TokenSession, { pair: Pair | null }>()

/** While `use` runs, all that is wrapped to a pair of the token's own is wrapped to one. */
export function keepingPair<T>(token: TokenSession, use: () => T): T {
  const kept: { pair: Pair | null } = { pair: null }
  keptPairs.set(token, kept)
  try {
    return use()
  } finally {
    keptPairs.delete(token)
    if (kept.pair !== null) destroyPair(token, kept.pair)
  }
}

function byKeptPair<T>(token: TokenSession, use: (key: Handle) => T): T | null {
  const kept = keptPairs.get(token)
  if (kept === undefined) return withOwnPair(token, use)
  kept.pair ??= makeOwnPair(token)
  return kept.pair === null ? null : use(kept.pair.publicKey)
}

function withOwnPair<T>(token: TokenSession, use: (key: Handle) => T): T | null {
  const pair = makeOwnPair(token)
  if (pair === null) return null
  try {
    return use(pair.publicKey)
  } finally {
    destroyPair(token, pair)
  }
}

export function destroyPair(
  token: TokenSession,
  { publicKey, privateKey }: Pick<Pair, 'publicKey' | 'privateKey'>,
): void {
  token.destroyHandle(privateKey)
  token.destroyHandle(publicKey)
}

/** For tokens that import no public key: a pair made in the token, where one half wraps and the other decrypts. Null: it makes none. */
function makeOwnPair(token: TokenSession): Pair | null {
  const name = named(randomBytes(16).toString('hex'), 'probe')
  const templates = {
    publicKey: [...name, is('TOKEN', false), is('WRAP', true)],
    privateKey: [...name, is('TOKEN', false), is('DECRYPT', true), is('UNWRAP', true)],
  }
  const made = attemptRefusal(() => makePair(token, 'rsa-2048', templates, 'making a scratch pair'))
  return made.ok ? made.value : null
}
