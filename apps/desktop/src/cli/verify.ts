import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BundleVerdict, type Check, type Note, type Unproved, verifyBundle } from '@lux/ceremony/bundle'
import { expired, type Policy } from '@lux/ceremony/policy'
import { serverCardCodec } from '@lux/ceremony/wire'
import { verifyAttestation } from '@lux/hsm'
import { ExpectedError, fileReader } from '@lux/node-files'
import { findParts } from '../core/program.ts'
import { systemClock } from '../core/system.ts'
import type { CommandLine } from './shell/command-line.ts'
import { readPolicy, readServerCard, wordLines, wordsOf } from './shell/files.ts'
import type { Outcome } from './shell/output.ts'
import { WrongUse } from './shell/wrong-use.ts'

export type VerifyCommandOptions = { policy?: string; audience?: string }

export function registerVerify({ program, act }: CommandLine): void {
  program
    .command('verify')
    .argument('<bundle>', 'bundle.zip')
    .description('Check a bundle by every check of its format, each by name. No token, no network.')
    .option(
      '--policy <file>',
      'the policy that you took by hand; without it nothing is accepted (POLICY-MISSING)',
    )
    .option('--audience <who>', 'the server that shall import it: its card.json, or the digest of that card')
    .action((bundle: string, options: VerifyCommandOptions) => act(() => verify(bundle, options)))
    .addHelpText(
      'after',
      `
Exit 0: accepted. Exit 1: refused, with the check named. Exit 2: called wrongly. Take the policy from its own place, never from beside the
bundle, and compare its words first: custody policy show policy.json

Examples:
  $ custody verify bundle.zip --policy policy.json
  $ custody --json verify bundle.zip --policy policy.json --audience card.json`,
    )
}

/** Every check of the bundle, in the catalogue's order. */
export async function verify(path: string, options: VerifyCommandOptions): Promise<Outcome> {
  const policy = options.policy === undefined ? null : readPolicy(options.policy)
  const audience = options.audience === undefined ? null : audienceOf(options.audience)
  const reader = fileReader(path)
  try {
    const verdict = await verifyBundle(reader, {
      attestation: verifyAttestation,
      ...(policy === null ? {} : { policy }),
      ...(audience === null ? {} : { audience }),
    })
    return outcomeOf(path, verdict, policy === null ? null : ended(policy.policy))
  } finally {
    reader.close()
  }
}

/** A digest as it is given, or that of the card in a file. Another file is the wrong one: exit 2. */
function audienceOf(text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return text
  try {
    return serverCardCodec.digest(readServerCard(text))
  } catch (error) {
    if (error instanceof ExpectedError) throw new WrongUse(error.code, error.detail)
    throw error
  }
}

/** When the policy ended; null while it is in force. */
const ended = (policy: Policy): string | null =>
  expired(policy, systemClock.now()) === null ? null : policy.expiry

function outcomeOf(
  path: string,
  { verdict, checks, failed, contents, signedHere, unproved, notes }: BundleVerdict,
  policyEnded: string | null,
): Outcome {
  const accepted = verdict === 'accepted'
  const digest = contents?.digest ?? null
  const words = digest === null ? [] : wordsOf(digest)
  const domain = contents?.predicate.domain ?? null
  const about = {
    verdict,
    bundle: path,
    digest,
    words,
    domain,
    failed,
    checks,
    policyEnded,
    signedHere,
    notes,
  }
  const json = accepted ? { ok: true, ...about } : { ok: false, code: failed[0] ?? 'REFUSED', ...about }
  const said = {
    accepted: `accepted${domain === 'rehearsal' ? ' (a rehearsal: nothing in it is for use)' : ''}`,
    refused: `refused by ${failed.join(', ')}`,
    'signers-unknown': 'consistent, signers unknown: POLICY-MISSING (give --policy)',
  }[verdict]
  // What was refused stands together, and the result is the last line: a page of checks scrolls the first ones away.
  const passed = checks.filter(({ ok }) => ok === true)
  const notRun = checks.filter(({ ok }) => ok === null)
  const refused = checks.filter(({ ok }) => ok === false)
  const text = [
    ...[...passed, ...notRun, ...refused].map(checkLine),
    ...(digest === null ? [] : [`digest  ${digest}`, ...wordLines(words)]),
    ...(policyEnded === null ? [] : [`note    policy: ended ${policyEnded}; nothing new may begin under it`]),
    ...notes.map(noteLine),
    ...unprovedLines(unproved, signedHere.join(', ')),
    `${path}: ${said}`,
  ].join('\n')
  return { exit: accepted ? 0 : 1, json, text, answered: true }
}

/** Each as the window says it. */
function unprovedLines(unproved: readonly Unproved[], names: string): string[] {
  // Our own file, which a test holds beside every language.
  const { unproved: texts } = JSON.parse(
    readFileSync(join(findParts().resources, 'locales/en/bundles.json'), 'utf8'),
  ) as { unproved: Record<Unproved, string> }
  return unproved.map((what) => `not proved: ${texts[what].replace('{{names}}', names)}`)
}

function noteLine({ id, state, values }: Note): string {
  return `note    ${id}: ${[state.replace('-', ' '), ...values].join(', ')}`
}

function checkLine({ id, title, ok, detail }: Check): string {
  const mark = ok === null ? '-      ' : ok ? 'ok     ' : 'REFUSED'
  return `${mark} ${id.padEnd(22)} ${title}${detail === '' ? '' : `: ${detail}`}`
}
