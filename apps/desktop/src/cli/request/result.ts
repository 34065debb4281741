import { join } from 'node:path'
import { type RequestPackage, requestPackageCodec } from '@lux/ceremony/wire'
import { toHex } from '@lux/crypto'
import type { FheValue } from '@lux/crypto/fhe'
import { readBounded } from '@lux/node-files'
import {
  asksCanary,
  combineAnswers,
  maxHolderAnswer,
  type OpenedAnswer,
  openHolderAnswer,
  type ReadResult,
  signResult,
} from '@lux/people'
import type { Command } from 'commander'
import { systemClock, systemEntropy } from '../../core/system.ts'
import { accepted } from '../shell/accepted.ts'
import { type CommandLine, severalOf } from '../shell/command-line.ts'
import { parseValue, readPublicFile, seenAt } from '../shell/fhe-files.ts'
import { mustBeNew, readParsed, writeNew } from '../shell/files.ts'
import { openOwnKey } from '../shell/key-input.ts'
import type { Outcome } from '../shell/output.ts'
import { type PassphraseOptions, withPassphrase } from '../shell/secret-input.ts'
import { WrongUse } from '../shell/wrong-use.ts'
import { holderCards, readIdentity } from './combiner.ts'
import { type AnswerFiles, answersOfRun, publicOfRun } from './run-folder.ts'

type ResultOptions = PassphraseOptions & {
  public?: string
  run?: string
  ciphertext: string[]
  answer?: string[]
  identity: string
  key: string
  value?: string[]
  cards?: string
  card?: string[]
  out: string
}

const maxRequest = 16 << 20

export function registerRequestResult(group: Command, act: CommandLine['act']): void {
  withPassphrase(
    group
      .command('result')
      .argument('<request>', 'request.json')
      .description(
        'Combine the answers that a ceremony took, and sign for it what came of them; the value stays with you.',
      )
      .option('--public <file>', 'public.bin of the request’s epoch')
      .option('--run <dir>', 'of the ceremony: its public.bin, and the answers that were brought into it')
      .requiredOption('--ciphertext <file>', 'in the order of the request', severalOf)
      .option(
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
      --identity combiner.identity --key rita.key --out run/in/result.json
  $ custody request result run/decryptions/canary/request.json --run run --ciphertext canary.bin --value 12345 \\
      --identity combiner.identity --key rita.key --out run/in/result.json`,
    )
}

/** Errors: OPTION-VALUE, REQUEST-…, ANSWER-…, FHE-… of answers that cannot be read at all, SEAL-…, and those of the key file. */
async function result(path: string, options: ResultOptions): Promise<Outcome> {
  mustBeNew(options.out)
  const known = knownValues(options)
  const request = readParsed(path, requestPackageCodec, maxRequest)
  if (asksCanary(request) && known === null)
    throw new WrongUse('OPTION-VALUE', `${path} asks for a canary: say what it was encrypted from, --value`)
  const { publicPath, files } = whereabouts(request, options)
  const pub = readPublicFile(publicPath)
  const holders = holderCards(pub, publicPath, { ...cardsOf(options), ...options })
  const identity = readIdentity(options.identity)
  const answers = await Promise.all(files.map((file) => answerAt(file, request, holders, identity)))
  const ciphertexts = seenAt(options.ciphertext).map(({ seen }) => seen)
  const read = accepted(combineAnswers({ request, pub, ciphertexts, holders, answers, known }))
  const salt = systemEntropy.bytes(16)
  const said = await signed(read, options, salt)
  const shown = read.values.map(String)
  return {
    exit: 0,
    json: {
      ok: true,
      result: options.out,
      ...said,
      values: shown,
      salt: toHex(salt),
      claim: read.claim,
      right: read.proved ?? said.outcome === 'combined',
    },
    text: [
      ...shown,
      read.claim,
      ...(read.proved === null ? [] : [verdict(read)]),
      `${options.out}  ${said.outcome}; keep the salt ${toHex(salt)} to show later what was read`,
    ].join('\n'),
  }
}

/** The public file and the answers, each named or out of the run's folder. Errors: USAGE, FILE-MISSING. */
function whereabouts({ request: { payload } }: RequestPackage, { run, ...options }: ResultOptions) {
  const publicPath = options.public ?? (run === undefined ? undefined : publicOfRun(run, payload))
  const files = options.answer?.map(withPart) ?? (run === undefined ? undefined : answersOfRun(run, payload))
  if (publicPath === undefined || files === undefined)
    throw new WrongUse('USAGE', 'name --public and every --answer, or the --run')
  return { publicPath, files }
}

const withPart = (answer: string): AnswerFiles => ({
  answer,
  sealed: answer.replace(/(\.json)?$/, '.age'),
})

const cardsOf = ({ run }: ResultOptions) => (run === undefined ? {} : { cards: join(run, 'cards') })

function verdict({ proved, outcome, cheaters }: ReadResult): string {
  if (proved === true) return 'as it was encrypted'
  const why =
    outcome === 'combined'
      ? `holders ${cheaters.join(', ')} compute with ANOTHER key`
      : 'NOT what was encrypted'
  return `${why}: the epoch must not go live`
}

/** Errors: REQUEST-ROLE, REQUEST-DOMAIN, those of the key file. */
async function signed(read: ReadResult, options: ResultOptions, salt: Uint8Array) {
  const { key } = await openOwnKey(options.key, options)
  try {
    const now = systemClock.now()
    const { said, bytes } = accepted(signResult(read, key, { now, salt }), { key: options.key })
    writeNew(options.out, bytes)
    return said
  } finally {
    key.identity.secret.wipe()
  }
}

/** The part that a holder's signed answer names. Errors: ANSWER-…, FILE-MISSING, SEAL-…. */
async function answerAt(
  { answer, sealed }: AnswerFiles,
  request: RequestPackage,
  holders: Parameters<typeof openHolderAnswer>[1],
  identity: string,
): Promise<OpenedAnswer> {
  const given = {
    answer: readBounded(answer, maxHolderAnswer),
    sealed: readBounded(sealed, maxHolderAnswer),
  }
  return accepted(await openHolderAnswer(request, holders, given, identity), { answer })
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
