import {
  type DecryptionRequest,
  digestOfBatch,
  provenanceCodec,
  type RequestPackage,
  requestDigest,
  requestPackageCodec,
  serverCardCodec,
} from '@lux/ceremony/wire'
import { isSealRecipient, toHex } from '@lux/crypto'
import { checkCarrying, parsePublic, type SeenCiphertext, typeName } from '@lux/crypto/fhe'
import { ExpectedError } from '@lux/node-files'
import {
  checkAskable,
  checkAskedMode,
  checkRequestSigner,
  describeRequest,
  type RequestSigner,
  signDecryptionRequest,
} from '@lux/people'
import type { Command } from 'commander'
import { systemEntropy } from '../../core/system.ts'
import { readTrustedPolicy } from '../policy/trusted-policy.ts'
import { accepted } from '../shell/accepted.ts'
import { type CommandLine, count, refused, severalOf } from '../shell/command-line.ts'
import { readPublicFile, seenAt } from '../shell/fhe-files.ts'
import { mustBeNew, readParsed, wordLines, wordsOf, writeNew } from '../shell/files.ts'
import { openOwnKey } from '../shell/key-input.ts'
import { type Outcome, say } from '../shell/output.ts'
import { type PassphraseOptions, withPassphrase } from '../shell/secret-input.ts'
import { mustAgree } from '../shell/terminal.ts'
import { WrongUse } from '../shell/wrong-use.ts'
import { checkApprovedRequest } from './approval.ts'
import { requestText, uncheckedText } from './lines.ts'
import { registerRequestResult } from './result.ts'
import { askedOfRun } from './run-folder.ts'

type NewOptions = {
  public?: string
  run?: string
  ciphertext: string[]
  provenance: string[]
  what?: string
  purpose: string
  requester: string
  combiner: string
  policy?: string
  hours: number
  out: string
}
type SignOptions = PassphraseOptions & { key: string; out: string; yes?: boolean }
type KeyOptions = { policy: string; public: string }
type ShowOptions = { policy?: string }

const maxRequest = 16 << 20
const millisecondsPerHour = 3_600_000
const mostHours = 8760

export function registerRequest({ program, act }: CommandLine): void {
  const group = program
    .command('request')
    .description('Ask share holders for a decryption: new, sign, approve, show, result.')
  group
    .command('new')
    .description(
      'Write a request for the decryption of ciphertexts that an evaluator or encryptor vouches for.',
    )
    .option('--public <file>', 'public.bin of the key’s present epoch')
    .option(
      '--run <dir>',
      'of a ceremony that waits for the request: its public.bin, and what its plan asks for',
    )
    .requiredOption('--ciphertext <file>', 'all squashed, or all fresh; or a folder of them', severalOf)
    .requiredOption('--provenance <file>', 'the signed statements where they come from', severalOf)
    .option('--what <text>', 'what is decrypted, in words')
    .requiredOption('--purpose <text>', 'what for')
    .requiredOption('--requester <name>', 'who asks, as on the card')
    .requiredOption('--combiner <age1pq1…|server-card.json>', 'who opens the answers')
    .option('--policy <file>', 'the key’s policy: everything that holders check by it is checked now')
    .option('--hours <n>', 'how long it may be answered', count('--hours', mostHours, 1), 72)
    .requiredOption('--out <request.json>', 'a new file')
    .action((options: NewOptions) => act(() => makeRequest(options)))
    .addHelpText(
      'after',
      `
The ciphertexts travel beside it as they are: 66 KB for each 4 bits of a squashed one (37 KB where the policy has them
rounded: custody fhe carry), 16.5 KB for each 2 bits of a fresh one.

Example:
  $ custody request new --public fhe/public.bin --ciphertext sum.bin --provenance sum.provenance.json \\
      --what "the sum of May" --purpose "monthly report" --requester "Rita" --combiner server-card.json --out request.json`,
    )
  signing(group, 'sign', 'Sign a request as its requester.').action((path: string, options: SignOptions) =>
    act(() => signRequest(path, 'requester', options)),
  )
  signing(group, 'approve', 'Approve a request, as one of the policy’s approvers.', ...approving)
    .requiredOption('--policy <file>', 'the policy that you took by hand')
    .requiredOption('--public <file>', 'public.bin of the key’s present epoch')
    .action((path: string, options: SignOptions & KeyOptions) =>
      act(() => signRequest(path, 'approver', options)),
    )
  group
    .command('show')
    .argument('<request>', 'request.json')
    .description('Show a request line by line, and say which lines are proved and which are claimed.')
    .option('--policy <file>', 'the policy that you took by hand: checks all signatures against it')
    .action((path: string, options: ShowOptions) => act(() => show(path, options)))
    .addHelpText('after', '\nExample:\n  $ custody request show request.json --policy policy.json')
  registerRequestResult(group, act)
}

