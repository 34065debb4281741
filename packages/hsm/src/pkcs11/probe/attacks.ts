import { randomBytes } from 'node:crypto'
import { CKK, CKM } from '../../constants.ts'
import type { ProbeAttackName } from '../../device.ts'
import { CKA, is, mechanisms, readAttribute, text } from '../library/attributes.ts'
import { isUnclearName, tryAttack } from '../library/errors.ts'
import type { Attribute } from '../library/memory.ts'
import type { Handle } from '../library/module.ts'
import { withScratchKey } from '../objects/known-keys.ts'
import { zeroIv } from '../objects/mechanisms.ts'
import { unwrapTemplateAttributes } from '../objects/templates.ts'
import { readKekBack, readValue, tamperBlob, useOtherwise, wrapTheKek, wrapUnderKnown } from './kek.ts'
import {
  broken,
  codeOf,
  type Finding,
  held,
  nameOf,
  notApplicable,
  type Scene,
  scratchSecret,
  undecided,
  unwrapHarmlessly,
  wrapVictim,
} from './scene.ts'
import { blockWays, otherWraps } from './ways.ts'

function setHarmlessly({ token, victim }: Scene): void {
  token.module.setAttribute(token.session, victim, text('LABEL', 'renamed'), 'changing a scratch key')
}

function copyHarmlessly({ token, victim }: Scene): void {
  const doing = 'copying a scratch key'
  token.destroyHandle(token.module.copyObject(token.session, victim, [is('TOKEN', false)], doing))
}

/** CBC by hand, and the padding cut off: 32 bytes and a block of padding. */
function unchain(wrapped: Buffer, decryptBlock: (block: Buffer) => Uint8Array): Buffer {
  const blocks = [0, 16].map((at) => {
    const before = at === 0 ? zeroIv : wrapped.subarray(at - 16, at)
    return Buffer.from(decryptBlock(wrapped.subarray(at, at + 16))).map((byte, i) => byte ^ (before[i] ?? 0))
  })
  return Buffer.concat(blocks)
}

/** Wraps a known key, then has the KEK decrypt the blob block by block: a KEK that can decrypt gives every child away. */
function wrapThenDecrypt(scene: Scene): Finding {
  const { token, kek, victimValue, mechanism } = scene
  const wrapped = wrapVictim(scene)
  if (!wrapped.ok) return notApplicable('does-not-wrap', { answer: codeOf(wrapped.error) })
  const flip = tryAttack(
    () => token.module.setAttribute(token.session, kek, is('DECRYPT', true), 'setting DECRYPT'),
    () => setHarmlessly(scene),
  )
  const answers: string[] = []
  let open = !flip.ok && flip.undecided
  for (const { name, block } of blockWays(token)) {
    const by = (bytes: Buffer) => block(kek, bytes)
    const opened = tryAttack(
      () =>
        mechanism.mechanism === CKM.AES_CBC_PAD
          ? unchain(wrapped.value, by)
          : unwrapWithBlockCipher(wrapped.value, by),
      () =>
        withScratchKey(token, randomBytes(32), CKK.AES, [is('DECRYPT', true)], (key) =>
          block(key, Buffer.alloc(16)),
        ),
    )
    if (!opened.ok) {
      answers.push(`${name}: ${codeOf(opened.error)}`)
      open ||= opened.undecided
    } else if (opened.value?.equals(victimValue)) return broken('decrypted-bytes', { mechanism: name })
  }
  if (open) return undecided(flip.ok ? answers : [codeOf(flip.error), ...answers])
  if (answers.length === 0) return held('decrypted-other')
  const answer = answers.join(', ')
  return flip.ok
    ? held('decrypt-set', { answer })
    : held('decrypt-refused', { set: codeOf(flip.error), answer })
}

