import { randomBytes } from 'node:crypto'
import type { HsmError, KeyTemplate, ProbeAttack, ProbeAttackName, ProbeReport } from '../device.ts'
import { noKeyWrap } from '../evidence/level.ts'
import { type Said, type SayingId, said, sayingText } from '../sayings.ts'
import { rootTemplate } from '../templates.ts'
import { withAccepted } from './accepted.ts'
import { CKA, is, mechanisms, num, raw, readAttribute } from './attributes.ts'
import { CKK, CKM, CKO } from './constants.ts'
import { attemptRefusal as attempt } from './errors.ts'
import { chooseWrapMechanism, zeroIv } from './mechanisms.ts'
import type { Attribute } from './memory.ts'
import type { Handle, Mechanism } from './module.ts'
import { blockWays, otherWraps } from './probe-ways.ts'
import { named } from './read-back.ts'
import type { TokenSession } from './session.ts'
import { unwrapWithBlockCipher } from './software-kwp.ts'
import { mechanismNumbers, secretAttributes } from './templates.ts'

type Finding = Pick<ProbeAttack, 'outcome' | 'detail'> & { said: Said }

type Scene = {
  readonly token: TokenSession
  readonly kek: Handle
  readonly victim: Handle
  readonly victimValue: Buffer
  readonly mechanism: Mechanism
}

function finding(outcome: Finding['outcome'], id: SayingId, values: Said['values'] = {}): Finding {
  const what = said(id, values)
  return { outcome, detail: sayingText(what), said: what }
}

const held = (id: SayingId, values: Said['values'] = {}) => finding('held', id, values)
const broken = (id: SayingId, values: Said['values'] = {}) => finding('broken', id, values)
const codeOf = ({ ckr, code }: HsmError): string => ckr?.name ?? code

const scratchSecret = (): Attribute[] => [
  num('CLASS', CKO.SECRET_KEY),
  num('KEY_TYPE', CKK.AES),
  ...named(randomBytes(16).toString('hex'), 'probe'),
]

/** What a program gets that asks for a KEK and says nothing of the rest. */
const defaultKek = (): Attribute[] => [
  ...scratchSecret(),
  num('VALUE_LEN', 32),
  is('TOKEN', false),
  is('PRIVATE', true),
  is('SENSITIVE', true),
  is('EXTRACTABLE', false),
  is('WRAP', true),
  is('UNWRAP', true),
]

function wrapVictim({ token, kek, victim, mechanism }: Scene) {
  return attempt(() => token.module.wrapKey(token.session, mechanism, kek, victim, 'wrapping a scratch key'))
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
  if (!wrapped.ok) return finding('not-applicable', 'does-not-wrap', { answer: codeOf(wrapped.error) })
  const flip = attempt(() =>
    token.module.setAttribute(token.session, kek, is('DECRYPT', true), 'setting DECRYPT'),
  )
  const answers: string[] = []
  for (const { name, block } of blockWays(token, kek)) {
    const opened = attempt(() =>
      mechanism.mechanism === CKM.AES_CBC_PAD
        ? unchain(wrapped.value, block)
        : unwrapWithBlockCipher(wrapped.value, block),
    )
    if (!opened.ok) answers.push(`${name}: ${codeOf(opened.error)}`)
    else if (opened.value?.equals(victimValue)) return broken('decrypted-bytes', { mechanism: name })
  }
  if (answers.length === 0) return held('decrypted-other')
  const answer = answers.join(', ')
  return flip.ok
    ? held('decrypt-set', { answer })
    : held('decrypt-refused', { set: codeOf(flip.error), answer })
}

function unwrapAs(scene: Scene, extra: readonly Attribute[], doing: string): Finding {
  const { token, kek, victimValue, mechanism } = scene
  const wrapped = wrapVictim(scene)
  if (!wrapped.ok) return finding('not-applicable', 'does-not-wrap', { answer: codeOf(wrapped.error) })
  const template = [...scratchSecret(), is('TOKEN', false), ...extra]
  const { module, session } = token
  const back = attempt(() => module.unwrapKey(session, mechanism, kek, wrapped.value, template, doing))
  if (!back.ok) return held('unwrap-refused', { answer: codeOf(back.error) })
  try {
    const value = attempt(() => module.getAttribute(session, back.value, CKA.VALUE))
    if (value.ok && value.value !== 'absent' && value.value.equals(victimValue)) {
      return broken('unwrap-readable')
    }
    const extractable = readAttribute(module, session, back.value, CKA.EXTRACTABLE)
    return extractable.ok && extractable.value === 'true' ? broken('unwrap-extractable') : held('unwrap-safe')
  } finally {
    token.destroyHandle(back.value)
  }
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
]

const nameOf = ({ type }: Attribute): string =>
  Object.entries(CKA).find(([, number]) => number === type)?.[0] ?? String(type)

const same = (a: ReturnType<typeof readAttribute>, b: ReturnType<typeof readAttribute>) =>
  (a.ok ? a.value : a.reason) === (b.ok ? b.value : b.reason)

function copyEscalate({ token, kek }: Scene): Finding {
  const { module, session } = token
  const reasons = new Set<string>()
  for (const attribute of weaker) {
    const copy = attempt(() =>
      module.copyObject(session, kek, [is('TOKEN', false), attribute], 'copying the KEK'),
    )
    if (!copy.ok) {
      reasons.add(codeOf(copy.error))
      continue
    }
    const before = readAttribute(module, session, kek, attribute.type)
    const after = readAttribute(module, session, copy.value, attribute.type)
    token.destroyHandle(copy.value)
    if (!same(before, after)) return broken('copy-weaker', { attribute: nameOf(attribute) })
  }
  return reasons.size === 0
    ? held('copies-unchanged')
    : held('copies-refused', { answers: [...reasons].join(', ') })
}

