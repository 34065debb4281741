import type { AttributeReport } from '../../device.ts'
import type { Attribute } from '../library/memory.ts'
import type { Handle, Mechanism } from '../library/module.ts'
import type { TokenSession } from '../session/session.ts'
import { type Making, withAccepted } from './accepted.ts'
import { readBack } from './read-back.ts'

type Made = { readonly handle: Handle; readonly attributes: AttributeReport[] }

/** Makes an object of this template and reads it back. What the token lacks is reported, or refused where the role needs it. */
export function madeAsAsked(
  token: TokenSession,
  by: Making,
  asked: readonly Attribute[],
  doing: string,
  make: (template: readonly Attribute[]) => Handle,
): Made {
  const {
    value: handle,
    sent: [sent = []],
    lacking: [lacking = []],
  } = withAccepted(token, {
    by,
    asked: [asked],
    make: ([template = []]) => make(template),
    discard: (made) => token.destroyHandle(made),
  })
  return { handle, attributes: readBack(token, handle, sent, doing, lacking) }
}

/** Unwraps without the optional attributes that the token does not take. So do attacks: one that is refused for those has not been held. */
export const unwrapAccepted = (
  token: TokenSession,
  mechanism: Mechanism,
  by: Handle,
  wrapped: Uint8Array,
  asked: readonly Attribute[],
  doing: string,
): Handle =>
  withAccepted(token, {
    by: 'unwrap',
    asked: [asked],
    make: ([sent = []]) => token.module.unwrapKey(token.session, mechanism, by, wrapped, sent, doing),
    discard: (key) => token.destroyHandle(key),
  }).value