/** One unwrap for each of the ways to ask; the first that gives a key away decides, and one that is not decided outweighs refusals. */
function unwrapAs(scene: Scene, ways: readonly (readonly Attribute[])[], doing: string): Finding {
  const { token, kek, mechanism } = scene
  const wrapped = wrapVictim(scene)
  if (!wrapped.ok) return notApplicable('does-not-wrap', { answer: codeOf(wrapped.error) })
  const { module, session } = token
  const refusals = new Set<string>()
  const open = new Set<string>()
  let safe: Finding | null = null
  for (const extra of ways) {
    const template = [...scratchSecret(), is('TOKEN', false), ...extra]
    const back = tryAttack(
      () => module.unwrapKey(session, mechanism, kek, wrapped.value, template, doing),
      () => token.destroyHandle(unwrapHarmlessly(scene, wrapped.value)),
    )
    if (!back.ok) {
      ;(back.undecided ? open : refusals).add(codeOf(back.error))
      continue
    }
    try {
      const judged = judgeUnwrapped(scene, back.value)
      if (typeof judged === 'string') open.add(judged)
      else if (judged.outcome === 'broken') return judged
      else safe = judged
    } finally {
      token.destroyHandle(back.value)
    }
  }
  if (open.size > 0) return undecided(open)
  return safe ?? held('unwrap-refused', { answer: [...refusals].join(', ') })
}

/** Or the answer that leaves it undecided. */
function judgeUnwrapped(scene: Scene, key: Handle): Finding | string {
  const { token, victimValue } = scene
  const { module, session } = token
  const value = tryAttack(
    () => module.getAttribute(session, key, CKA.VALUE),
    () => module.getAttribute(session, key, CKA.CLASS),
  )
  if (value.ok && value.value !== 'absent' && value.value.equals(victimValue))
    return broken('unwrap-readable')
  const extractable = readAttribute(module, session, key, CKA.EXTRACTABLE)
  if (!extractable.ok) return extractable.reason
  if (extractable.value === 'true') return broken('unwrap-extractable')
  if (!value.ok && value.undecided) return codeOf(value.error)
  const { accepted, open } = wrapUnderKnown(scene, key)
  if (accepted.length > 0) return broken('unwrap-leaves', { mechanisms: accepted.join(', ') })
  return open[0] ?? held('unwrap-safe')
}

function extractableChild(): Attribute[] {
  // A child KEK's demands name no mechanism.
  const demands = unwrapTemplateAttributes('child-kek', () => CKM.AES_KEY_WRAP_KWP)
  return demands.map((one) => (one.type === CKA.EXTRACTABLE ? is('EXTRACTABLE', true) : one))
}

const weaker: readonly Attribute[] = [
  is('EXTRACTABLE', true),
  is('SENSITIVE', false),
  is('DECRYPT', true),
  is('ENCRYPT', true),
  is('SIGN', true),
  is('DERIVE', true),
  is('MODIFIABLE', true),
  mechanisms([CKM.AES_ECB, CKM.AES_CBC_PAD]),
  { type: CKA.UNWRAP_TEMPLATE, value: [] },
  // A token that refuses an empty one may take one that asks for as much and lets the child leave.
  { type: CKA.UNWRAP_TEMPLATE, value: extractableChild() },
]

type Read = ReturnType<typeof readAttribute>

const told = (read: Read): string => (read.ok ? read.value : read.reason)

/** The reason why one of two readings says nothing, or null. */
const unread = (...reads: readonly Read[]): string | null => reads.map(told).find(isUnclearName) ?? null

function copyEscalate(scene: Scene): Finding {
  const { token, kek } = scene
  const { module, session } = token
  const reasons = new Set<string>()
  const open = new Set<string>()
  for (const attribute of weaker) {
    const copy = tryAttack(
      () => module.copyObject(session, kek, [is('TOKEN', false), attribute], 'copying the KEK'),
      () => copyHarmlessly(scene),
    )
    if (!copy.ok) {
      ;(copy.undecided ? open : reasons).add(codeOf(copy.error))
      continue
    }
    const before = readAttribute(module, session, kek, attribute.type)
    const after = readAttribute(module, session, copy.value, attribute.type)
    token.destroyHandle(copy.value)
    const unknown = unread(before, after)
    if (unknown !== null) open.add(unknown)
    else if (told(before) !== told(after)) return broken('copy-weaker', { attribute: nameOf(attribute) })
  }
  if (open.size > 0) return undecided(open)
  return reasons.size === 0
    ? held('copies-unchanged')
    : held('copies-refused', { answers: [...reasons].join(', ') })
}

