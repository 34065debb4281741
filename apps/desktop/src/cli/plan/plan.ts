import {
  diffDigest,
  diffPlans,
  type LintTerms,
  lintCards,
  lintPlan,
  maxPlanBytes,
  type Plan,
  printPlan,
  readPlan,
  warnPlan,
} from '@lux/ceremony/plan'
import { checkPolicy } from '@lux/ceremony/policy'
import { signatureAnswerCodec, signatureRequestCodec } from '@lux/ceremony/wire'
import { readBounded } from '@lux/node-files'
import {
  changeLine,
  checkLockable,
  checkPlanAnswer,
  explainRequest,
  lockPlan,
  planApprovalRequest,
} from '@lux/people'
import { roomOf } from '../../core/runs/begin/policy-terms.ts'
import { refusedPlan } from '../../core/runs/begin/refused-plan.ts'
import { systemClock } from '../../core/system.ts'
import { elsewhere, rehearsedIn } from '../../core/use-cases/make-plan.ts'
import { accepted } from '../shell/accepted.ts'
import { type CommandLine, collectBlank, refused, severalOf } from '../shell/command-line.ts'
import { mustBeNew, readParsed, readPolicy, wordLines, wordsOf, writeNew } from '../shell/files.ts'
import type { Outcome } from '../shell/output.ts'
import { cardsBeside, lint, warningLines } from './lint.ts'
import { type NewPlanOptions, newPlan } from './new.ts'

export function registerPlan({ program, act }: CommandLine): void {
  const group = program
    .command('plan')
    .description('The one reviewed file of a ceremony: new, lint, hash, diff, print, request, approve.')
  group
    .command('new')
    .argument(
      '<script>',
      'a shipped script (first-run, root-kek, key-hierarchy, threshold-fhe, …) or a script file',
    )
    .description(
      'Fill a script’s blanks and write the plan, with the cards that it names in cards/ beside it.',
    )
    .option('--set <name=value>', 'fill a blank; names are comma-separated', collectBlank)
    .option('--values <file.yaml>', 'fill blanks from a file, lists included')
    .option('--policy <policy.json>', 'fill policy, organisationId and organisationName')
    .option(
      '--person <card>',
      'fill people, in this order; a renewed card comes after the one that it renews',
      severalOf,
    )
    .option(
      '--destination <transport>',
      'fill destinations: a server’s transport file with its card.json beside it, or that card.json alone where no root goes there',
      severalOf,
    )
    .option('--library <file>', 'fill library with the digest of the token’s library')
    .option(
      '--backup <bundle>',
      'fill what a share check, a drill or a restore needs to know of the backup that this bundle dealt; of several, --set rootKey=ID',
    )
    .requiredOption('--out <plan.yaml>', 'a new file')
    .action((script: string, options: NewPlanOptions) => act(() => newPlan(script, options)))
    .addHelpText(
      'after',
      `
Example:
  $ custody plan new token-initialisation --policy policy.json --library /usr/lib/softhsm/libsofthsm2.so \\
      --person admin.json --person operator.json --person so.json --person ada.json --person bob.json \\
      --person wim.json --person zoe.json --out plan.yaml`,
    )
  group
    .command('lint')
    .argument('<files...>', 'plans')
    .description(
      'Say every reason why a plan could not run to its end, by rule and step. Also look at the cards in cards/ beside it.',
    )
    .option(
      '--policy <file>',
      'the plan’s policy: its counts, people, servers, algorithms, evidence and digest are judged too',
    )
    .action((files: string[], options: { policy?: string }) => act(() => lint(files, options.policy)))
    .addHelpText('after', '\nExample:\n  $ custody plan lint plan.yaml --policy policy.json')
  group
    .command('hash')
    .argument('<files...>', 'plans')
    .description('The SHA-256 of the file’s bytes: what officers approve. One line per plan.')
    .action((files: string[]) => act(() => hash(files)))
    .addHelpText('after', '\nExample:\n  $ custody plan hash plan.yaml')
  group
    .command('diff')
    .argument('<before>', 'the plan that was rehearsed')
    .argument('<after>', 'the plan that shall run')
    .description('Every difference between two plans, and the digest that officers approve with it.')
    .action((before: string, after: string) => act(() => diff(before, after)))
    .addHelpText('after', '\nExample:\n  $ custody plan diff old.yaml plan.yaml')
  group
    .command('print')
    .argument('<file>', 'a plan')
    .description('The plan as text for the people in the room, with places for times and initials.')
    .action((file: string) => act(() => printOut(file)))
    .addHelpText('after', '\nExample:\n  $ custody plan print plan.yaml | less')
  group
    .command('request')
    .argument('<plan>', 'a plan')
    .description('Write the request that each officer approves on the own device.')
    .requiredOption(
      '--rehearsed <bundle>',
      'the sealed bundle of the rehearsal, of this plan or of an earlier one',
    )
    .requiredOption('--out <file>', 'the request, a new file')
    .action((file: string, options: { rehearsed: string; out: string }) => act(() => request(file, options)))
    .addHelpText(
      'after',
      `
Examples:
  $ custody rehearse plan.yaml --policy policy.json --out rehearsal
  $ custody plan request plan.yaml --rehearsed rehearsal/bundle.zip --out approve-plan.json
  $ custody officer approve approve-plan.json --key ada.key --out ada.sig`,
    )
  group
    .command('approve')
    .argument('<plan>', 'a plan')
    .argument('<sig...>', 'the officers’ answers')
    .description(
      'Collect the officers’ approvals into plan.lock.json, without which nothing runs in production.',
    )
    .requiredOption('--policy <file>', 'the policy that the plan names')
    .requiredOption('--rehearsed <bundle>', 'the sealed bundle that the officers were shown')
    .requiredOption('--out <plan.lock.json>', 'a new file')
    .action((file: string, sigs: string[], options: ApproveOptions) =>
      act(() => approve(file, sigs, options)),
    )
    .addHelpText(
      'after',
      `
Example:
  $ custody plan approve plan.yaml ada.sig bob.sig --policy policy.json --rehearsed rehearsal/bundle.zip --out plan.lock.json`,
    )
}