function flipAttributes({ token, kek }: Scene): Finding {
  const { module, session } = token
  const reasons = new Set<string>()
  for (const attribute of weaker) {
    const before = readAttribute(module, session, kek, attribute.type)
    const set = attempt(() => module.setAttribute(session, kek, attribute, 'changing the KEK'))
    if (!set.ok) reasons.add(codeOf(set.error))
    const after = readAttribute(module, session, kek, attribute.type)
    if (!same(before, after)) return broken('was-changed', { attribute: nameOf(attribute) })
  }
  return reasons.size === 0
    ? held('changes-unsaid')
    : held('changes-refused', { answers: [...reasons].join(', ') })
}

/** Wrapping one key by a second mechanism, or by raw block encryption, can undo what the first one protects. */
function mechanismConfusion({ token, kek, victim, mechanism: own }: Scene): Finding {
  const accepted = otherWraps(token, { kek, victim, own: own.mechanism })
  return accepted.length > 0
    ? broken('wraps-otherwise', { mechanisms: accepted.join(', ') })
    : held('wraps-once')
}

const readable = [is('PRIVATE', true), is('SENSITIVE', false), is('EXTRACTABLE', true)]

const attacks: readonly [ProbeAttackName, (scene: Scene) => Finding][] = [
  ['wrap-then-decrypt', wrapThenDecrypt],
  ['reimport-extractable', (scene) => unwrapAs(scene, readable, 'unwrapping as extractable')],
  ['silent-unwrap', (scene) => unwrapAs(scene, [], 'unwrapping without saying')],
  ['copy-escalate', copyEscalate],
  ['mechanism-confusion', mechanismConfusion],
  ['flip-attributes', flipAttributes],
]

type Made = { readonly kek: Handle; readonly lacking: string[] }

/** The hardened KEK as a session object; what the token refuses of it is left out and named. */
function makeHardened(token: TokenSession, number: number): Made {
  const full: KeyTemplate = { ...rootTemplate, token: false }
  const tries: readonly [KeyTemplate, string[]][] = [
    [full, []],
    [{ ...full, unwrapTemplate: null }, ['UNWRAP_TEMPLATE']],
    [{ ...full, allowedMechanisms: null }, ['ALLOWED_MECHANISMS']],
    [{ ...full, unwrapTemplate: null, allowedMechanisms: null }, ['UNWRAP_TEMPLATE', 'ALLOWED_MECHANISMS']],
  ]
  const doing = 'making a hardened scratch key'
  const make = (asked: readonly Attribute[]) =>
    token.module.generateKey(token.session, { mechanism: CKM.AES_KEY_GEN }, asked, doing)
  const attributes = (template: KeyTemplate) => [
    ...scratchSecret(),
    num('VALUE_LEN', 32),
    ...secretAttributes(
      template,
      mechanismNumbers(() => number),
    ),
  ]
  for (const [template, lacking] of tries) {
    const kek = attempt(() => make(attributes(template)))
    if (kek.ok) return { kek: kek.value, lacking }
  }
  const { value, lacking } = withAccepted(token, attributes(full), make)
  return { kek: value, lacking: lacking.map(nameOf) }
}

function attackAll(
  token: TokenSession,
  template: ProbeAttack['template'],
  kek: Handle,
  mechanism: Mechanism,
): ProbeAttack[] {
  const { module, session } = token
  const victimValue = randomBytes(32)
  try {
    const victim = module.createObject(
      session,
      [
        ...scratchSecret(),
        is('TOKEN', false),
        is('PRIVATE', true),
        is('SENSITIVE', true),
        is('EXTRACTABLE', true),
        raw('VALUE', victimValue),
      ],
      'making a scratch victim',
    )
    try {
      const scene: Scene = { token, kek, victim, victimValue, mechanism }
      return attacks.map(([name, attack]) => ({ name, template, ...attack(scene) }))
    } finally {
      token.destroyHandle(victim)
    }
  } finally {
    token.destroyHandle(kek)
  }
}

/**
 * Attacks scratch session keys as a hostile program with the user PIN would. The hardened template must hold; what
 * becomes of the default template is recorded beside it.
 */
export function probe(token: TokenSession): ProbeReport {
  token.requireUser()
  const knownAnswers = chooseWrapMechanism(token)
  const base = { serial: token.serial, profile: token.profile.id, knownAnswers }
  const used = knownAnswers.chosen ?? knownAnswers.withoutIntegrity
  if (!used) return { ...base, attacks: [], passed: false, lacking: [noKeyWrap] }
  const mechanism: Mechanism =
    used.number === CKM.AES_CBC_PAD
      ? { mechanism: used.number, parameter: zeroIv }
      : { mechanism: used.number }
  const { kek, lacking } = makeHardened(token, used.number)
  const hardened = attackAll(token, 'hardened', kek, mechanism)
  const plain = token.module.generateKey(
    token.session,
    { mechanism: CKM.AES_KEY_GEN },
    defaultKek(),
    'making a default key',
  )
  const found = [...hardened, ...attackAll(token, 'default', plain, mechanism)]
  const passed = knownAnswers.chosen !== null && hardened.every(({ outcome }) => outcome === 'held')
  return {
    ...base,
    attacks: found,
    passed,
    lacking: knownAnswers.chosen ? lacking : [noKeyWrap, ...lacking],
  }
}
