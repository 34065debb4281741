import { randomBytes } from 'node:crypto'
import { CKK, CKM, CKO, CKR } from '../../constants.ts'
import { type AttributeReport, isAbsent, type OaepHash, type ProbeAttackName } from '../../device.ts'
import { rootBytes, rootTemplate } from '../../templates.ts'
import { CKA, is, num, text } from '../library/attributes.ts'
import { ckrOf, tryAttack } from '../library/errors.ts'
import type { Attribute } from '../library/memory.ts'
import type { Handle } from '../library/module.ts'
import { oaep } from '../library/parameters.ts'
import { withAccepted } from '../objects/accepted.ts'
import { unwrapAccepted } from '../objects/as-asked.ts'
import { makePair } from '../objects/keys.ts'
import { oaepOutside } from '../objects/oaep-outside.ts'
import { compareAsked, named } from '../objects/read-back.ts'
import {
  mechanismNumbers,
  privateAttributes,
  publicAttributes,
  secretAttributes,
} from '../objects/templates.ts'
import { transportTemplate } from '../trusted-window/transport-pair.ts'
import { openTemplate } from '../trusted-window/window.ts'
import { wrapUnderKnown } from './kek.ts'
import { destroyPair } from './public-key.ts'
import {
  broken,
  codeOf,
  type Finding,
  faultOf,
  held,
  nameOf,
  notApplicable,
  type Scene,
  scratchSecret,
  undecided,
} from './scene.ts'

const absentIn = ({ attribute, actual }: AttributeReport): string =>
  `${attribute} ${actual.replace('unreadable:', '')}`

const numbersFor = ({ mechanism }: Scene) => mechanismNumbers(() => mechanism.mechanism)

/** The root as it is while a trusted window is open; by default, a key that may leave and nothing more. */
const openAsked = (scene: Scene): Attribute[] => [
  ...scratchSecret(),
  num('VALUE_LEN', rootBytes),
  ...(scene.template === 'hardened'
    ? secretAttributes(openTemplate, numbersFor(scene))
    : [is('TOKEN', false), is('PRIVATE', true), is('SENSITIVE', true), is('EXTRACTABLE', true)]),
]

/** An open root leaves to keys that the security officer trusts: not to others, and no user makes a trusted one or lifts the rule. */
function wrapToUntrusted(scene: Scene): Finding {
  const { token } = scene
  const { module, session } = token
  const asked = openAsked(scene)
  const doing = 'making an open scratch root'
  const generate = (template: readonly Attribute[]) =>
    withAccepted(token, {
      by: 'generate',
      asked: [template],
      make: ([sent = []]) => module.generateKey(session, { mechanism: CKM.AES_KEY_GEN }, sent, doing),
      discard: (key) => token.destroyHandle(key),
    }).value
  const made = tryAttack(
    () => generate(asked),
    () => token.destroyHandle(generate(openAsked({ ...scene, template: 'default' }))),
  )
  if (!made.ok && made.undecided) return undecided([codeOf(made.error)])
  if (!made.ok) return notApplicable('no-open-root', { answer: codeOf(made.error) })
  const root = made.value
  const lift = is('WRAP_WITH_TRUSTED', false)
  try {
    const { wrong, isFault } = compareAsked(token, root, asked)
    if (wrong && isFault) return undecided([faultOf(wrong)])
    if (wrong && isAbsent(wrong.actual)) return notApplicable('no-open-root', { answer: absentIn(wrong) })
    if (wrong) return broken('open-root-differs', { attribute: wrong.attribute, actual: wrong.actual })
    const unknown = new Set<string>()
    const answers = new Set<string>()
    let cannotCopy: string | null = null
    const leavesBy = (key: Handle, trust?: 'made' | 'set'): readonly string[] => {
      const { accepted, open, answers: refusals } = wrapUnderKnown(scene, key, trust)
      for (const one of open) unknown.add(one)
      for (const one of refusals) answers.add(one)
      return accepted
    }
    const ways: readonly (() => readonly string[])[] = [
      () => leavesBy(root),
      () => leavesBy(root, 'made'),
      () => leavesBy(root, 'set'),
      () => {
        const copy = tryAttack(
          () => module.copyObject(session, root, [is('TOKEN', false), lift], 'copying an open scratch root'),
          () =>
            token.destroyHandle(module.copyObject(session, scene.victim, [is('TOKEN', false)], 'copying')),
        )
        if (!copy.ok) {
          if (copy.error.code === 'HSM-FUNCTION-MISSING' && ckrOf(copy.error) !== CKR.MECHANISM_INVALID)
            cannotCopy = codeOf(copy.error)
          ;(copy.undecided ? unknown : answers).add(codeOf(copy.error))
          return []
        }
        try {
          return leavesBy(copy.value)
        } finally {
          token.destroyHandle(copy.value)
        }
      },
      () => {
        const set = tryAttack(
          () => module.setAttribute(session, root, lift, 'changing an open scratch root'),
          () => module.setAttribute(session, scene.victim, text('LABEL', 'renamed'), 'changing'),
        )
        if (!set.ok) (set.undecided ? unknown : answers).add(codeOf(set.error))
        return leavesBy(root)
      },
    ]
    for (const way of ways) {
      const accepted = way()
      if (accepted.length > 0) return broken('open-root-wrapped', { mechanisms: accepted.join(', ') })
    }
    // What ends a trusted window is a copy of the open root.
    if (cannotCopy !== null) return notApplicable('no-open-root', { answer: `C_CopyObject ${cannotCopy}` })
    return unknown.size > 0
      ? undecided(unknown)
      : held('open-root-kept', { answers: [...answers].join(', ') })
  } finally {
    token.destroyHandle(root)
  }
}

