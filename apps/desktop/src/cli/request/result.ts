import {
  type DecryptionResult,
  decryptionResultCodec,
  type HolderAnswer,
  holderAnswerCodec,
  requestDigest,
  requestPackageCodec,
} from '@lux/ceremony/wire'
import { encodeCanonical, fromHex, sha256Hex, toHex } from '@lux/crypto'
import { CANARY_PROGRAM, type FheValue, fheThresholdDecrypt } from '@lux/crypto/fhe'
import { ExpectedError, readBounded } from '@lux/node-files'
import type { Command } from 'commander'

import { systemEntropy } from '../../core/system.ts'
import { type CommandLine, refused, severalOf } from '../shell/command-line.ts'

import { ciphertextsAt, parseValue, readPublicFile } from '../shell/fhe-files.ts'
import { mustBeNew, readParsed, writeNew } from '../shell/files.ts'
import { openKeyFile } from '../shell/key-file.ts'
import type { Outcome } from '../shell/output.ts'
import { type PassphraseOptions, readPassphrase, withPassphrase } from '../shell/secret-input.ts'
import { WrongUse } from '../shell/wrong-use.ts'
import { holderKeys, openPartial } from './combiner.ts'

type ResultOptions = PassphraseOptions & {
  public: string
  ciphertext: string[]
  answer: string[]
  identity: string
  key: string
  value?: string[]
  cards?: string
  card?: string[]
  out: string
}

/** What comes of answers to these very ciphertexts is a result, also where it is no value; anything else is a wrong file. */
const noValue: ReadonlySet<string> = new Set([
  'FHE-INCONSISTENT',
  'FHE-PADDING',
  'FHE-BOOL-RANGE',
  'FHE-NOISE',
])

const maxRequest = 16 << 20
const maxAnswer = 1 << 20

export function registerRequestResult(group: Command, act: CommandLine['act']): void {
  withPassphrase(
    group
      .command('result')
      .argument('<request>', 'request.json')
      .description(
        'Combine the answers that a ceremony took, and sign for it what came of them; the value stays with you.',
      )
      .requiredOption('--public <file>', 'public.bin of the request’s epoch')
      .requiredOption('--ciphertext <file>', 'in the order of the request', severalOf)
      .requiredOption(
        '--answer <file>',
        'answer-<i>.json of every holder who approved, each with its .age beside it',
        severalOf,
      )
      .requiredOption('--identity <file>', 'the combiner’s age identity, mode 0600')
      .requiredOption('--key <file>', 'the requester’s key file')
      .option(
        '--value <value>',
        'of a canary, and there not to be left out: what each ciphertext was encrypted from',
        severalOf,
      )
      .option('--cards <dir>', 'the holders’ cards; ../cards from public.bin by default')
      .option('--card <file>', 'the cards of all holders in order, where there is no roster.json', severalOf)
      .requiredOption(
        '--out <result.json>',
        'a new file: put it into the run’s in/; the value is printed, not written',
      ),
  )
    .action((path: string, options: ResultOptions) => act(() => result(path, options)))
    .addHelpText(
      'after',
      `
The result says that a value came out, against how many malicious holders it is verified, and commits to it; not the value.
A canary, which is what its provenance calls so, is refused without --value: nobody but you compares, and the run takes your word for
it. One that does not give that value, or none at all, is signed as inconsistent, and the epoch must not go live.

Example:
  $ custody request result request.json --public run/fhe/public.bin --ciphertext sum.bin \\
      --answer answer-1.json --answer answer-3.json \\
      --identity combiner.identity --key rita.key --out run/in/result.json`,
    )
}

