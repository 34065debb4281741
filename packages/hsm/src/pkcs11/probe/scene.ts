import { randomBytes } from 'node:crypto'
import { CKK, CKO } from '../../constants.ts'
import type { AttributeReport, HsmError, ProbeAttack } from '../../device.ts'
import { type Said, type SayingId, said, sayingText } from '../../sayings.ts'
import { childKekTemplate } from '../../templates.ts'
import { CKA, num } from '../library/attributes.ts'
import { attemptRefusal } from '../library/errors.ts'
import type { Attribute } from '../library/memory.ts'
import type { Handle, Mechanism } from '../library/module.ts'
import { unwrapAccepted } from '../objects/as-asked.ts'
import { named } from '../objects/read-back.ts'
import { mechanismNumbers, secretAttributes } from '../objects/templates.ts'
import type { TokenSession } from '../session/session.ts'

export type Finding = Pick<ProbeAttack, 'outcome' | 'detail'> & { said: Said }

export type Scene = {
  readonly token: TokenSession
  readonly template: ProbeAttack['template']
  readonly kek: Handle
  /** What the token was asked for when it made the KEK. */
  readonly asked: readonly Attribute[]
  /** An extractable key that may be changed and copied: what is harmless is tried on it. */
  readonly victim: Handle
  readonly victimValue: Buffer
  readonly mechanism: Mechanism
}

function finding(outcome: Finding['outcome'], id: SayingId, values: Said['values'] = {}): Finding {
  const what = said(id, values)
  return { outcome, detail: sayingText(what), said: what }
}

export const held = (id: SayingId, values: Said['values'] = {}) => finding('held', id, values)
export const broken = (id: SayingId, values: Said['values'] = {}) => finding('broken', id, values)
export const notApplicable = (id: SayingId, values: Said['values'] = {}) =>
  finding('not-applicable', id, values)
export const undecided = (answers: Iterable<string>) =>
  finding('undecided', 'not-decided', { answers: [...answers].join(', ') })
export const codeOf = ({ ckr, code }: HsmError): string => ckr?.name ?? code

/** The code by which an attribute could not be read. */
export const faultOf = ({ actual }: AttributeReport): string => actual.slice(actual.indexOf(':') + 1)

export const nameOf = ({ type }: Pick<Attribute, 'type'>): string =>
  Object.entries(CKA).find(([, number]) => number === type)?.[0] ?? String(type)

export const scratchSecret = (): Attribute[] => [
  num('CLASS', CKO.SECRET_KEY),
  num('KEY_TYPE', CKK.AES),
  ...named(randomBytes(16).toString('hex'), 'probe'),
]

export function wrapVictim({ token, kek, victim, mechanism }: Scene) {
  return attemptRefusal(() =>
    token.module.wrapKey(token.session, mechanism, kek, victim, 'wrapping a scratch key'),
  )
}

/** As the hardened template demands it of what it unwraps. */
export function unwrapHarmlessly({ token, kek, mechanism }: Scene, wrapped: Uint8Array): Handle {
  const numbers = mechanismNumbers(() => mechanism.mechanism)
  const asked = [...scratchSecret(), ...secretAttributes(childKekTemplate, numbers)]
  return unwrapAccepted(token, mechanism, kek, wrapped, asked, 'unwrapping as it is allowed')
}
