import { encodeCanonical, type HybridSignature, type VerificationKeys } from '@lux/crypto'
import { authorize } from '../access/authorize.ts'
import type { Call, Record } from '../audit/record.ts'
import type { Database } from '../platform/database/open.ts'
import { accept, type Outcome } from '../refusal.ts'
import { gatherFacts, type Period } from './facts.ts'
import type { FrameworkId } from './frameworks.ts'
import { makeReport, reportContext, type SignedReport } from './report.ts'

type Parts = {
  readonly database: Database
  readonly record: Record
  readonly audience: string
  readonly domain: string
  readonly receiptKey: VerificationKeys
  /** By the receipt key. Throws while the token is sealed. */
  sign(context: string, bytes: Uint8Array): Promise<HybridSignature>
}

export type ComplianceOperations = ReturnType<typeof openComplianceOperations>

export function openComplianceOperations({ record, sign, ...parts }: Parts) {
  return {
    /** The same rows and the same period give the same payload; a signature differs each time. */
    report(call: Call, framework: FrameworkId, period: Period): Promise<Outcome<SignedReport>> {
      return record(call, 'compliance.report', async () => {
        const allowed = authorize(call.caller, 'audit.read', { kind: 'deployment' })
        if (!allowed.ok) return allowed
        const facts = await gatherFacts(parts, period)
        if (!facts.ok) return facts
        const payload = makeReport(framework, facts.value)
        return accept({ payload, signatures: [await sign(reportContext, encodeCanonical(payload))] })
      })
    },
  }
}
