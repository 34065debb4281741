import {
  type ImportRefusal,
  type Receipt,
  receiptCodec,
  refusalCodec,
  type Signed,
  signatureContext,
} from '@lux/ceremony/wire'
import type { VerificationKeys } from '@lux/crypto'
import { withoutHidden } from '@lux/crypto/text'
import type { AttributeReport } from '@lux/hsm'
import type { ServerToken } from '../platform/hsm/server-token.ts'
import { signInToken } from '../platform/hsm/token-signer.ts'

export type ReceiptSigner = {
  receipt(payload: Receipt): Promise<Signed<Receipt>>
  refusal(payload: ImportRefusal): Promise<Signed<ImportRefusal>>
}

/** Signs with the receipt key in the server's token. */
export function receiptSigner(token: ServerToken, keyId: string, keys: VerificationKeys): ReceiptSigner {
  return {
    async receipt(payload) {
      const context = signatureContext('receipt', payload.domain)
      const bytes = receiptCodec.signedBytes(payload)
      return {
        payload,
        signatures: [await token.use((opened) => signInToken(opened, keyId, keys, context, bytes))],
      }
    },
    async refusal(payload) {
      const context = signatureContext('refusal', payload.domain)
      const bytes = refusalCodec.signedBytes(payload)
      return {
        payload,
        signatures: [await token.use((opened) => signInToken(opened, keyId, keys, context, bytes))],
      }
    },
  }
}

/** Attributes as a receipt says them: PKCS#11 names without CKA_, booleans and numbers as such. */
export function receiptAttributes(
  reports: readonly AttributeReport[],
): Record<string, boolean | number | string> {
  return Object.fromEntries(
    reports.map(({ attribute, actual }) => [attribute.replace(/^CKA_/, '').slice(0, 64), toValue(actual)]),
  )
}

function toValue(actual: string): boolean | number | string {
  if (actual === 'true' || actual === 'false') return actual === 'true'
  if (/^(0|[1-9]\d{0,14})$/.test(actual)) return Number(actual)
  return printable(actual).slice(0, 200) || '-'
}

/** Text of a token or a file with everything that could mislead a screen taken out. */
export function printable(text: string): string {
  return withoutHidden(text, () => ' ').slice(0, 2000)
}
