import {
  encodeCanonical,
  equalBytes,
  parseCanonical,
  type VerificationKeys,
  verifySignature,
} from '@lux/crypto'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { pdfOf } from './document.ts'
import { type Report, reportContext, reportDigest, type SignedReport } from './report.ts'

export const maxReportBytes = 256 << 20

export type VerifiedReport = { readonly report: Report; readonly digest: string }

/**
 * Whether a report is signed by the server whose card is given, and whether its PDF is the one that it makes. Nothing is asked of
 * the server. Refuses REPORT-FORM, REPORT-OTHER-SERVER, REPORT-SIGNATURE, REPORT-PDF.
 */
export async function verifyReport(
  bytes: Uint8Array,
  { receiptKey, audience }: { readonly receiptKey: VerificationKeys; readonly audience: string },
  pdf: Uint8Array | null,
): Promise<Outcome<VerifiedReport>> {
  const signed = readReport(bytes)
  if (signed === null) return refuse('REPORT-FORM', 'this is no signed report of a server')
  const { payload, signatures } = signed
  if (payload.audience !== audience)
    return refuse('REPORT-OTHER-SERVER', `it is of server ${String(payload.audience)}`)
  const [signature] = signatures
  const good =
    signatures.length === 1 &&
    signature !== undefined &&
    verifySignature(receiptKey, reportContext, encodeCanonical(payload), signature).ok
  if (!good) return refuse('REPORT-SIGNATURE', 'its signature is not by the server’s receipt key')
  if (pdf !== null && !equalBytes(await pdfOf(payload), pdf))
    return refuse('REPORT-PDF', 'the PDF is another than this report makes')
  return accept({ report: payload, digest: reportDigest(payload) })
}

/** What is looked at further is what the signature covers: the shape is looked at no closer than it takes to get there. */
function readReport(bytes: Uint8Array): SignedReport | null {
  try {
    const value = parseCanonical(bytes, { maxBytes: maxReportBytes }) as unknown as SignedReport
    const { kind, v, audience } = value.payload
    const whole = kind === 'compliance-report' && v === 1 && typeof audience === 'string'
    return whole && Array.isArray(value.signatures) ? value : null
  } catch {
    return null
  }
}