const approving = ['--policy policy.json', '--public run/fhe/public.bin']

function signing(group: Command, verb: string, description: string, ...more: string[]): Command {
  return withPassphrase(
    group
      .command(verb)
      .argument('<request>', 'request.json')
      .description(description)
      .requiredOption('--key <file>', 'your key file')
      .requiredOption('--out <request.json>', 'the request with your signature, a new file')
      .option('--yes', 'do not ask at the terminal: for scripts; a person has read and compared everything'),
  ).addHelpText(
    'after',
    `\nExample:\n  $ custody request ${[verb, 'request.json', ...more].join(' ')} --key my.key --out signed.json`,
  )
}

/** Errors: PROVENANCE-MALFORMED, REQUEST-PROVENANCE, REQUEST-MALFORMED, OPTION-COMBINER, POLICY-…, FHE-…. */
async function makeRequest(options: NewOptions): Promise<Outcome> {
  mustBeNew(options.out)
  const asked = options.run === undefined ? null : askedOfRun(options.run)
  const publicPath = options.public ?? asked?.public
  const what = options.what ?? asked?.what
  if (publicPath === undefined || what === undefined)
    throw new WrongUse('USAGE', 'name --public and --what, or the --run that waits for the request')
  const pub = readPublicFile(publicPath)
  const { header } = parsePublic(pub)
  const documents = options.provenance.map((path) => readParsed(path, provenanceCodec.file))
  const files = seenAt(options.ciphertext)
  const width = files[0]?.seen.width
  if (files.some(({ seen }) => seen.width !== width))
    throw new ExpectedError('FHE-WIDTH-MIXED', 'ciphertexts of 64 and of 128 bits in one request')
  const vouched = vouchedFor(files, documents)
  const policy = options.policy === undefined ? null : readTrustedPolicy(options.policy)
  const carried = checkCarrying(
    files.map(({ seen }) => seen),
    policy?.fhe.carrying ?? 'never',
  )
  if (!carried.ok)
    throw refused(
      carried,
      carried.rule === 'FHE-CARRY-ROUNDED'
        ? 'ask with the ciphertext as it was squashed, or name the --policy that has it rounded'
        : 'round it first: custody fhe carry',
    )
  const payload: DecryptionRequest = {
    ...vouched.asked,
    kind: 'decryption-request',
    domain: header.domain,
    requestId: toHex(systemEntropy.bytes(16)),
    keyId: toHex(header.keyId),
    epochId: toHex(header.epochId),
    mode: width === 64 ? 'F' : 'S',
    what,
    purpose: options.purpose,
    requester: options.requester,
    combiner: await combinerOf(options.combiner),
    expiry: new Date(Date.now() + options.hours * millisecondsPerHour).toISOString(),
    budget: files.reduce((sum, { seen }) => sum + seen.blockCount, 0),
    nonce: toHex(systemEntropy.bytes(16)),
  }
  const given = requestPackageCodec.check({
    request: { payload, signatures: [] },
    approvals: [],
    ...vouched.beside,
  })
  if (!given.ok) throw refused(given, 'give plain text, each ciphertext once')
  const now = new Date().toISOString()
  accepted(
    policy === null
      ? checkAskedMode(payload.mode, pub, null)
      : checkAskable(given.value, { policy, pub, now }, 'unsigned'),
    { request: options.out },
  )
  return written(options.out, given.value)
}

type Seen = { readonly path: string; readonly seen: SeenCiphertext }
type Vouching = RequestPackage['provenance'][number]

/** What is asked for, by the version of the provenance: each ciphertext, or whole batches one after the other. Errors: REQUEST-PROVENANCE. */
function vouchedFor(files: readonly Seen[], documents: readonly Vouching[]) {
  return documents.some(({ payload }) => payload.v === 2)
    ? batchesOf(files, documents)
    : listOf(files, documents)
}

function listOf(files: readonly Seen[], documents: readonly Vouching[]) {
  const chosen = files.map(({ path, seen }) => {
    const digest = toHex(seen.digest)
    const document = documents.find(({ payload }) => payload.v === 1 && payload.ciphertexts.includes(digest))
    if (document === undefined) throw new ExpectedError('REQUEST-PROVENANCE', `nobody vouches for ${path}`)
    return {
      document,
      entry: { digest, type: typeName(seen), provenance: provenanceCodec.payload.digest(document.payload) },
    }
  })
  return {
    asked: { v: 1, ciphertexts: chosen.map(({ entry }) => entry) } as const,
    beside: { provenance: [...new Set(chosen.map(({ document }) => document))] },
  }
}

