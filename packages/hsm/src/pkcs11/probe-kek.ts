import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { CKA, is, num } from './attributes.ts'
import { CKK, CKM, CKO, mechanismName } from './constants.ts'
import { attemptRefusal } from './errors.ts'
import { withScratchKey } from './mechanisms.ts'
import type { Attribute } from './memory.ts'
import type { Handle, Mechanism } from './module.ts'
import { tryAttack } from './probe-control.ts'
import {
  broken,
  codeOf,
  type Finding,
  held,
  notApplicable,
  type Scene,
  undecided,
  unwrapHarmlessly,
  wrapVictim,
} from './probe-scene.ts'
import { rsaWraps, useWays, wrapWays } from './probe-ways.ts'
import { publicKeyAttributes } from './public-keys.ts'
import { compareAsked, named } from './read-back.ts'
import type { TokenSession } from './session.ts'

/** The KEK itself, as a root is read back in a ceremony: a token may make another key than it was asked for. */
export function readKekBack({ token, kek, asked }: Scene): Finding {
  const { compared, wrong, isFault } = compareAsked(token, kek, asked)
  if (wrong === undefined) return held('kek-as-asked', { number: String(compared.length) })
  const { attribute, actual, expected } = wrong
  if (isFault) return undecided([actual.slice(actual.indexOf(':') + 1)])
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
export function wrapsOf(
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

/** Under keys of which the attacker knows every byte: what such a key wraps is the same as given out. */
export function wrapUnderKnown(scene: Scene, key: Handle): ReturnType<typeof wrapsOf> {
  const { token } = scene
  return withScratchKey(token, randomBytes(32), CKK.AES, [is('WRAP', true)], (aes) => {
    const byAes = wrapsOf(scene, { key, by: { aes, own: aes }, ways: wrapWays(token) })
    const byRsa = withKnownPublicKey(token, [], (rsa) =>
      wrapsOf(scene, { key, by: { aes, own: rsa }, ways: rsaWraps(token) }),
    )
    const both = [byAes, ...(byRsa === null ? [] : [byRsa])]
    return {
      accepted: both.flatMap(({ accepted }) => accepted),
      open: both.flatMap(({ open }) => open),
      answers: [...new Set(both.flatMap(({ answers }) => answers))],
    }
  })
}

/** Made once for all probes of a process. What is wrapped to it is a scratch key. */
let outside: Uint8Array | null = null

/** A public key that was made outside the token, as a session object; null where the token takes none, which gives nothing away. */
export function withKnownPublicKey<T>(
  token: TokenSession,
  extra: readonly Attribute[],
  use: (key: Handle) => T,
): T | null {
  outside ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
    format: 'der',
    type: 'spki',
  })
  const asked = [
    num('CLASS', CKO.PUBLIC_KEY),
    num('KEY_TYPE', CKK.RSA),
    ...named(randomBytes(16).toString('hex'), 'probe'),
    ...publicKeyAttributes(outside).attributes,
    is('TOKEN', false),
    is('WRAP', true),
    ...extra,
  ]
  const made = attemptRefusal(() =>
    token.module.createObject(token.session, asked, 'creating a scratch public key'),
  )
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

/** A KEK that encrypts, computes MACs or derives does so to a wrapped key's blocks too, or says something of its own bytes. */
export function useOtherwise(scene: Scene): Finding {
  const { token, kek } = scene
  const works = new Set<string>()
  const open = new Set<string>()
  const answers = new Set<string>()
  for (const { name, flag, listed, use } of useWays(token)) {
    const used = tryAttack(
      () => use(kek),
      () =>
        listed ? withScratchKey(token, randomBytes(32), CKK.AES, [is(flag, true)], use) : wrapVictim(scene),
    )
    const what = `${flag} ${name}`
    if (used.ok) works.add(what)
    else if (used.undecided) open.add(`${what}: ${codeOf(used.error)}`)
    else answers.add(codeOf(used.error))
  }
  if (works.size > 0) return broken('kek-used', { ways: [...works].join(', ') })
  return open.size > 0 ? undecided(open) : held('kek-not-used', { answers: [...answers].join(', ') })
}

/** KW and KWP are authenticated: a blob of which one byte is another opens nothing. */
export function tamperBlob(scene: Scene): Finding {
  const { token, mechanism } = scene
  if (mechanism.mechanism === CKM.AES_CBC_PAD) return notApplicable('blob-without-integrity')
  const wrapped = wrapVictim(scene)
  if (!wrapped.ok) return notApplicable('does-not-wrap', { answer: codeOf(wrapped.error) })
  const blob = wrapped.value
  const open = () => token.destroyHandle(unwrapHarmlessly(scene, blob))
  const sound = tryAttack(open, open)
  if (!sound.ok) return undecided([codeOf(sound.error)])
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

/** One bit of each block of eight bytes; the blob without its last block; and with two blocks that changed places. */
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
