import { CKK, CKO, mechanismName } from '../../constants.ts'
import type { DeriveMechanism, KeyRef, KeyTemplate, MadeKey } from '../../device.ts'
import { num } from '../library/attributes.ts'
import { octetString } from '../library/curves.ts'
import { attempt } from '../library/errors.ts'
import type { Mechanism } from '../library/module.ts'
import { cbcData, ecbData, ecdh } from '../library/parameters.ts'
import { withAccepted } from '../objects/accepted.ts'
import { type Naming, requireFreeId, requireFreeLabel } from '../objects/free-name.ts'
import { numbersOf } from '../objects/mechanisms.ts'
import { uncompressedPoint } from '../objects/public-keys.ts'
import { named, readBack } from '../objects/read-back.ts'
import { secretAttributes } from '../objects/templates.ts'
import { explainRefusal } from '../session/perform.ts'
import type { TokenSession } from '../session/session.ts'

const blockBytes = 16
const maxDerivedBytes = 512

/** Spellings of one mechanism: tokens differ on whether the other's point comes bare (2.40) or as a DER OCTET STRING. */
function spellings(m: DeriveMechanism): { keyClass: KeyRef['class']; tries: readonly Mechanism[] } {
  switch (m.kind) {
    case 'ecdh': {
      const { point } = uncompressedPoint(m.peer)
      return { keyClass: 'private', tries: [ecdh(point), ecdh(octetString(point))] }
    }
    case 'aes-ecb-data':
      requireBlocks(m.data)
      return { keyClass: 'secret', tries: [ecbData(m.data)] }
    case 'aes-cbc-data':
      requireBlocks(m.data)
      if (m.iv.length !== blockBytes)
        throw new RangeError(`iv: expected ${blockBytes} bytes, got ${m.iv.length}`)
      return { keyClass: 'secret', tries: [cbcData(m.iv, m.data)] }
  }
}

function requireBlocks(data: Uint8Array): void {
  if (data.length === 0 || data.length % blockBytes !== 0)
    throw new RangeError(`data: expected whole blocks of ${blockBytes} bytes, got ${data.length}`)
}

export function derive(
  token: TokenSession,
  options: Naming & {
    key: KeyRef
    mechanism: DeriveMechanism
    kind: 'secret' | 'aes'
    bytes: number
    template: KeyTemplate
  },
): MadeKey {
  token.requireUser()
  const { bytes } = options
  if (!Number.isInteger(bytes) || bytes < 1 || bytes > maxDerivedBytes)
    throw new RangeError(`bytes: expected 1 to ${maxDerivedBytes}, got ${bytes}`)
  const { keyClass, tries } = spellings(options.mechanism)
  const number = tries[0]?.mechanism ?? 0
  token.requireMechanism(number, 'derive')
  const base = token.find({ id: options.key.id, class: keyClass })
  const ref: KeyRef = { id: options.id, class: 'secret' }
  requireFreeId(token, ref.id, ref.class)
  requireFreeLabel(token, options, options.template.token)
  const asked = [
    num('CLASS', CKO.SECRET_KEY),
    num('KEY_TYPE', options.kind === 'aes' ? CKK.AES : CKK.GENERIC_SECRET),
    ...named(options.id, options.label),
    num('VALUE_LEN', bytes),
    ...secretAttributes(options.template, numbersOf(token)),
  ]
  const doing = `deriving a key by ${mechanismName(number)}`
  const made = tries.map(
    (m) => () =>
      attempt(() =>
        withAccepted(token, {
          by: 'derive',
          asked: [asked],
          make: ([sent = []]) => token.module.deriveKey(token.session, m, base, sent, doing),
          discard: (handle) => token.destroyHandle(handle),
        }),
      ),
  )
  const first = made[0]?.()
  const result = first?.ok ? first : (made[1]?.() ?? first)
  if (!result?.ok) {
    // The second spelling's refusal says nothing new.
    throw first && !first.ok
      ? explainRefusal(token, base, number, mechanismName(number))(first.error)
      : new RangeError('mechanism: not known')
  }
  const {
    value,
    sent: [sent = []],
    lacking: [lacking = []],
  } = result.value
  return { ref, attributes: readBack(token, value, sent, doing, lacking) }
}
