import { signatureContext as contextString } from '@lux/crypto'
import type { Domain } from './fields.ts'

/** What is signed with its domain in the context string, by the name there. SPEC.md 2.1 lists each with its signer. */
const ofCustody = [
  'plan-approval',
  'policy',
  'opening',
  'checkpoint',
  'exception',
  'bundle',
  'share-envelope',
  'acknowledgement',
  'card-renewal',
  'transport',
  'receipt',
  'refusal',
  'closeout',
  'decryption-request',
  'decryption-approval',
  'holder-answer',
  'decryption-result',
  'epoch-approval',
  'redeal',
  'epoch-live',
  'key-statement',
  'heartbeat',
  'hearing',
  'custodian-acknowledgement',
  'custodian-statement',
  'share-request',
  'phone-release',
  'phone-log',
  'token-examination',
  'approval-override',
] as const

/** What machines outside a ceremony sign too: `lux-fhe/v1/<what>`, with the domain as a signed field. */
const ofFhe = ['provenance'] as const

export const signables = [...ofCustody, ...ofFhe] as const

export type Signable = (typeof signables)[number]

/** Context string of a signature. The signed message is context || 0x00 || payload. */
export function signatureContext(what: Signable, domain: Domain): string {
  return isOfFhe(what) ? `lux-fhe/v1/${what}` : contextString(what, domain)
}

function isOfFhe(what: Signable): what is (typeof ofFhe)[number] {
  const listed: readonly Signable[] = ofFhe
  return listed.includes(what)
}
