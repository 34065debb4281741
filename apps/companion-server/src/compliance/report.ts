import { encodeCanonical, type HybridSignature, sha256Hex } from '@lux/crypto'
import { type CheckId, checks, type Evidence } from './checks.ts'
import type { Facts } from './facts.ts'
import { type FrameworkId, frameworks } from './frameworks.ts'

/** `gaps`: something is missing. `evidence`: rows are there and nothing in them is missing. `nothing`: the server stores no row of it. */
export type ControlState = 'gaps' | 'evidence' | 'nothing' | 'not-visible'

export type ReportedControl = {
  readonly id: string
  readonly title: string
  /** By their ids in `evidence`. */
  readonly checks: readonly CheckId[]
  readonly state: ControlState
  readonly gaps: number
  /** What no server can see, and a person has to show. */
  readonly notSeen: readonly string[]
}

export type ReportedEvidence = Evidence & { readonly check: CheckId }

export type Report = {
  readonly v: 1
  readonly kind: 'compliance-report'
  readonly framework: FrameworkId
  readonly edition: string
  readonly audience: string
  readonly domain: string
  /** Times after `from` up to `to`. */
  readonly from: string
  readonly to: string
  /** The audit log up to here is what the report speaks of; null where no checkpoint was signed yet. */
  readonly checkpoint: { readonly seq: string; readonly hash: string; readonly time: string } | null
  /** What no time is kept of: it is shown as it was on the day of asking, not at the end of the period. The first reports have none. */
  readonly asOfAsking?: readonly string[]
  readonly controls: readonly ReportedControl[]
  readonly evidence: readonly ReportedEvidence[]
}

export type SignedReport = { readonly payload: Report; readonly signatures: readonly HybridSignature[] }

/** What a report's signature is made over: this, a zero byte, and the canonical JSON of the payload. */
export const reportContext = 'lux-server/v1/compliance-report'

const asOfAsking = [
  'Whether a key is enabled and may leave, how often it is rotated, when that is due and when it will be destroyed.',
  'States of versions, KEKs, roots and bundles; what a KEK is wrapped by; who has enrolled; how long a log-in lasts; names.',
  'External keys and requests for approval: one that was removed since is not shown, nor a role that was taken before the server kept such.',
  'Which entries of the audit log are still kept, and so are counted.',
]

/** The same facts give the same bytes. */
export function makeReport(
  framework: FrameworkId,
  facts: Facts,
  isChange: (operation: string) => boolean,
): Report {
  const { edition, controls, retentionDays } = frameworks[framework]
  const used = [...new Set(controls.flatMap((control) => control.checks))].toSorted()
  const evidence = used.map((check) => ({ check, ...checks[check](facts, { retentionDays, isChange }) }))
  const found = new Map<CheckId, Evidence>(evidence.map((one) => [one.check, one]))
  return {
    ...{ v: 1, kind: 'compliance-report', framework, edition },
    ...{ audience: facts.audience, domain: facts.domain, from: facts.from, to: facts.to },
    checkpoint: facts.checkpoint,
    asOfAsking,
    controls: controls.map(({ id, title, checks: its, notSeen }) => {
      const all = its.flatMap((check) => found.get(check) ?? [])
      const gaps = all.reduce((sum, one) => sum + one.gaps.length, 0)
      return { id, title, checks: its, state: stateOf(all, gaps), gaps, notSeen }
    }),
    evidence,
  }
}

function stateOf(all: readonly Evidence[], gaps: number): ControlState {
  if (all.length === 0) return 'not-visible'
  if (gaps > 0) return 'gaps'
  return all.some(({ rows }) => rows.length > 0) ? 'evidence' : 'nothing'
}

/** SHA-256 of the canonical JSON: what its PDF names. */
export const reportDigest = (report: Report): string => sha256Hex(encodeCanonical(report))
