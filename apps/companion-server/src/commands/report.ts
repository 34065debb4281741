import { serverCardCodec } from '@lux/ceremony/wire'
import { encodeCanonical } from '@lux/crypto'
import { pdfOf } from '../compliance/document.ts'
import type { Period } from '../compliance/facts.ts'
import type { FrameworkId } from '../compliance/frameworks.ts'
import { type Report, reportDigest } from '../compliance/report.ts'
import { type VerifiedReport, verifyReport } from '../compliance/verify.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { mustBeNew, writeNew } from '../platform/state-folder/private-file.ts'
import { readCard } from '../platform/state-folder/server-card.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { openServerParts } from '../server.ts'
import { operatorCall } from './operator-call.ts'

export type WantedReport = {
  readonly framework: FrameworkId
  readonly period: Period
  readonly out: string
  readonly pdf: string | null
}
export type WrittenReport = { readonly report: Report; readonly digest: string }

/** Writes a signed report, and its PDF where one is wanted: new files. */
export async function writeReport(state: StateFolder, wanted: WantedReport): Promise<Outcome<WrittenReport>> {
  for (const path of [wanted.out, wanted.pdf]) if (path !== null) await mustBeNew(path)
  const parts = await openServerParts(state)
  try {
    const made = await parts.compliance.report(operatorCall(), {
      framework: wanted.framework,
      ...wanted.period,
    })
    if (!made.ok) return made
    const { payload } = made.value
    await writeNew(wanted.out, encodeCanonical(made.value), 0o600)
    if (wanted.pdf !== null) await writeNew(wanted.pdf, await pdfOf(payload), 0o600)
    return accept({ report: payload, digest: reportDigest(payload) })
  } finally {
    await parts.close()
  }
}

/** By the server's card alone: no database, no token. */
export async function checkReport(
  /** A card's file, or the folder of the server that it is in. */
  from: StateFolder | Uint8Array,
  report: Uint8Array,
  pdf: Uint8Array | null,
): Promise<Outcome<VerifiedReport>> {
  const known = from instanceof Uint8Array ? parsedCard(from) : await readCard(from)
  if (known === null) return refuse('REPORT-CARD', 'the file is no card of a server')
  const { card, audience } = known
  return verifyReport(report, { receiptKey: card.receiptKey, audience }, pdf)
}

function parsedCard(bytes: Uint8Array) {
  const parsed = serverCardCodec.parse(bytes)
  return parsed.ok ? { card: parsed.value, audience: serverCardCodec.digest(parsed.value) } : null
}
