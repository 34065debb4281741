import { join } from 'node:path'
import type { Needs, RunView } from '@lux/ceremony'
import { stepFacts } from '@lux/ceremony/plan'
import { ExpectedError } from '@lux/node-files'
import { bundleFile } from '../../core/runs/effects/sealing/bundle.ts'
import { awaitedWord } from '../../core/runs/exchange/answers.ts'
import type { AtHolders } from '../../core/runs/exchange/awaited.ts'
import { deviceLines } from '../../core/runs/exchange/device-lines.ts'
import type { VendorAttestation, VendorWork } from '../../core/runs/exchange/vendor-procedure.ts'
import type { RunLeft } from '../../core/use-cases/resume.ts'
import { wordLines, wordsOf } from '../shell/files.ts'
import { type Outcome, say } from '../shell/output.ts'
import { refusalHelp } from '../shell/refusal-help.ts'

/** What is said of a run that was left; `answers`: the file that the command was given, which the next one needs again. */
type Left = { answers?: string | undefined } & Pick<RunLeft, 'refused' | 'files'> &
  Partial<Pick<RunLeft, 'unanswered' | 'vendor' | 'attestation'>>

/** Where a command left a run: 0 when it is over, 1 when an answer was refused, 4 when people have to act. */
export function runOutcome(
  view: RunView,
  folder: string,
  { answers, files, refused, unanswered, vendor, attestation }: Left,
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
    ...(digest === null ? {} : { digest, words: wordsOf(digest) }),
    ...(view.bundle?.sha256 ? { bundle: join(folder, bundleFile) } : {}),
    waitingFor: waitingFor === null ? [] : [waitingFor],
    files,
    refused,
    ...(over ? {} : { bring: join(folder, 'in') }),
  }
  const lines = [
    `${view.title}: ${view.state}${view.current === null ? '' : `, at ${view.current}`}`,
    ...exceptionLines(view),
    ...(digest === null ? [] : [`digest  ${digest}`, ...wordLines(wordsOf(digest))]),
    ...refused.flatMap(({ file, rule, detail }) => {
      const remedy = refusalHelp(rule)?.remedy
      return [`refused ${file}: ${rule}: ${detail}`, ...(remedy === undefined ? [] : [`  ${remedy}`])]
    }),
    ...files.map((file) => `asked   ${file}`),
    ...vendorLines(vendor ?? null),
    ...attestationLines(attestation ?? null),
    ...nextForPeople(view, { folder, files, unanswered: unanswered === true }),
    ...(over ? [] : [`waiting for ${waitingFor}; then: ${resumeLine(folder, answers)}`]),
  ]
  return {
    exit: refused.length > 0 ? 1 : over ? 0 : 4,
    json,
    text: lines.join('\n'),
    ...(refused.length > 0 ? { answered: true as const } : {}),
  }
}

/** The command that goes on with a run, with what it needs again. */
export function resumeLine(folder: string, answers?: string): string {
  return `custody ceremony resume ${folder}${answers === undefined ? '' : ` --answers ${answers}`}`
}

/** Work on a run that Ctrl-C may end at any moment: nothing that is on disk is lost, and how to go on is said before the end. */
export async function interruptible<T>(
  folder: string,
  answers: string | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const onSignal = () => {
    say(`stopped; what was recorded is kept. Go on with: ${resumeLine(folder, answers)}`)
    process.exit(interrupted)
  }
  process.once('SIGINT', onSignal)
  try {
    return await work()
  } catch (error) {
    // At a prompt the terminal gives Ctrl-C to whoever reads it.
    if (error instanceof ExpectedError && error.code === 'SECRET-CANCELLED')
      say(`nothing was entered; go on with: ${resumeLine(folder, answers)}`)
    throw error
  } finally {
    process.removeListener('SIGINT', onSignal)
  }
}

