import {
  type Card,
  type SignatureRequest,
  signatureAnswerCodec,
  signatureContext,
  signatureRequestCodec,
} from '@lux/ceremony/wire'
import { fromBase64, sha256Hex, signWith } from '@lux/crypto'
import { CoreError } from '@lux/node-files'
import type { Command } from 'commander'
import type { CommandLine } from '../shell/command-line.ts'
import { mustBeNew, readParsed, wordLines, wordsOf, writeNew } from '../shell/files.ts'
import { openKeyFile, type PersonKey } from '../shell/key-file.ts'
import { type Outcome, say } from '../shell/output.ts'
import { visible } from '../shell/safe-text.ts'
import { type PassphraseOptions, readPassphrase, withPassphrase } from '../shell/secret-input.ts'
import { askYes } from '../shell/terminal.ts'
import { explainRequest } from './explain.ts'
import { entryLines } from './transcript-lines.ts'
import { checkCosigning, readMemory, writeMemory } from './witness-memory.ts'

export type SignOptions = PassphraseOptions & { key: string; out: string; yes?: boolean; memory?: string }

const maxRequest = 32_000_000

/** What the key of each kind of person may sign. */
const mandates: Partial<Record<Card['kind'], readonly SignatureRequest['what'][]>> = {
  officer: ['plan-approval', 'policy', 'opening', 'exception', 'bundle'],
  witness: ['checkpoint'],
  approver: ['decryption-approval'],
}

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
 * Errors: SIGNATURE-REQUEST-MALFORMED, REQUEST-SUBJECT, REQUEST-ROLE, REQUEST-DOMAIN, REQUEST-DECLINED, the COSIGN-
 * and CHAIN- rules, those of the key file.
 */
export async function signRequest(path: string, kind: Card['kind'], options: SignOptions): Promise<Outcome> {
  mustBeNew(options.out)
  const request = readParsed(path, signatureRequestCodec, maxRequest)
  const { subject, domain, digest, lines } = explainRequest(request)
  checkMandate(kind, request, domain)
  const key = await openKeyFile(options.key, await readPassphrase(options, `Passphrase of ${options.key}`))
  try {
    checkKey(key, kind, request)
    const memoryPath = options.memory ?? `${options.key}.memory.json`
    const memory = request.what === 'checkpoint' ? readMemory(memoryPath) : {}
    const cosigning =
      request.what === 'checkpoint' ? checkCosigning(subject, transcriptOf(request), memory) : null
    if (cosigning !== null && cosigning.domain !== request.domain)
      throw otherDomain(cosigning.domain, request.domain)
    const words = wordsOf(digest)
    const shown = [
      `${request.domain.toUpperCase()}  for ${key.card.name}, ${kind}`,
      ...lines,
      ...(cosigning === null
        ? []
        : ['New entries since your last cosignature', ...entryLines(cosigning.fresh)]),
      `digest     ${digest}`,
      ...wordLines(words),
      ...claims(request),
    ].map(visible)
    for (const line of shown) say(line)
    if (
      request.domain === 'production' &&
      options.yes !== true &&
      !(await askYes('Is this what you want to sign?'))
    )
      throw new CoreError('REQUEST-DECLINED', 'you did not say yes; nothing was signed')
    if (cosigning !== null) writeMemory(memoryPath, { ...memory, [cosigning.ceremonyId]: cosigning.head })
    const signature = signWith(key.identity, signatureContext(request.what, request.domain), subject)
    const answer = { v: 1, kind: 'signature-answer', what: request.what, domain: request.domain } as const
    writeNew(options.out, signatureAnswerCodec.encode({ ...answer, subject: sha256Hex(subject), signature }))
    return {
      exit: 0,
      json: {
        ok: true,
        what: request.what,
        domain: request.domain,
        by: key.card.name,
        digest,
        words,
        answer: options.out,
        shown,
      },
      text: `signed by ${key.card.name}: ${options.out}`,
    }
  } finally {
    key.identity.secret.wipe()
  }
}

function transcriptOf(request: SignatureRequest): Uint8Array | null {
  return request.transcript === undefined ? null : fromBase64(request.transcript)
}

/** The workstation’s own words come last and by name: what is signed was told above, from the bytes. */
function claims(request: SignatureRequest): string[] {
  return request.lines.length === 0
    ? []
    : ['The workstation says of it:', ...request.lines.map((line) => `| ${line}`)]
}

function checkMandate(kind: Card['kind'], request: SignatureRequest, domain: string | null): void {
  if (mandates[kind]?.includes(request.what) !== true) {
    const remedy = request.what === 'checkpoint' ? 'a witness cosigns it' : 'an officer approves it'
    throw new CoreError('REQUEST-ROLE', `${kind}s do not sign: ${request.what}`, remedy)
  }
  if (domain !== null && domain !== request.domain) throw otherDomain(domain, request.domain)
}

function checkKey({ card }: PersonKey, kind: Card['kind'], request: SignatureRequest): void {
  if (card.kind !== kind)
    throw new CoreError(
      'REQUEST-ROLE',
      `the key is of ${card.name}, ${card.kind}`,
      `name the key of an enrolled ${kind}`,
    )
  if (card.domain !== request.domain) throw otherDomain(card.domain, request.domain)
}

function otherDomain(has: string, asked: string): CoreError {
  return new CoreError(
    'REQUEST-DOMAIN',
    `${has} where ${asked} is asked for`,
    'sign nothing: a rehearsal’s key and documents are never used in production, nor the other way round',
  )
}
