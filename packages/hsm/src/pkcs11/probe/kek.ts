import { randomBytes } from 'node:crypto'
import { CKK, CKM, mechanismName } from '../../constants.ts'
import { CKA, is, raw } from '../library/attributes.ts'
import { attemptRefusal, isUnclear, tryAttack } from '../library/errors.ts'
import type { Handle, Mechanism } from '../library/module.ts'
import { create, withScratchKey } from '../objects/known-keys.ts'
import { compareAsked } from '../objects/read-back.ts'
import type { TokenSession } from '../session/session.ts'
import { withKnownPublicKey } from './public-key.ts'
import {
  broken,
  codeOf,
  type Finding,
  faultOf,
  held,
  notApplicable,
  type Scene,
  scratchSecret,
  undecided,
  unwrapHarmlessly,
  wrapVictim,
} from './scene.ts'
import { rsaWraps, type UseWay, useWays, wrapWays } from './ways.ts'

/** The KEK itself, as a root is read back in a ceremony: a token may make another key than it was asked for. */
export function readKekBack({ token, kek, asked }: Scene): Finding {
  const { compared, wrong, isFault } = compareAsked(token, kek, asked)
  if (wrong === undefined) return held('kek-as-asked', { number: String(compared.length) })
  const { attribute, actual, expected } = wrong
  if (isFault) return undecided([faultOf(wrong)])
  return broken('kek-differs', { attribute, actual, expected: expected ?? '' })
}

/** A token may say that its key does not leave, and give it to whoever asks. */
export function readValue({ token, kek }: Scene): Finding {
  const { module, session } = token
  const read = tryAttack(
    () => module.getAttribute(session, kek, CKA.VALUE),
    () => module.getAttribute(session, kek, CKA.CLASS),
  )
  if (!read.ok)
    return read.undecided
      ? undecided([codeOf(read.error)])
      : held('value-refused', { answer: codeOf(read.error) })
  return read.value === 'absent' || read.value.length === 0 ? held('value-absent') : broken('value-read')
}

/** Names of the mechanisms by which `by` wraps `key`, and of those of which nothing is known. */
function wrapsOf(
  { token, victim, mechanism }: Scene,
  { key, by, ways }: { key: Handle; by: { aes: Handle; own: Handle }; ways: readonly Mechanism[] },
): {
  readonly accepted: readonly string[]
  readonly open: readonly string[]
  readonly answers: readonly string[]
} {
  const { module, session } = token
  const [accepted, open, answers] = [new Set<string>(), new Set<string>(), new Set<string>()]
  for (const way of ways) {
    const name = mechanismName(way.mechanism)
    const wrapped = tryAttack(
      () => module.wrapKey(session, way, by.own, key, 'wrapping what may not leave'),
      () => module.wrapKey(session, mechanism, by.aes, victim, 'wrapping a scratch key'),
    )
    if (wrapped.ok) accepted.add(name)
    else if (wrapped.undecided) open.add(`${name}: ${codeOf(wrapped.error)}`)
    else answers.add(codeOf(wrapped.error))
  }
  return { accepted: [...accepted], open: [...open], answers: [...answers] }
}

type Wraps = ReturnType<typeof wrapsOf>

/**
 * Attacks with keys whose bytes the attacker knows: wrapping under such a key gives the wrapped key away. `trust`: with keys that the user
 * asks to be trusted. A token that refuses that leaves nothing to wrap with.
 */
export function wrapUnderKnown(scene: Scene, key: Handle, trust?: 'made' | 'set'): Wraps {
  const { token } = scene
  const marked = (own: Handle): Handle => {
    if (trust === 'set')
      attemptRefusal(() =>
        token.module.setAttribute(token.session, own, is('TRUSTED', true), 'marking a key as trusted'),
      )
    return own
  }
  return withScratchKey(token, randomBytes(32), CKK.AES, [is('WRAP', true)], (aes) => {
    const by = (own: Handle, ways: readonly Mechanism[]) =>
      wrapsOf(scene, { key, by: { aes, own: marked(own) }, ways })
    const secret =
      trust === 'made'
        ? withTrustedSecret(token, (own) => by(own, wrapWays(token)))
        : by(aes, wrapWays(token))
    const rsa = withKnownPublicKey(token, trust, (own) => by(own, rsaWraps(token)))
    const found = [secret, rsa].filter((one) => one !== null)
    return {
      accepted: found.flatMap(({ accepted }) => accepted),
      open: found.flatMap(({ open }) => open),
      answers: [...new Set(found.flatMap(({ answers }) => answers))],
    }
  })
}