/** As a shell says of a program that SIGINT ended. */
const interrupted = 130

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
export function statusOutcome(view: RunView, folder: string): Outcome {
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
  ]
  return {
    exit: 0,
    json: { ok: true, folder, ...view },
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

type Around = { folder: string; files: readonly string[]; unanswered: boolean }

/** Who does what next, and with which command: for people. Programs read the files of DIR/out/. */
export function nextForPeople(view: RunView, around: Around): string[] {
  return [...statementLines(view, around), ...needLines(view, around)]
}

/** What holders of the old epoch who stay silent cost the new ones. */
function statementLines({ unstated, carried }: RunView, { folder, files }: Around): string[] {
  if (carried === null) return []
  const file = files.find((one) => one.endsWith('-epoch-approval.json')) ?? 'FILE'
  return [
    `${unstated.join(', ')} may still say what is left of their budgets, until the epoch is assembled. Who says nothing counts as`,
    `  having spent all: as it stands the new shares carry ${carried.carried} of ${carried.whole} parts of what all together would give them.`,
    ...typed({ kind: 'epoch-approvals' }, file, folder),
  ]
}

function needLines(view: RunView, { folder, files, unanswered }: Around): string[] {
  const { needs } = view
  const [file = 'FILE'] = files
  const into = join(folder, 'in')
  switch (needs?.kind) {
    case 'confirm':
    case 'values':
    case 'pin':
      return needs.kind === 'pin' && !unanswered ? pinLines(needs) : entryLines(view, needs)
    case 'signatures':
      return [
        `${needs.stillNeeded} more of ${needs.missing.join(', ')}, each on a device of their own:`,
        `  custody ${deviceCommand(needs.what)} ${file} --key KEY --out ${join(into, 'NAME.json')}`,
      ]
    case 'acknowledgements':
    case 'custodian-acknowledgements':
    case 'share-releases':
    case 'redeals':
      return deviceLinesOf(needs, file, folder)
    case 'answers':
      return deviceLinesOf(needs, 'REQUEST.json', folder)
    case 'share-checks':
    case 'heartbeats':
      return [
        ...deviceLinesOf(needs, file, folder),
        'or go on without them, as an entry of the answers file (--answers FILE):',
        `  ${JSON.stringify({ step: view.current ?? '', by: needs.names[0] ?? '' })}`,
      ]
    case 'receipt':
      return [
        'the server’s operator takes the bundle in and brings back what the server signed:',
        `  custody-server --state DIR import ${join(folder, bundleFile)} --out receipt.json`,
        `  custody ceremony receipt ${folder} receipt.json`,
      ]
    case 'exception': {
      const first = remedyFirst(view)
      return [
        ...(first === null ? [] : [`first: ${first}`]),
        'the administrator proposes what officers then sign, or aborts:',
        `  custody ceremony resume ${folder} --decide ${needs.choices.join('|')} --reason TEXT`,
      ]
    }
    default:
      return []
  }
}

/** Who types it, and what. */
function deviceLinesOf(needs: AtHolders, file: string, folder: string): string[] {
  const renewed = needs.kind === 'acknowledgements' && needs.next ? ' (who stays: the renewed KEY)' : ''
  const some = 'stillNeeded' in needs ? `${needs.stillNeeded} more of ` : ''
  const who = `${some}${needs.missing.join(', ')}, each on a device of their own, with what the file names${renewed}:`
  return [who, ...typed(needs, file, folder)]
}

function typed(needs: Parameters<typeof deviceLines>[0], request: string, folder: string): string[] {
  const names = {
    ...{ request, envelope: 'ENVELOPE.age', share: 'SHARE', key: 'KEY', policy: 'POLICY' },
    ...{ ciphertext: 'CIPHERTEXT', sheet: 'SHEET.html', answer: join(folder, 'in', 'NAME.json') },
  }
  return deviceLines(needs, names).map((line) => `  ${line}`)
}

function deviceCommand(what: Extract<Needs, { kind: 'signatures' }>['what']): string {
  if (what === 'checkpoint') return 'witness cosign'
  return what === 'decryption-approval' ? 'approver approve' : 'officer approve'
}

/** The very entry that an answers file lacks. */
function entryLines(view: RunView, needs: Extract<Needs, { kind: 'confirm' | 'values' | 'pin' }>): string[] {
  const { step, bundle } = awaitedWord(view, needs)
  const values = needs.kind === 'confirm' ? [] : needs.values
  const entry = {
    step,
    by: needs.names[0] ?? '',
    ...(values.length === 0 ? {} : { values: Object.fromEntries(values.map(({ id }) => [id, '…'])) }),
    ...(bundle === null ? {} : { bundle }),
    ...(isRoll(view) ? { here: ['…'] } : {}),
    ...(view.compares.length === 0 ? {} : { heard: ['…'] }),
  }
  const who = needs.names.length > 1 ? `one of ${needs.names.join(', ')}` : needs.names.join('')
  const aloud = bundle === null ? '' : ', once the digest was read aloud'
  return [
    `the word of ${who}${aloud}, as an entry of the answers file (--answers FILE):`,
    `  ${JSON.stringify(entry)}`,
  ]
}

function isRoll(view: RunView): boolean {
  const step = view.parts.flatMap(({ steps }) => steps).find(({ id }) => id === view.current)
  return step !== undefined && stepFacts[step.do].says === 'who is here'
}

function pinLines({ pins }: Extract<Needs, { kind: 'pin' }>): string[] {
  const whose = pins.map(
    ({ user, token }) => `the ${user === 'so' ? 'SO' : 'user'} PIN of the token ${token}`,
  )
  return [
    `${whose.join(' and ')}, for which there is no terminal here: resume at one, or name a file of mode 0600`,
    '  by pin-source=file:/PATH in the token’s URI, --pin-file or --so-pin-file',
  ]
}

/** What happened where an exception is open, and what the plan wanted. */
export function exceptionLines({ exceptions }: Pick<RunView, 'exceptions'>): string[] {
  const open = exceptions.find(({ decision }) => decision === null)
  return open === undefined ? [] : [`happened ${open.happened}`, `expected ${open.expected}`]
}

/** What to do about what opened the exception, before anybody decides; null where it has no name. */
function remedyFirst({ exceptions }: Pick<RunView, 'exceptions'>): string | null {
  const open = exceptions.find(({ decision }) => decision === null)
  const code = /^([A-Z0-9-]+): /.exec(open?.happened ?? '')?.[1]
  return code === undefined ? null : (refusalHelp(code)?.remedy ?? null)
}

/** An exception of a rehearsal: nobody decides for people, not even for simulated participants. */
export function exceptionOutcome(view: Pick<RunView, 'exceptions' | 'state'>, folder: string): Outcome {
  const open = view.exceptions.find((one) => one.decision === null)
  const detail = `${open?.step ?? ''}: ${open?.happened ?? ''}`
  const choices = open?.choices ?? []
  const first = remedyFirst(view)
  const decide = `custody ceremony resume ${folder} --decide ${choices.join('|')}`
  const remedy = first === null ? decide : `${first} Then: ${decide}`
  const text = `stopped at an exception: ${detail}\nWhat to do: ${remedy}`
  return {
    exit: 3,
    json: { ok: false, code: 'EXCEPTION-OPEN', detail, remedy, choices, folder, state: view.state },
    text,
  }
}

/** A command that a run takes no more, because it is over. */
export function runIsOver(what: 'abort' | 'receipt', folder: string, state: string): ExpectedError {
  const look = `custody ceremony status ${folder} shows how it ended`
  if (what === 'abort')
    return new ExpectedError('RUN-06', `the run is ${state}`, `nothing is left to abort; ${look}`)
  const taken =
    state === 'Aborted'
      ? 'an aborted run has no bundle that a server takes'
      : `its receipts lie in ${folder}/receipts, and it needs no more`
  return new ExpectedError(
    'SUBMIT-01',
    `the run is ${state}`,
    `${taken}; ${look}; give a receipt of another bundle with the folder of its own run`,
  )
}