/** The root's own template, as a session key: nothing is written to the token. */
const arriving = (scene: Scene): Attribute[] =>
  secretAttributes({ ...rootTemplate, token: false }, numbersFor(scene))

/** What `unwrapTemplate: 'root'` demands, of a session key. */
const demands = (scene: Scene): Attribute[] => [
  num('CLASS', CKO.SECRET_KEY),
  num('KEY_TYPE', CKK.AES),
  ...secretAttributes({ ...rootTemplate, token: false, unwrapTemplate: null }, numbersFor(scene)).filter(
    ({ type }) => type !== CKA.COPYABLE,
  ),
]

type Transport = {
  readonly publicKey: Handle
  readonly privateKey: Handle
  readonly asked: readonly Attribute[]
}

function makeTransport(scene: Scene): Transport {
  const { token, template } = scene
  const name = named(randomBytes(16).toString('hex'), 'probe')
  const closed = { ...transportTemplate, token: false, unwrapTemplate: null }
  const hardened = privateAttributes(closed, numbersFor(scene)).flatMap((one) =>
    one.type === CKA.COPYABLE ? [{ type: CKA.UNWRAP_TEMPLATE, value: demands(scene) }, one] : [one],
  )
  const plain = [
    is('TOKEN', false),
    is('PRIVATE', true),
    is('SENSITIVE', true),
    is('EXTRACTABLE', false),
    is('UNWRAP', true),
  ]
  const { privateAsked, ...pair } = makePair(
    token,
    'rsa-2048',
    {
      publicKey: [...name, ...publicAttributes(closed)],
      privateKey: [...name, ...(template === 'hardened' ? hardened : plain)],
    },
    'making a scratch transport pair',
  )
  return { ...pair, asked: privateAsked }
}

/** Each alone, because a token may keep to some of a template. */
const looser: readonly (readonly Attribute[])[] = [
  [],
  [is('SENSITIVE', false)],
  [is('EXTRACTABLE', true)],
  [is('SENSITIVE', false), is('EXTRACTABLE', true)],
  [is('ENCRYPT', true)],
  [is('DECRYPT', true)],
  [is('SIGN', true)],
  [is('DERIVE', true)],
  [is('MODIFIABLE', true)],
]

/** A transport pair takes in a root and nothing weaker: else whoever is at the destination has the root in the clear. */
function transportUnwrap(scene: Scene): Finding {
  const { token } = scene
  const made = tryAttack(
    () => makeTransport(scene),
    () => destroyPair(token, makeTransport({ ...scene, template: 'default' })),
  )
  if (!made.ok && made.undecided) return undecided([codeOf(made.error)])
  if (!made.ok) return notApplicable('no-transport', { answer: codeOf(made.error) })
  const pair = made.value
  try {
    const { wrong, isFault } = compareAsked(token, pair.privateKey, pair.asked)
    if (wrong && isFault) return undecided([faultOf(wrong)])
    if (wrong && isAbsent(wrong.actual)) return notApplicable('no-transport', { answer: absentIn(wrong) })
    if (wrong) return broken('transport-differs', { attribute: wrong.attribute, actual: wrong.actual })
    const value = randomBytes(rootBytes)
    const unwrap = (hash: OaepHash, blob: Buffer, template: readonly Attribute[]) =>
      unwrapAccepted(token, oaep(hash), pair.privateKey, blob, template, 'unwrapping a scratch root')
    const refusals: string[] = []
    for (const hash of new Set([token.profile.oaepHash, 'sha1'] as const)) {
      const seal = () => oaepOutside(token, pair.publicKey, value, hash)
      const sealed = tryAttack(seal, seal)
      if (!sealed.ok) return undecided([codeOf(sealed.error)])
      const blob = sealed.value
      const allowed = () => token.destroyHandle(unwrap(hash, blob, [...scratchSecret(), ...arriving(scene)]))
      const sound = tryAttack(allowed, allowed)
      if (!sound.ok && sound.undecided) return undecided([codeOf(sound.error)])
      if (sound.ok)
        return attackTransport(scene, pair, {
          value,
          blob,
          hash,
          allowed,
          unwrap: (asked) => unwrap(hash, blob, asked),
        })
      refusals.push(codeOf(sound.error))
    }
    // A pair that takes in no root of the session may take in one that stays.
    return undecided(refusals)
  } finally {
    destroyPair(token, pair)
  }
}