function flipAttributes(scene: Scene): Finding {
  const { token, kek } = scene
  const { module, session } = token
  const reasons = new Set<string>()
  const open = new Set<string>()
  for (const attribute of weaker) {
    const before = readAttribute(module, session, kek, attribute.type)
    const set = tryAttack(
      () => module.setAttribute(session, kek, attribute, 'changing the KEK'),
      () => setHarmlessly(scene),
    )
    if (!set.ok) (set.undecided ? open : reasons).add(codeOf(set.error))
    const after = readAttribute(module, session, kek, attribute.type)
    const unknown = unread(before, after)
    if (unknown !== null && set.ok) open.add(unknown)
    else if (unknown === null && told(before) !== told(after))
      return broken('was-changed', { attribute: nameOf(attribute) })
  }
  if (open.size > 0) return undecided(open)
  return reasons.size === 0
    ? held('changes-unsaid')
    : held('changes-refused', { answers: [...reasons].join(', ') })
}

/** Wrapping one key by a second mechanism, or by raw block encryption, can undo what the first one protects. */
function mechanismConfusion({ token, kek, victim, mechanism }: Scene): Finding {
  const { accepted, open } = otherWraps(token, { kek, victim, own: mechanism })
  if (accepted.length > 0) return broken('wraps-otherwise', { mechanisms: accepted.join(', ') })
  return open.length > 0 ? undecided(open) : held('wraps-once')
}

/** Each alone too: a token that refuses every key with SENSITIVE=false has said nothing of EXTRACTABLE. */
const readable: readonly (readonly Attribute[])[] = [
  [is('PRIVATE', true), is('SENSITIVE', false), is('EXTRACTABLE', true)],
  [is('PRIVATE', true), is('SENSITIVE', true), is('EXTRACTABLE', true)],
  [is('EXTRACTABLE', true)],
  [is('SENSITIVE', false)],
]

export const attacks: readonly [ProbeAttackName, (scene: Scene) => Finding][] = [
  ['wrap-then-decrypt', wrapThenDecrypt],
  ['reimport-extractable', (scene) => unwrapAs(scene, readable, 'unwrapping as extractable')],
  ['silent-unwrap', (scene) => unwrapAs(scene, [[]], 'unwrapping without saying')],
  ['copy-escalate', copyEscalate],
  ['mechanism-confusion', mechanismConfusion],
  ['flip-attributes', flipAttributes],
  ['read-back', readKekBack],
  ['read-value', readValue],
  ['wrap-the-kek', wrapTheKek],
  ['use-otherwise', useOtherwise],
  ['tampered-blob', tamperBlob],
]

const alternativeIv = 0xa659_59a6

/**
 * RFC 5649 section 4.2 with somebody else's block decryption: how an attacker opens a KWP or KW blob once the KEK decrypts
 * single blocks. Returns the key, or null when the integrity check fails.
 */
function unwrapWithBlockCipher(
  wrapped: Uint8Array,
  decryptBlock: (block: Buffer) => Uint8Array,
): Buffer | null {
  const n = wrapped.length / 8 - 1
  if (!Number.isInteger(n) || n < 1) return null
  let a: Buffer = Buffer.from(wrapped.subarray(0, 8))
  const r = Buffer.from(wrapped.subarray(8))
  const decrypt = (left: Buffer, at: number): Buffer =>
    Buffer.from(decryptBlock(Buffer.concat([left, r.subarray(at, at + 8)])))
  if (n === 1) {
    const block = decrypt(a, 0)
    a = block.subarray(0, 8)
    block.copy(r, 0, 8)
  } else {
    for (let j = 5; j >= 0; j--) {
      for (let i = n; i >= 1; i--) {
        a.writeBigUInt64BE(a.readBigUInt64BE() ^ BigInt(n * j + i))
        const block = decrypt(a, (i - 1) * 8)
        a = Buffer.from(block.subarray(0, 8))
        block.copy(r, (i - 1) * 8, 8)
      }
    }
  }
  if (a.equals(Buffer.alloc(8, 0xa6))) return r
  const length = a.readUInt32BE(4)
  if (a.readUInt32BE(0) !== alternativeIv || length > r.length || length <= r.length - 8) return null
  return r.subarray(0, length)
}
