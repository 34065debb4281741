import { join } from 'node:path'
import type { RunView } from '@lux/ceremony'
import { fromHex, toWords } from '@lux/crypto'
import { bundleFile } from '../../core/runs/effects/bundle.ts'
import type { VendorAttestation, VendorWork } from '../../core/runs/exchange/vendor-procedure.ts'
import type { Rest } from '../../core/use-cases/drive-production.ts'
import { nextForPeople } from '../next-for-people.ts'
import type { Outcome } from '../shell/output.ts'
import { standingText } from '../shell/refusal-help.ts'

/** `files`: those under DIR/out/ that say what is awaited. */
export type Left = Pick<Rest, 'refused' | 'unanswered'> & {
  files: readonly string[]
  /** What people do with the vendor's tool before they answer. */
  vendor?: VendorWork | null
  /** What the vendor's tool attests, and where its file goes. */
  attestation?: VendorAttestation | null
  /** What people should look into, though the run goes on. */
  warnings?: readonly string[]
}

/** Where a command left a run: 0 when it is over, 1 when an answer was refused, 4 when people have to act. */
export function runOutcome(
  view: RunView,
  folder: string,
  { files, refused, unanswered, vendor, attestation, warnings = [] }: Left,
): Outcome {
  const over = view.needs === null
  const digest = view.bundle?.digest ?? null
  const waitingFor = awaited(view.needs, unanswered === true)
  const json = {
    ok: refused.length === 0,
    ...(refused[0] === undefined ? {} : { code: refused[0].rule, detail: refused[0].detail }),
    ceremonyId: view.ceremonyId,
    domain: view.domain,
    state: view.state,
    step: view.current,
    folder,
    ...(digest === null ? {} : { digest, words: toWords(fromHex(digest)) }),
    ...(view.bundle?.sha256 ? { bundle: join(folder, bundleFile) } : {}),
    waitingFor: waitingFor === null ? [] : [waitingFor],
    files,
    refused,
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(over ? {} : { bring: join(folder, 'in') }),
  }
  const lines = [
    `${view.title}: ${view.state}${view.current === null ? '' : `, at ${view.current}`}`,
    ...(digest === null ? [] : [`digest  ${digest}`]),
    ...refused.flatMap(({ file, rule, detail }) => {
      const remedy = standingText(rule)?.remedy
      return [`refused ${file}: ${rule}: ${detail}`, ...(remedy === undefined ? [] : [`  ${remedy}`])]
    }),
    ...warningLines(warnings),
    ...files.map((file) => `asked   ${file}`),
    ...vendorLines(vendor ?? null),
    ...attestationLines(attestation ?? null),
    ...nextForPeople(view, { folder, files, unanswered: unanswered === true }),
    ...(over ? [] : [`waiting for ${waitingFor}; then: custody ceremony resume ${folder}`]),
  ]
  return {
    exit: refused.length > 0 ? 1 : over ? 0 : 4,
    json,
    text: lines.join('\n'),
    ...(refused.length > 0 ? { answered: true as const } : {}),
  }
}

const warningLines = (warnings: readonly string[]) => warnings.map((one) => `warning ${one}`)

function vendorLines(work: VendorWork | null): string[] {
  if (work === null) return []
  return [
    `first, with the vendor’s own tool, bring ${work.key} (CKA_ID ${work.ckaId}) from ${work.from} to ${work.to}:`,
    ...work.steps.flatMap(({ words, command }, index) => [
      `  ${index + 1}. ${words}`,
      ...(command === null ? [] : [`     ${command}`]),
    ]),
  ]
}

function attestationLines(work: VendorAttestation | null): string[] {
  if (work === null) return []
  return [
    `first have the vendor’s own tool attest the key with the CKA_ID ${work.ckaId} (${work.how}), and put its file here:`,
    `  ${work.file}`,
  ]
}

/** Where a run stands, for reading alone. */
export function statusOutcome(view: RunView, folder: string, warnings: readonly string[] = []): Outcome {
  const steps = view.parts.flatMap((part) => part.steps)
  const lines = [
    `${view.title} (${view.domain}): ${view.state}`,
    `ceremony ${view.ceremonyId}`,
    ...steps.map(
      ({ id, state }) =>
        `${state === 'Done' ? 'done   ' : id === view.current ? 'now    ' : '       '} ${id}`,
    ),
    ...view.exceptions
      .filter(({ decision }) => decision === null)
      .map(
        ({ id, step, happened, choices }) =>
          `exception ${id} at ${step}: ${happened} (${choices.join(', ')})`,
      ),
    ...view.signatures.map(
      ({ what, present, missing }) =>
        `${what}: ${present.join(', ') || 'nobody'}${missing.length === 0 ? '' : `; not ${missing.join(', ')}`}`,
    ),
    ...warningLines(warnings),
  ]
  return {
    exit: 0,
    json: { ok: true, folder, ...view, ...(warnings.length === 0 ? {} : { warnings }) },
    text: lines.join('\n'),
  }
}

/** A step that takes a PIN waits for the person's word first, where that was not given. */
function awaited(needs: RunView['needs'], unanswered: boolean): string | null {
  if (needs === null) return null
  if (needs.kind === 'signatures') return needs.what
  if (needs.kind === 'pin' && unanswered) return needs.values.length === 0 ? 'confirm' : 'values'
  return needs.kind
}
