import type { KeyClass } from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import { attributeName, CKA } from '../library/attributes.ts'
import { attempt } from '../library/errors.ts'
import type { Attribute } from '../library/memory.ts'
import type { TokenSession } from '../session/session.ts'

export type Accepted<T> = {
  readonly value: T
  readonly sent: readonly Attribute[]
  /** What the token did not take: reported, never silently dropped. */
  readonly lacking: readonly Attribute[]
}

/** How tokens say that they do not know an attribute. */
const unknown: ReadonlySet<string> = new Set(['CKR_ATTRIBUTE_TYPE_INVALID', 'CKR_TEMPLATE_INCONSISTENT'])

function split(asked: readonly Attribute[], left: ReadonlySet<string>) {
  const isLeft = ({ type }: Attribute) => left.has(attributeName(type))
  return { sent: asked.filter((one) => !isLeft(one)), lacking: asked.filter(isLeft) }
}

/** The attributes of a pair's halves that this token's library cannot be sent at all, taken out. */
export function withoutUnsendable(
  token: TokenSession,
  keyClass: Exclude<KeyClass, 'secret'>,
  asked: readonly Attribute[],
): { sent: readonly Attribute[]; lacking: readonly Attribute[] } {
  return split(asked, new Set(token.profile.leavesOut[keyClass]))
}

/**
 * Makes something of a template; when the token does not know an attribute, once more without those that its profile says
 * some versions lack. Nothing was made by the refused call.
 */
export function withAccepted<T>(
  token: TokenSession,
  asked: readonly Attribute[],
  make: (sent: readonly Attribute[]) => T,
): Accepted<T> {
  const first = attempt(() => namingDemands(asked, make))
  if (first.ok) return { value: first.value, sent: asked, lacking: [] }
  const { sent, lacking } = split(asked, new Set(token.profile.mayLack))
  if (lacking.length === 0 || !unknown.has(first.error.ckr?.name ?? '')) throw first.error
  return { value: namingDemands(sent, make), sent, lacking }
}

/** A demand on what is wrapped is never left out, so its refusal says that it was asked for. */
function namingDemands<T>(sent: readonly Attribute[], make: (sent: readonly Attribute[]) => T): T {
  const made = attempt(() => make(sent))
  if (made.ok) return made.value
  const { ckr, detail } = made.error
  const demanded = sent.some(({ type }) => type === CKA.WRAP_TEMPLATE)
  if (!demanded || !unknown.has(ckr?.name ?? '')) throw made.error
  throw hsmError('HSM-ATTRIBUTE-REFUSED', `${detail}; WRAP_TEMPLATE was asked for, among others`, ckr)
}
