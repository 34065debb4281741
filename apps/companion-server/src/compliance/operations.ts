import { encodeCanonical, type HybridSignature, type VerificationKeys } from '@lux/crypto'
import type { Resource } from '../access/authorize.ts'
import type { Record } from '../audit/record.ts'
import { entry, moment, type Permission, reads } from '../operations/entry.ts'
import { openPipeline, operationsOf, unapproved } from '../operations/pipeline.ts'
import { Type } from '../operations/schema.ts'
import type { Database } from '../platform/database/open.ts'
import { accept, type Outcome } from '../refusal.ts'
import { gatherFacts } from './facts.ts'
import { frameworkIds } from './frameworks.ts'
import { makeReport, reportContext, type SignedReport } from './report.ts'

type Parts = {
  readonly database: Database
  readonly audience: string
  readonly domain: string
  readonly receiptKey: VerificationKeys
  /** What a report of changes leaves out. */
  readonly isChange: (operation: string) => boolean
  /** By the receipt key. Throws while the token is sealed. */
  sign(context: string, bytes: Uint8Array): Promise<HybridSignature>
}

export type ComplianceOperations = ReturnType<typeof openComplianceOperations>

export const openComplianceOperations = (parts: Parts & { readonly record: Record }) =>
  operationsOf(complianceTable(parts), openPipeline({ record: parts.record, approvals: unapproved }))

const deployment: Resource = { kind: 'deployment' }

export const complianceTable = ({ sign, isChange, ...parts }: Parts) => ({
  /** The same rows and the same period give the same payload; a signature differs each time. */
  report: entry({
    ...reads,
    name: 'compliance.report',
    input: {
      framework: Type.Enum([...frameworkIds]),
      ...{ from: Type.Optional(moment), to: Type.Optional(moment) },
    },
    deadline: null,
    find: () => accept(deployment),
    permissions: (resource): [Permission] => [{ action: 'audit.read', resource, key: null }],
    async run({ input: { framework, ...period } }): Promise<Outcome<SignedReport>> {
      const facts = await gatherFacts(parts, period)
      if (!facts.ok) return facts
      const payload = makeReport(framework, facts.value, isChange)
      return accept({ payload, signatures: [await sign(reportContext, encodeCanonical(payload))] })
    },
  }),
})