type ApproveOptions = { policy: string; rehearsed: string; out: string }

function hash(paths: readonly string[]): Outcome {
  const plans = paths.map((path) => {
    const digest = parsedPlan(path).hash
    return { file: path, hash: digest, words: wordsOf(digest) }
  })
  return {
    exit: 0,
    json: { ok: true, plans },
    text: plans.map((plan) => `${plan.hash}  ${plan.file}`).join('\n'),
  }
}

function diff(beforePath: string, afterPath: string): Outcome {
  const [before, after] = [parsedPlan(beforePath), parsedPlan(afterPath)]
  const changes = diffPlans(before.plan, after.plan)
  const digest = diffDigest(before.hash, after.hash, changes)
  const text = [`${before.hash} -> ${after.hash}`, ...changes.map(changeLine), `digest  ${digest}`]
  return {
    exit: 0,
    json: { ok: true, before: before.hash, after: after.hash, changes, digest },
    text: text.join('\n'),
  }
}

function printOut(path: string): Outcome {
  const { plan, hash: digest } = parsedPlan(path)
  const text = printPlan(plan, digest)
  return { exit: 0, json: { ok: true, hash: digest, text }, text: text.trimEnd() }
}

/** Errors: PLAN-…, REHEARSAL-…. */
async function request(path: string, options: { rehearsed: string; out: string }): Promise<Outcome> {
  mustBeNew(options.out)
  // What the policy asks for was judged when it was rehearsed, and is again when it is locked and when it runs.
  const { plan, hash: digest } = soundPlan(path, undefined)
  const bundle = options.rehearsed
  const rehearsed = accepted(await rehearsedIn(bundle, { plan, hash: digest }), { bundle })
  const { approval, changes, ran } = rehearsed
  const warned = [...warnPlan(plan), ...elsewhere(plan, ran)]
  const warnings = warningLines(warned)
  const bytes = readBounded(path, maxPlanBytes)
  const { title } = plan
  const asked = planApprovalRequest(rehearsed, { bytes, title, warnings: warned })
  writeNew(options.out, signatureRequestCodec.encode(asked))
  const words = wordsOf(digest)
  const json = { ok: true, request: options.out, ...approval, words, changes, warnings }
  const text = [
    options.out,
    ...accepted(explainRequest(asked)).lines,
    ...warnings,
    ...changes.map(changeLine),
    ...wordLines(words),
  ]
  return { exit: 0, json, text: text.join('\n') }
}

/** Errors: PLAN-…, POLICY-…, REHEARSAL-…, ANSWER-OTHER. */
async function approve(path: string, answers: readonly string[], options: ApproveOptions): Promise<Outcome> {
  mustBeNew(options.out)
  const policy = checkPolicy(readPolicy(options.policy))
  if (!policy.ok) throw refused(policy)
  const { plan, hash: digest } = soundPlan(path, roomOf(policy.value))
  accepted(checkLockable(plan, policy.value, systemClock.now()), { policy: options.policy })
  const bundle = options.rehearsed
  const { approval } = accepted(await rehearsedIn(bundle, { plan, hash: digest }), { bundle })
  const signatures = answers.map((file) =>
    accepted(checkPlanAnswer(approval, readParsed(file, signatureAnswerCodec)), { answer: file }),
  )
  const locked = lockPlan(approval, signatures, policy.value)
  if (!locked.ok) throw refusedPlan(locked.refusals)
  writeNew(options.out, locked.bytes)
  const json = {
    ok: true,
    lock: options.out,
    planHash: approval.planHash,
    policyDigest: locked.lock.policyDigest,
    rehearsalDigest: approval.rehearsalDigest,
    approvedBy: locked.approvedBy,
  }
  return { exit: 0, json, text: `${options.out}: approved by ${locked.approvedBy.join(', ')}` }
}

function parsedPlan(path: string): { plan: Plan; hash: string } {
  const read = readPlan(readBounded(path, maxPlanBytes))
  if (!read.ok) throw refusedPlan(read.refusals)
  return read
}

function soundPlan(path: string, terms: LintTerms | undefined): { plan: Plan; hash: string } {
  const read = parsedPlan(path)
  const refusals = [...lintPlan(read.plan, terms), ...lintCards(read.plan, cardsBeside(path), terms?.listed)]
  if (refusals.length > 0) throw refusedPlan(refusals)
  return read
}
