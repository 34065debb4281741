import { signatureContext as contextString } from '@lux/crypto'
import type { Domain } from '../domain.ts'

/** Everything that is signed, by the name in its context string. SPEC.md lists each with its signer. */
export const signables = [
  'plan-approval',
  'policy',
  'opening',
  'checkpoint',
  'exception',
  'bundle',
  'share-envelope',
  'acknowledgement',
  'transport',
  'receipt',
  'refusal',
  'closeout',
] as const

export type Signable = (typeof signables)[number]

/** Context string of a signature: `lux-custody/<what>/v1/<domain>`. The signed message is context || 0x00 || payload. */
export function signatureContext(what: Signable, domain: Domain): string {
  return contextString(what, domain)
}
