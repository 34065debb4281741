import { randomBytes } from 'node:crypto'
import { CKM } from '../../constants.ts'
import type { HsmError, KeyTemplate, ProbeAttack, ProbeReport } from '../../device.ts'
import { noKeyWrap } from '../../evidence/level.ts'
import { rootTemplate } from '../../templates.ts'
import { is, num, raw } from '../library/attributes.ts'
import { attemptRefusal as attempt } from '../library/errors.ts'
import type { Attribute } from '../library/memory.ts'
import type { Handle, Mechanism } from '../library/module.ts'
import { withAccepted } from '../objects/accepted.ts'
import { bringIn, withWrappedKeys } from '../objects/known-keys.ts'
import { chooseWrapMechanism, zeroIv } from '../objects/mechanisms.ts'
import { compareAsked } from '../objects/read-back.ts'
import { mechanismNumbers, secretAttributes } from '../objects/templates.ts'
import type { TokenSession } from '../session/session.ts'
import { attacks } from './attacks.ts'
import { keepingPair } from './public-key.ts'
import { nameOf, type Scene, scratchSecret } from './scene.ts'
import { windowAttacks } from './window.ts'

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

type Made = {
  readonly kek: Handle
  readonly asked: readonly Attribute[]
  readonly lacking: readonly string[]
  /** Nothing that a root needs was left out. */
  readonly whole: boolean
}

/** The hardened KEK as a session object; what the token does not have of it is named. */
function makeHardened(token: TokenSession, number: number): Made {
  const full: KeyTemplate = { ...rootTemplate, token: false }
  const tries: readonly [KeyTemplate, string[]][] = [
    [full, []],
    [{ ...full, unwrapTemplate: null }, ['UNWRAP_TEMPLATE']],
    [{ ...full, allowedMechanisms: null }, ['ALLOWED_MECHANISMS']],
    [{ ...full, unwrapTemplate: null, allowedMechanisms: null }, ['UNWRAP_TEMPLATE', 'ALLOWED_MECHANISMS']],
  ]
  const doing = 'making a hardened scratch key'
  let refusal: HsmError | null = null
  for (const [template, left] of tries) {
    const attributes = secretAttributes(
      template,
      mechanismNumbers(() => number),
    )
    const made = attempt(() =>
      withAccepted(token, {
        by: 'generate',
        asked: [[...scratchSecret(), num('VALUE_LEN', 32), ...attributes]],
        make: ([sent = []]) =>
          token.module.generateKey(token.session, { mechanism: CKM.AES_KEY_GEN }, sent, doing),
        discard: (kek) => token.destroyHandle(kek),
      }),
    )
    if (made.ok) {
      const [asked = []] = made.value.sent
      const { compared } = compareAsked(token, made.value.value, asked)
      const absent = compared.flatMap(({ attribute, lacking }) => (lacking ? [attribute] : []))
      const refused = made.value.lacking.flat().map(nameOf)
      return {
        kek: made.value.value,
        asked,
        lacking: [...left, ...refused, ...absent],
        whole: left.length === 0,
      }
    }
    refusal ??= made.error
  }
  throw refusal ?? new TypeError('tries: none')
}

function attackAll(
  token: TokenSession,
  template: ProbeAttack['template'],
  { kek, asked }: Pick<Made, 'kek' | 'asked'>,
  mechanism: Mechanism,
): ProbeAttack[] {
  const victimValue = randomBytes(32)
  try {
    const victim = bringIn(token, [
      ...scratchSecret(),
      is('TOKEN', false),
      is('PRIVATE', true),
      is('SENSITIVE', true),
      is('EXTRACTABLE', true),
      raw('VALUE', victimValue),
    ])
    try {
      const scene: Scene = { token, template, kek, asked, victim, victimValue, mechanism }
      const all = token.profile.plan.trustedWindow ? [...attacks, ...windowAttacks] : attacks
      return all.map(([name, attack]) => ({ name, template, ...attack(scene) }))
    } finally {
      token.destroyHandle(victim)
    }
  } finally {
    token.destroyHandle(kek)
  }
}

const ofWindow = new Set(windowAttacks.map(([name]) => name))

/** No trusted window can be opened on a token that refuses an open root, nor received by one that refuses a transport pair. */
const holds = ({ name, outcome }: ProbeAttack): boolean =>
  outcome === 'held' || (outcome === 'not-applicable' && ofWindow.has(name))

/**
 * Attacks scratch session keys as a hostile program with the user PIN would. The hardened template must hold; what
 * becomes of the default template is recorded beside it.
 */
export function probe(token: TokenSession): ProbeReport {
  token.requireUser()
  return withWrappedKeys(token, () => keepingPair(token, () => probeAll(token)))
}

function probeAll(token: TokenSession): ProbeReport {
  const knownAnswers = chooseWrapMechanism(token)
  const base = { serial: token.serial, profile: token.profile.id, knownAnswers }
  const used = knownAnswers.chosen ?? knownAnswers.withoutIntegrity
  if (!used) return { ...base, attacks: [], passed: false, lacking: [noKeyWrap] }
  const mechanism: Mechanism =
    used.number === CKM.AES_CBC_PAD
      ? { mechanism: used.number, parameter: zeroIv }
      : { mechanism: used.number }
  const { lacking, whole, ...made } = makeHardened(token, used.number)
  const hardened = attackAll(token, 'hardened', made, mechanism)
  const asked = defaultKek()
  const kek = token.module.generateKey(
    token.session,
    { mechanism: CKM.AES_KEY_GEN },
    asked,
    'making a default key',
  )
  const found = [...hardened, ...attackAll(token, 'default', { kek, asked }, mechanism)]
  const passed = knownAnswers.chosen !== null && whole && hardened.every(holds)
  return {
    ...base,
    attacks: found,
    passed,
    lacking: knownAnswers.chosen ? lacking : [noKeyWrap, ...lacking],
  }
}