/** A secret key that the user asks to be trusted; null where the token makes none. */
function withTrustedSecret<T>(token: TokenSession, use: (key: Handle) => T): T | null {
  const asked = [
    ...scratchSecret(),
    is('TOKEN', false),
    is('WRAP', true),
    raw('VALUE', randomBytes(32)),
    is('TRUSTED', true),
  ]
  const made = attemptRefusal(() => create(token, asked, 'secret'))
  if (!made.ok) return null
  try {
    return use(made.value)
  } finally {
    token.destroyHandle(made.value)
  }
}

export function wrapTheKek(scene: Scene): Finding {
  const { accepted, open, answers } = wrapUnderKnown(scene, scene.kek)
  if (accepted.length > 0) return broken('kek-wrapped', { mechanisms: accepted.join(', ') })
  return open.length > 0 ? undecided(open) : held('kek-not-wrapped', { answers: answers.join(', ') })
}

/** A KEK that encrypts, makes MACs or derives can be turned on a wrapped key's blocks, or reveals something of its own bytes. */
export function useOtherwise(scene: Scene): Finding {
  const works = new Set<string>()
  const open = new Set<string>()
  const answers = new Set<string>()
  for (const way of useWays(scene.token)) {
    const used = tryAttack(
      () => way.use(scene.kek),
      () => useHarmlessly(scene, way),
    )
    const what = `${way.flag} ${way.name}`
    if (used.ok) works.add(what)
    else if (used.undecided) open.add(`${what}: ${codeOf(used.error)}`)
    else answers.add(codeOf(used.error))
  }
  if (works.size > 0) return broken('kek-used', { ways: [...works].join(', ') })
  return open.size > 0 ? undecided(open) : held('kek-not-used', { answers: [...answers].join(', ') })
}

/** Tried with a key that allows this use. Where the token cannot do it at all, or lets no key do it, its KEK must at least wrap. */
function useHarmlessly(scene: Scene, { listed, keyType, flag, use }: UseWay): void {
  if (listed) {
    const like = attemptRefusal(() =>
      withScratchKey(scene.token, randomBytes(32), keyType, [is(flag, true)], use),
    )
    if (like.ok) return
    if (isUnclear(like.error)) throw like.error
  }
  const wrapped = wrapVictim(scene)
  if (!wrapped.ok) throw wrapped.error
}

/** KW and KWP are authenticated: a blob of which one byte is another opens nothing. */
export function tamperBlob(scene: Scene): Finding {
  const { token, mechanism } = scene
  if (mechanism.mechanism === CKM.AES_CBC_PAD) return notApplicable('blob-without-integrity')
  const wrapped = wrapVictim(scene)
  if (!wrapped.ok) return notApplicable('does-not-wrap', { answer: codeOf(wrapped.error) })
  const blob = wrapped.value
  const open = () => token.destroyHandle(unwrapHarmlessly(scene, blob))
  const right = tryAttack(() => opensVictim(scene, blob), open)
  if (!right.ok) return undecided([codeOf(right.error)])
  if (!right.value) return broken('blob-mistaken')
  const unknown = new Set<string>()
  const answers = new Set<string>()
  for (const other of tampered(blob)) {
    const opened = tryAttack(() => unwrapHarmlessly(scene, other), open)
    if (opened.ok) {
      token.destroyHandle(opened.value)
      return broken('blob-tampered')
    }
    ;(opened.undecided ? unknown : answers).add(codeOf(opened.error))
  }
  return unknown.size > 0 ? undecided(unknown) : held('blob-refused', { answers: [...answers].join(', ') })
}

/** Whether the unwrapped key wraps as one of the victim's bytes does: it can be told from another in no way that gives it out. */
function opensVictim(scene: Scene, blob: Buffer): boolean {
  const { token, victim, victimValue, mechanism } = scene
  const wrapBy = (key: Handle) =>
    token.module.wrapKey(token.session, mechanism, key, victim, 'wrapping a scratch key')
  const known = withScratchKey(token, victimValue, CKK.AES, [is('WRAP', true)], wrapBy)
  const key = unwrapHarmlessly(scene, blob)
  try {
    return wrapBy(key).equals(known)
  } finally {
    token.destroyHandle(key)
  }
}

/** The changes: one bit in each block of eight bytes, the last block cut off, and two blocks swapped. */
function tampered(blob: Buffer): Buffer[] {
  const flipped = Array.from({ length: blob.length / 8 }, (_, block) => {
    const other = Buffer.from(blob)
    other.writeUInt8(other.readUInt8(block * 8 + 7) ^ 1, block * 8 + 7)
    return other
  })
  const swapped = Buffer.concat([
    blob.subarray(0, 8),
    blob.subarray(16, 24),
    blob.subarray(8, 16),
    blob.subarray(24),
  ])
  return [...flipped, blob.subarray(0, blob.length - 8), swapped]
}
