import { randomBytes } from 'node:crypto'
import { CKK, CKO } from '../../constants.ts'
import type { KeyPath, KeyTemplate, WrapMechanism } from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import { childKekTemplate } from '../../templates.ts'
import { num } from '../library/attributes.ts'
import { attempt } from '../library/errors.ts'
import type { Attribute } from '../library/memory.ts'
import type { Handle, Mechanism } from '../library/module.ts'
import { unwrapAccepted } from '../objects/as-asked.ts'
import { numbersOf, wrapMechanism } from '../objects/mechanisms.ts'
import { named, readBack, requireLength } from '../objects/read-back.ts'
import { secretAttributes } from '../objects/templates.ts'
import { blameData } from '../session/perform.ts'
import type { TokenSession } from '../session/session.ts'

/** A key that exists only to be wrapped: it can do nothing and is destroyed in the same step. */
export const leaving: KeyTemplate = { ...childKekTemplate, extractable: true, wrap: false, unwrap: false }

const maxChain = 4
const maxWrappedBytes = 1 << 16

/** SoftHSM answers CKR_GENERAL_ERROR when a blob does not open; that is the blob's fault, not the token's. */
export function unwrapOrInvalid(
  token: TokenSession,
  mechanism: Mechanism,
  kek: Handle,
  wrapped: Uint8Array,
  template: readonly Attribute[],
  doing: string,
): Handle {
  const made = attempt(() => unwrapAccepted(token, mechanism, kek, wrapped, template, doing))
  if (made.ok) return made.value
  throw blameData(`${doing}: the blob is damaged or belongs to another key`)(made.error)
}

export function unwrapHandle(
  token: TokenSession,
  kek: Handle,
  wrapped: Uint8Array,
  template: readonly Attribute[],
): Handle {
  if (wrapped.length < 16 || wrapped.length > maxWrappedBytes) {
    throw hsmError('HSM-DATA-INVALID', `a wrapped key of ${wrapped.length} bytes`)
  }
  const { number: mechanism } = wrapMechanism(token)
  return unwrapOrInvalid(token, { mechanism }, kek, wrapped, template, 'unwrapping a key')
}

/**
 * Reaches a KEK and lends its handle. Chained KEKs are session objects, not extractable, for as long as `use` runs. All but
 * the last demand the same of their children; the last one demands nothing, because a server unwraps into memory with it.
 * Each is read back before it is used: HSM-ATTRIBUTE-MISMATCH.
 */
export function withKek<T>(
  token: TokenSession,
  path: KeyPath,
  uses: { wrap: boolean; unwrap: boolean },
  use: (kek: Handle) => T,
): T {
  token.requireUser()
  const chain = path.chain ?? []
  if (chain.length > maxChain) throw new RangeError(`chain: at most ${maxChain} keys, got ${chain.length}`)
  const made: Handle[] = []
  try {
    let current = token.find({ id: path.id, class: 'secret' })
    for (const [i, link] of chain.entries()) {
      const last = i === chain.length - 1
      const template: KeyTemplate = last
        ? { ...childKekTemplate, ...uses, allowedMechanisms: ['wrap'] }
        : {
            ...childKekTemplate,
            wrap: false,
            unwrap: true,
            allowedMechanisms: ['wrap'],
            unwrapTemplate: 'child-kek',
          }
      const asked = kekAttributes(token, randomBytes(16).toString('hex'), '', template)
      requireBits(link.wrapped, link.bits)
      const handle = unwrapHandle(token, current, link.wrapped, asked)
      const doing = `unwrapping key ${i + 1} of the chain`
      readBack(token, handle, asked, doing)
      requireLength(token, handle, link.bits / 8, doing)
      made.push(handle)
      current = handle
    }
    return use(current)
  } finally {
    for (const handle of made.reverse()) token.destroyHandle(handle)
  }
}

export function kekAttributes(
  token: TokenSession,
  id: string,
  label: string,
  template: KeyTemplate,
): Attribute[] {
  return [
    num('CLASS', CKO.SECRET_KEY),
    num('KEY_TYPE', CKK.AES),
    ...named(id, label),
    ...secretAttributes(template, numbersOf(token)),
  ]
}

/** KW and KWP add eight bytes. The length is taken from the blob, because SoftHSM gives an unwrapped key no VALUE_LEN. */
export function requireBits(wrapped: Uint8Array, bits: number): void {
  const got = (wrapped.length - 8) * 8
  if (got !== bits) throw hsmError('HSM-DATA-INVALID', `a wrapped key has ${got} bits, ${bits} were expected`)
}

export function wrapHandle(
  token: TokenSession,
  kek: Handle,
  key: Handle,
  doing: string,
  size?: KeySize,
): { wrapped: Buffer; mechanism: WrapMechanism } {
  const mechanism = wrapMechanism(token)
  const wrapped = token.module.wrapKey(token.session, { mechanism: mechanism.number }, kek, key, doing)
  if (!holds(wrapped.length, size))
    throw hsmError(
      'HSM-DEVICE-ERROR',
      `${doing}: a wrapped key of ${wrapped.length} bytes cannot hold the key`,
    )
  return { wrapped, mechanism }
}

/** Length in bytes of the key that is wrapped. `atLeast`: of a PKCS#8 structure, whose length varies. */
export type KeySize = { readonly exactly: number } | { readonly atLeast: number }

/** KW and KWP give whole blocks of eight bytes and one more. A blob that is too short would lose the key. */
function holds(wrapped: number, size: KeySize | undefined): boolean {
  if (wrapped < 16 || wrapped % 8 !== 0) return false
  if (size === undefined) return true
  if ('exactly' in size) return wrapped === Math.ceil(size.exactly / 8) * 8 + 8
  return wrapped >= size.atLeast + 8
}
