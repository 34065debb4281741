import type { Card, SignatureRequest } from '@lux/ceremony/wire'
import { readBounded, writeInFolder } from '@lux/node-files'
import {
  checkSigner,
  checkUnexpired,
  maxSignatureRequest,
  type PersonKey,
  prepareSignature,
  readSignatureRequest,
  type Signing,
  signAnswer,
  signingOf,
} from '@lux/people'
import type { Command } from 'commander'
import { systemClock } from '../../core/system.ts'
import { memoryBeside, readMemory } from '../../core/use-cases/key-file.ts'
import { accepted } from '../shell/accepted.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { mustBeNew, writeNew } from '../shell/files.ts'
import { openOwnKey } from '../shell/key-input.ts'
import { type Outcome, say } from '../shell/output.ts'
import { escapeForTerminal } from '../shell/safe-text.ts'
import { type PassphraseOptions, withPassphrase } from '../shell/secret-input.ts'
import { mustAgree } from '../shell/terminal.ts'

export type SignOptions = PassphraseOptions & { key: string; out: string; yes?: boolean; memory?: string }

const otherDomain =
  'sign nothing: a rehearsal’s key and documents are never used in production, nor the other way round'

/** Adds `approve` or `cosign` to the commands of one kind of person. */
export function registerSigning(
  group: Command,
  kind: Card['kind'],
  verb: 'approve' | 'cosign',
  { act }: CommandLine,
): void {
  const command = group
    .command(verb)
    .argument('<file>', 'the request that the workstation wrote, out/<seq>-<what>.json')
    .description(
      verb === 'cosign'
        ? 'Check a checkpoint against its transcript and against what you cosigned last, then cosign it.'
        : 'Show what a request asks you to sign, as its very bytes say it, then sign it.',
    )
    .requiredOption('--key <file>', 'your key file')
    .requiredOption('--out <sig>', 'the answer, a new file: put it into the run’s in/')
    .option('--yes', 'do not ask at the terminal: for scripts; a person has read and compared everything')
  if (verb === 'cosign')
    command.option(
      '--memory <file>',
      'where this device keeps the heads that it cosigned; beside the key by default',
    )
  withPassphrase(command)
    .action((file: string, options: SignOptions) => act(() => signRequest(file, kind, options)))
    .addHelpText(
      'after',
      `
Read the words aloud and compare them with the others’ before you say yes.

Example:
  $ custody ${kind} ${verb} out/7-${verb === 'cosign' ? 'checkpoint' : 'opening'}.json --key my.key --out in/7-${kind}.json`,
    )
}

/**
 * Errors: SIGNATURE-REQUEST-MALFORMED, REQUEST-SUBJECT, REQUEST-ROLE, REQUEST-DOMAIN, REQUEST-EXPIRED, REQUEST-DECLINED, the COSIGN-
 * and CHAIN- rules, those of the key file.
 */
export async function signRequest(path: string, kind: Card['kind'], options: SignOptions): Promise<Outcome> {
  mustBeNew(options.out)
  const request = accepted(readSignatureRequest(readBounded(path, maxSignatureRequest)), { request: path })
  const signing = signingFor(kind, request)
  const { key } = await openOwnKey(options.key, options)
  try {
    return await signWith(signing, key, options)
  } finally {
    key.identity.secret.wipe()
  }
}

/** Errors: REQUEST-SUBJECT, REQUEST-ROLE, REQUEST-DOMAIN. */
export function signingFor(kind: Card['kind'], request: SignatureRequest): Signing {
  const cosigns = request.what === 'checkpoint'
  return accepted(
    signingOf(kind, request),
    {},
    {
      'REQUEST-DOMAIN': otherDomain,
      'REQUEST-ROLE': cosigns ? 'a witness cosigns it' : 'an officer approves it',
      request: 'ask for a new request; sign nothing',
    },
  )
}

/** Shows what is signed and signs it with a key that is open; the caller wipes the key. Errors: those of `signRequest`. */
export async function signWith(signing: Signing, key: PersonKey, options: SignOptions): Promise<Outcome> {
  const { kind, request } = signing
  const cosigns = request.what === 'checkpoint'
  accepted(
    checkSigner(signing, key),
    {},
    { 'REQUEST-DOMAIN': otherDomain, 'REQUEST-ROLE': `name the key of an enrolled ${kind}` },
  )
  const memoryPath = options.memory ?? memoryBeside(options.key)
  const memory = cosigns ? readMemory(memoryPath) : {}
  const prepared = accepted(
    prepareSignature(signing, key, memory, systemClock.now()),
    {},
    {
      'REQUEST-DOMAIN': otherDomain,
      'REQUEST-TRANSCRIPT': 'ask for a new request',
      request: 'sign nothing; tell the officers and the other witnesses',
    },
  )
  const shown = prepared.lines.map(escapeForTerminal)
  for (const line of shown) say(line)
  await mustAgree('Is this what you want to sign?', { domain: request.domain, yes: options.yes })
  accepted(checkUnexpired(signing, systemClock.now()))
  const { memory: remembered, answer } = signAnswer(prepared)
  // On disk before a signature leaves: a device that crashes in between has signed nothing that it forgot.
  if (remembered !== null) writeInFolder(memoryPath, remembered)
  writeNew(options.out, answer)
  return {
    exit: 0,
    json: {
      ok: true,
      what: request.what,
      domain: request.domain,
      by: key.card.name,
      digest: signing.explained.digest,
      words: prepared.words,
      answer: options.out,
      shown,
    },
    text: `signed by ${key.card.name}: ${options.out}`,
  }
}