/** Errors: OPTION-VALUE, REQUEST-…, ANSWER-…, FHE-… of answers that cannot be read at all, SEAL-…, and those of the key file. */
async function result(path: string, options: ResultOptions): Promise<Outcome> {
  mustBeNew(options.out)
  const known = knownValues(options)
  const given = readParsed(path, requestPackageCodec, maxRequest)
  const { payload } = given.request
  // The run takes a result's word for it that the value was compared: no field of it says so.
  const canary = given.provenance.every((one) => one.payload.program === CANARY_PROGRAM)
  if (canary && known === null)
    throw new WrongUse('OPTION-VALUE', `${path} asks for a canary: say what it was encrypted from, --value`)
  const digest = requestDigest(payload)
  const pub = readPublicFile(options.public)
  const answers = options.answer
    .map((file) => ({ file, said: readParsed(file, holderAnswerCodec.file).payload }))
    .toSorted((a, b) => a.said.holder - b.said.holder)
  const partials = await Promise.all(answers.map((one) => openAnswer(one, digest, options.identity)))
  const combined = fheThresholdDecrypt({
    pub,
    ciphertexts: ciphertextsAt(options.ciphertext).map(({ bytes }) => bytes),
    partials,
    requestDigest: fromHex(digest, 32),
    holders: holderKeys(pub, options.public, options),
  })
  if (!combined.ok && !noValue.has(combined.rule)) throw refused(combined)
  const values = combined.ok ? combined.value.values : []
  const right = combined.ok && (known === null || sameValues(values, known))
  const salt = systemEntropy.bytes(16)
  const document: DecryptionResult = {
    v: 1,
    kind: 'decryption-result',
    domain: payload.domain,
    request: digest,
    answers: answers.map(({ said }) => holderAnswerCodec.payload.digest(said)),
    outcome: right ? 'combined' : 'inconsistent',
    verified: right ? combined.value.verified : 0,
    cheaters: right ? [...combined.value.cheaters] : [],
    commitment: right ? sha256Hex(salt, encodeCanonical(values.map(String))) : null,
    time: new Date().toISOString(),
  }
  await signResult(document, payload.requester, options)
  const claim = combined.ok ? combined.value.claim : combined.detail
  const shown = values.map(String)
  const { cheaters } = document
  // All of a canary's answers have to agree: a value that was corrected is no proof of the shares.
  const proved = right && (known === null || cheaters.length === 0)
  return {
    exit: 0,
    json: {
      ok: true,
      result: options.out,
      ...document,
      values: shown,
      salt: toHex(salt),
      claim,
      right: proved,
    },
    text: [
      ...shown,
      claim,
      ...(known === null
        ? []
        : [proved ? 'as it was encrypted' : `${failure(right, cheaters)}: the epoch must not go live`]),
      `${options.out}  ${document.outcome}; keep the salt ${toHex(salt)} to show later what was read`,
    ].join('\n'),
  }
}

function failure(right: boolean, cheaters: readonly number[]): string {
  return right ? `holders ${cheaters.join(', ')} compute with ANOTHER key` : 'NOT what was encrypted'
}

async function signResult(
  document: DecryptionResult,
  requester: string,
  options: ResultOptions,
): Promise<void> {
  const key = await openKeyFile(options.key, await readPassphrase(options, `Passphrase of ${options.key}`))
  try {
    const { card } = key
    if (card.kind !== 'requester' || card.name !== requester)
      throw new ExpectedError(
        'REQUEST-ROLE',
        `the request is by ${requester}, the key of ${card.name}, ${card.kind}`,
      )
    if (card.domain !== document.domain)
      throw new ExpectedError('REQUEST-DOMAIN', `${options.key} is of ${card.domain}`)
    const signature = decryptionResultCodec.sign(key.identity, document, document.domain)
    writeNew(options.out, decryptionResultCodec.file.encode({ payload: document, signatures: [signature] }))
  } finally {
    key.identity.secret.wipe()
  }
}

type Answer = { file: string; said: HolderAnswer }

/** The part that a holder's signed answer names. Errors: ANSWER-01, FILE-MISSING, SEAL-…. */
async function openAnswer({ file, said }: Answer, digest: string, identity: string): Promise<Uint8Array> {
  if (said.request !== digest || said.decision !== 'approved')
    throw new ExpectedError('ANSWER-01', `${file} is no yes to this request`)
  const sealed = file.replace(/(\.json)?$/, '.age')
  if (sha256Hex(readBounded(sealed, maxAnswer)) !== said.sealed)
    throw new ExpectedError('ANSWER-01', `${sealed} is not the part that ${said.name} signed`)
  return openPartial(sealed, identity)
}

function knownValues({ value, ciphertext }: ResultOptions): FheValue[] | null {
  if (value === undefined) return null
  if (value.length !== ciphertext.length)
    throw new WrongUse('OPTION-VALUE', `${value.length} values for ${ciphertext.length} ciphertexts`)
  return value.map((text) => {
    const parsed = parseValue(text)
    if (parsed === null)
      throw new WrongUse('OPTION-VALUE', `--value ${text}: expected a number, true or false`)
    return parsed
  })
}

function sameValues(values: readonly FheValue[], known: readonly FheValue[]): boolean {
  return values.length === known.length && values.every((value, at) => value === known[at])
}