function batchesOf(files: readonly Seen[], documents: readonly Vouching[]) {
  let next = 0
  const batches = documents.map(({ payload }) => {
    if (payload.v === 1)
      throw new ExpectedError('REQUEST-PROVENANCE', 'a batch, and ciphertexts that are listed: ask twice')
    const own = files.slice(next, next + payload.batch.count)
    next += payload.batch.count
    const digests = own.map(({ seen }) => toHex(seen.digest))
    if (digestOfBatch(digests) !== payload.batch.digest)
      throw new ExpectedError(
        'REQUEST-PROVENANCE',
        `${own[0]?.path ?? 'no file'} and those after it are not the ${payload.batch.count} of the batch, in its order`,
      )
    const { type } = payload
    return { digests, batch: { type, ...payload.batch, provenance: provenanceCodec.payload.digest(payload) } }
  })
  const more = files[next]
  if (more !== undefined) throw new ExpectedError('REQUEST-PROVENANCE', `nobody vouches for ${more.path}`)
  return {
    asked: { v: 2, batches: batches.map(({ batch }) => batch) } as const,
    beside: { provenance: [...documents], batches: batches.map(({ digests }) => digests) },
  }
}

async function combinerOf(text: string): Promise<string> {
  if (await isSealRecipient(text)) return text
  if (text.startsWith('age1'))
    throw new WrongUse('OPTION-COMBINER', `--combiner ${text}: not an age1pq1… recipient`)
  return readParsed(text, serverCardCodec).combinerRecipient
}

/** Errors: of an approver those of `checkAskable`; REQUEST-MALFORMED, REQUEST-ROLE, REQUEST-SIGNED, REQUEST-DECLINED, those of the key file. */
async function signRequest(
  path: string,
  kind: RequestSigner,
  options: SignOptions & Partial<KeyOptions>,
): Promise<Outcome> {
  mustBeNew(options.out)
  const given = readParsed(path, requestPackageCodec, maxRequest)
  const { payload } = given.request
  if (options.policy !== undefined && options.public !== undefined) {
    const [policy, pub] = [readTrustedPolicy(options.policy), readPublicFile(options.public)]
    const now = new Date().toISOString()
    accepted(checkAskable(given, { policy, pub, now }, 'signed'), { request: path })
  }
  const { key } = await openOwnKey(options.key, options)
  try {
    accepted(
      checkRequestSigner(kind, given, key),
      { key: options.key },
      {
        'REQUEST-DOMAIN': `name a key of ${payload.domain}`,
        key: `name a key of kind ${kind}`,
      },
    )
    for (const line of uncheckedText(given)) say(line)
    for (const line of wordLines(wordsOf(requestDigest(payload)))) say(line)
    await mustAgree('Is this what you want to sign?', { domain: payload.domain, yes: options.yes })
    return written(options.out, accepted(signDecryptionRequest(kind, given, key)))
  } finally {
    key.identity.secret.wipe()
  }
}

/** With a policy: the errors of `checkDecryptionRequest`, except for budgets, which only a holder knows. */
function show(path: string, options: ShowOptions): Outcome {
  const given = readParsed(path, requestPackageCodec, maxRequest)
  const { payload } = given.request
  const approvedBy = options.policy === undefined ? null : checkApprovedRequest(given, options.policy)
  const digest = requestDigest(payload)
  return {
    exit: 0,
    json: { ok: true, digest, checked: approvedBy !== null, approvedBy: approvedBy ?? [], request: payload },
    text: [
      ...requestText(given, describeRequest(given, approvedBy)),
      `digest     ${digest}`,
      ...wordLines(wordsOf(digest)),
    ].join('\n'),
  }
}

function written(out: string, given: RequestPackage): Outcome {
  writeNew(out, requestPackageCodec.encode(given))
  const digest = requestDigest(given.request.payload)
  const { requestId, budget, expiry } = given.request.payload
  return {
    exit: 0,
    json: { ok: true, request: out, requestId, digest, budget, expiry, approvals: given.approvals.length },
    text: [
      `${out}  ${budget} blocks, until ${expiry}`,
      `digest  ${digest}`,
      ...wordLines(wordsOf(digest)),
    ].join('\n'),
  }
}
