import type { KeyClass } from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import { CKA, hex, is, text } from '../library/attributes.ts'
import type { Attribute } from '../library/memory.ts'
import { classNumber, type TokenSession } from '../session/session.ts'

type TakenName = { readonly class: KeyClass; readonly id: string }

const classes = new Map<number, KeyClass>(
  // Object.entries of a record of key classes gives exactly those.
  (Object.entries(classNumber) as [KeyClass, number][]).map(([name, number]) => [number, name]),
)

/** The keys that match; certificates and data carry the names of the key that they belong to. */
function keysWith(token: TokenSession, template: readonly Attribute[]): TakenName[] {
  const { module, session } = token
  return module.find(session, template).flatMap((handle) => {
    const number = module.getAttribute(session, handle, CKA.CLASS)
    const found = number === 'absent' ? undefined : classes.get(Number(number.readBigUInt64LE()))
    if (found === undefined) return []
    const id = module.getAttribute(session, handle, CKA.ID)
    return [{ class: found, id: id === 'absent' ? '' : id.toString('hex') }]
  })
}

/** Refuses HSM-DUPLICATE-ID: an identifier names one key, and none but the two halves of a pair share one. */
export function requireFreeId(token: TokenSession, id: string, ...making: readonly KeyClass[]): void {
  const inTheWay = keysWith(token, [hex('ID', id)]).find(
    (taken) => making.includes(taken.class) || taken.class === 'secret' || making.includes('secret'),
  )
  if (inTheWay) throw hsmError('HSM-DUPLICATE-ID', `a ${inTheWay.class} key ${id} exists already`)
}

/** How a caller names a key. `sameLabel`: another key may have the label. */
export type Naming = { readonly id: string; readonly label: string; readonly sameLabel?: boolean }

/**
 * Refuses HSM-DUPLICATE-KEY-LABEL where another lasting key has the label, because people tell keys apart by it. A session key may share
 * a label, and so may the two halves of a pair.
 */
export function requireFreeLabel(
  token: TokenSession,
  { id, label, sameLabel }: Naming,
  stays: boolean,
): void {
  if (!stays || label === '' || sameLabel === true) return
  const other = keysWith(token, [text('LABEL', label), is('TOKEN', true)]).find((taken) => taken.id !== id)
  if (other)
    throw hsmError(
      'HSM-DUPLICATE-KEY-LABEL',
      `the ${other.class} key ${other.id || 'without an identifier'} is labelled ${JSON.stringify(label)} already`,
    )
}