type Sealed = {
  readonly value: Buffer
  readonly blob: Buffer
  readonly hash: OaepHash
  readonly allowed: () => void
  readonly unwrap: (asked: readonly Attribute[]) => Handle
}

function attackTransport(scene: Scene, { privateKey }: Transport, sealed: Sealed): Finding {
  const { token } = scene
  const { module, session } = token
  const unknown = new Set<string>()
  const answers = new Set<string>()
  const note = (tried: { error: Parameters<typeof codeOf>[0]; undecided: boolean }) =>
    (tried.undecided ? unknown : answers).add(codeOf(tried.error))
  const unwrapAll = (): Finding | null => {
    const root = arriving(scene)
    for (const extra of looser) {
      const asked = root.map((one) => extra.find(({ type }) => type === one.type) ?? one)
      const template = [...scratchSecret(), ...(extra.length === 0 ? [is('TOKEN', false)] : asked)]
      const key = tryAttack(() => sealed.unwrap(template), sealed.allowed)
      if (!key.ok) {
        note(key)
        continue
      }
      try {
        const judged = judgeRoot(scene, key.value, sealed.value)
        if (typeof judged === 'string') unknown.add(judged)
        else if (judged !== null) return judged
      } finally {
        token.destroyHandle(key.value)
      }
    }
    return null
  }
  const decrypt = (): Finding | null => {
    const opened = tryAttack(() => {
      module.begin('C_DecryptInit', session, oaep(sealed.hash), privateKey, 'decrypting a scratch root')
      return module.finish('C_Decrypt', session, sealed.blob, 512, 'decrypting a scratch root')
    }, sealed.allowed)
    if (opened.ok) return opened.value.equals(sealed.value) ? broken('transport-decrypts') : null
    note(opened)
    return null
  }
  const found = decrypt() ?? unwrapAll()
  if (found !== null) return found
  for (const change of [is('DECRYPT', true), { type: CKA.UNWRAP_TEMPLATE, value: [] }]) {
    const set = tryAttack(
      () => module.setAttribute(session, privateKey, change, 'changing a scratch transport key'),
      () => module.setAttribute(session, scene.victim, text('LABEL', 'renamed'), 'changing a scratch key'),
    )
    if (set.ok) return broken('transport-changed', { attribute: nameOf(change) })
    note(set)
  }
  return unknown.size > 0 ? undecided(unknown) : held('transport-kept', { answers: [...answers].join(', ') })
}

/** A finding against the root that came in, or the code that leaves it undecided. Null: nothing is wrong. */
function judgeRoot(scene: Scene, key: Handle, value: Buffer): Finding | string | null {
  const { token } = scene
  const read = tryAttack(
    () => token.module.getAttribute(token.session, key, CKA.VALUE),
    () => token.module.getAttribute(token.session, key, CKA.CLASS),
  )
  if (read.ok && read.value !== 'absent' && read.value.equals(value)) return broken('transport-readable')
  const { wrong, isFault } = compareAsked(token, key, demands(scene))
  if (wrong && isFault) return faultOf(wrong)
  if (wrong) return broken('transport-weaker', { attribute: wrong.attribute, actual: wrong.actual })
  if (!read.ok && read.undecided) return codeOf(read.error)
  const { accepted, open } = wrapUnderKnown(scene, key)
  if (accepted.length > 0) return broken('transport-leaves', { mechanisms: accepted.join(', ') })
  return open[0] ?? null
}

/** Tried where a trusted window may be opened or received by. A token that cannot do the like at all has nothing to give away by it. */
export const windowAttacks: readonly [ProbeAttackName, (scene: Scene) => Finding][] = [
  ['wrap-to-untrusted', wrapToUntrusted],
  ['transport-unwrap', transportUnwrap],
]
