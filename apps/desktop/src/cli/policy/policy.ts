import type { Domain } from '@lux/ceremony'
import { takeSeat } from '@lux/ceremony/plan'
import {
  checkNewPolicy,
  checkPolicy,
  checkSuccessor,
  encodePolicyFile,
  expiryWarnings,
  newPolicy,
  type Policy,
  type PolicyFile,
  policyDigest,
  policyDocument,
  withChanges,
} from '@lux/ceremony/policy'
import { type Card, cardNameFault, newest, type Version } from '@lux/ceremony/wire'
import { identityId } from '@lux/crypto'
import { ExpectedError, readBounded, writeInFolder } from '@lux/node-files'
import { describePolicy, policyToSign, preparePolicy, signPolicy } from '@lux/people'
import { systemClock } from '../../core/system.ts'
import { accepted } from '../shell/accepted.ts'
import { type CommandLine, count, refused, severalOf } from '../shell/command-line.ts'
import {
  domainOption,
  mustBeNew,
  readCard,
  readPolicy,
  readServerCard,
  wordsOf,
  writeNew,
} from '../shell/files.ts'
import { openOwnKey } from '../shell/key-input.ts'
import { type Outcome, say } from '../shell/output.ts'
import { type PassphraseOptions, withPassphrase } from '../shell/secret-input.ts'
import { mustAgree } from '../shell/terminal.ts'
import { WrongUse } from '../shell/wrong-use.ts'
import { attestationRootOf, combinersOf, evidenceOption, expiryOption } from './options.ts'
import { maxPolicy } from './trusted-policy.ts'

type NewOptions = {
  organisation: string
  organisationName: string
  domain: Domain
  expiry: string
  officer: string[]
  quorum: number
  witness?: string[]
  witnessQuorum: number
  approver?: string[]
  approverThreshold: number
  requester?: string[]
  evaluator?: string[]
  encryptor?: string[]
  server?: string[]
  combiner?: string[]
  softTokens?: boolean
  acceptTool?: string[]
  oldestCard?: Version
  carried?: boolean
  leastEvidence?: Policy['leastEvidence']
  attestationRoot?: string[]
  previous?: string
  reason?: string
  out: string
}
type SignOptions = PassphraseOptions & { key: string; out?: string; yes?: boolean }

export function registerPolicy({ program, act }: CommandLine): void {
  const group = program
    .command('policy')
    .description('The one file in which everybody’s trust begins: new, show, sign, check.')
  group
    .command('new')
    .description('Write an unsigned policy from the cards of the people it names.')
    .requiredOption('--organisation <id>', 'the organisation’s id')
    .requiredOption('--organisation-name <name>', 'the organisation’s name')
    .requiredOption('--domain <domain>', 'production or rehearsal', domainOption)
    .requiredOption(
      '--expiry <time>',
      'a run that opens later is refused: YYYY-MM-DD, or with a time in UTC',
      expiryOption,
    )
    .requiredOption('--officer <card>', 'cards of the crypto officers', severalOf)
    .requiredOption('--quorum <k>', 'how many officers sign', count('--quorum', 32))
    .option('--witness <card>', 'cards of the witnesses', severalOf)
    .option('--witness-quorum <k>', 'how many witnesses cosign', count('--witness-quorum', 32), 0)
    .option('--approver <card>', 'cards of those who approve decryptions', severalOf)
    .option('--approver-threshold <k>', 'how many approve one', count('--approver-threshold', 32), 0)
    .option(
      '--requester <card>',
      'cards of those who may ask for decryptions, besides the servers',
      severalOf,
    )
    .option('--evaluator <card>', 'cards of those who vouch for ciphertexts', severalOf)
    .option('--encryptor <card>', 'cards of those who sign inputs', severalOf)
    .option('--server <name=card>', 'servers that may import, each as NAME=card.json', severalOf)
    .option('--combiner <name=recipient>', 'who opens holders’ answers, besides the servers', severalOf)
    .option('--soft-tokens', 'allow keys in software tokens (SoftHSM)')
    .option(
      '--least-evidence <level>',
      'lowest evidence: E0 to E3 for every class of key, or ceremony=E2,root=E2 (others E1)',
      evidenceOption,
    )
    .option(
      '--attestation-root <name=format:file>',
      'vendors’ root certificates that may vouch for keys',
      severalOf,
    )
    .option('--accept-tool <build>', 'accepted builds of this tool', severalOf)
    .option(
      '--oldest-card <version>',
      'oldest version of people’s cards that is accepted, holders’ and custodians’ too; later policies keep it or raise it',
      count('--oldest-card', newest, 1),
    )
    .option('--carried', 'all squashed ciphertexts are rounded for carrying; without it none may be')
    .option(
      '--previous <policy.json>',
      'the version that this one follows; whoever comes and leaves since then is listed in it',
    )
    .option('--reason <text>', 'why they come and leave')
    .requiredOption('--out <policy.json>', 'a new file')
    .action((options: NewOptions) => act(() => makePolicy(options)))
    .addHelpText(
      'after',
      `
Example:
  $ custody policy new --organisation acme --organisation-name "Acme Ltd" --domain production --expiry 2027-12-31 \\
      --officer ada.json --officer bob.json --officer eve.json --quorum 2 \\
      --witness wim.json --witness zoe.json --witness-quorum 2 \\
      --server main=server-card.json --out policy.json`,
    )
  group
    .command('show')
    .argument('<file>', 'policy.json')
    .description('Show everything that a policy says, and its fingerprint as words.')
    .action((file: string) => act(() => showPolicy(file)))
    .addHelpText('after', '\nExample:\n  $ custody policy show policy.json')
  const sign = group
    .command('sign')
    .argument('<file>', 'policy.json')
    .description('An officer’s own device: show the policy, then add the officer’s signature.')
    .requiredOption('--key <file>', 'the officer’s key file')
    .option('--out <file>', 'a new file; without it the signature is added to the policy’s own file')
    .option('--yes', 'do not ask at the terminal: for scripts')
  withPassphrase(sign)
    .action((file: string, options: SignOptions) => act(() => signPolicyFile(file, options)))
    .addHelpText('after', '\nExample:\n  $ custody policy sign policy.json --key ada.key')
  group
    .command('check')
    .argument('<files...>', 'one policy, or several versions in their order')
    .description(
      'Check sense, signatures and quorum; of several versions also that each may follow the one before.',
    )
    .action((files: string[]) => act(() => checkPolicies(files)))
    .addHelpText(
      'after',
      '\nExamples:\n  $ custody policy check policy.json\n  $ custody policy check policy-1.json policy-2.json',
    )
}

/** Errors: CARD-DOMAIN, CARD-KIND, CARD-RENEWAL and those of `checkNewPolicy`. */
async function makePolicy(options: NewOptions): Promise<Outcome> {
  mustBeNew(options.out)
  const cards = (kind: Card['kind'], paths: readonly string[] = []) =>
    paths.map((path) => cardOf(kind, path, options.domain))
  const previous = options.previous === undefined ? null : readPolicy(options.previous).policy
  const oldest = previous?.oldest?.card ?? 1
  const card = options.oldestCard ?? oldest
  if (card < oldest)
    throw new ExpectedError(
      'POLICY-OLDEST',
      `--oldest-card ${card}: the version before accepts ${oldest} or later`,
    )
  const roots = (options.attestationRoot ?? []).map(attestationRootOf)
  const made = newPolicy({
    organisation: { id: options.organisation, name: options.organisationName },
    domain: options.domain,
    expiry: options.expiry,
    officers: cards('officer', options.officer),
    officerQuorum: options.quorum,
    witnesses: cards('witness', options.witness),
    witnessQuorum: options.witnessQuorum,
    approvers: cards('approver', options.approver),
    approverThreshold: options.approverThreshold,
    requesters: cards('requester', options.requester),
    evaluators: cards('evaluator', options.evaluator),
    encryptors: cards('encryptor', options.encryptor),
    servers: (options.server ?? []).map((pair) => serverOf(pair, options.domain)),
    combiners: await combinersOf(options.combiner),
    oldest: { card, run: newest },
    softTokens: options.softTokens ?? false,
    acceptedTools: options.acceptTool ?? [],
    ...(options.carried === true ? { carrying: 'always' } : {}),
    ...(previous === null ? {} : { version: previous.version + 1, previous: policyDigest(previous) }),
    ...(options.leastEvidence === undefined ? {} : { leastEvidence: options.leastEvidence }),
    ...(roots.length === 0 ? {} : { attestationRoots: roots }),
  })
  const policy = previous === null ? made : withChanges(previous, made, options.reason ?? '')
  const shape = policyDocument.payload.check(policy)
  if (!shape.ok) throw refused(shape, 'correct the option that is named')
  const sense = checkNewPolicy(policy)
  if (!sense.ok) throw refused(sense, wayOut(sense.rule))
  writeNew(options.out, encodePolicyFile({ policy, signatures: [] }))
  const lines = [
    `${options.out}: not signed yet`,
    ...describePolicy(policy),
    `next: custody policy sign ${options.out} --key KEY`,
  ]
  return {
    exit: 0,
    json: { ok: true, file: options.out, ...facts({ policy, signatures: [] }) },
    text: lines.join('\n'),
  }
}

function showPolicy(path: string): Outcome {
  const file = readPolicy(path)
  const { signed } = facts(file)
  const text = [
    ...describePolicy(file.policy),
    `signed by       ${signed.length === 0 ? 'nobody' : signed.join(', ')} (not checked here: custody policy check)`,
  ]
  return {
    exit: 0,
    json: { ok: true, file: path, ...facts(file), policy: file.policy },
    text: text.join('\n'),
  }
}

const wayOut = (rule: string) =>
  rule === 'POLICY-TOOL'
    ? 'name the build of a package with --accept-tool: its own “custody version” says it'
    : 'correct the people or the counts'

/** Errors: POLICY-…, REQUEST-DOMAIN, SIGNATURE-DUPLICATE, REQUEST-DECLINED, those of the key file. */
async function signPolicyFile(path: string, options: SignOptions): Promise<Outcome> {
  if (options.out !== undefined) mustBeNew(options.out)
  const asked = accepted(
    policyToSign(readBounded(path, maxPolicy)),
    { policy: path },
    { policy: 'sign nothing; the policy has to be made anew' },
  )
  const { key } = await openOwnKey(options.key, options)
  try {
    const prepared = accepted(preparePolicy(asked, key, systemClock.now()))
    for (const line of [...prepared.lines, ...prepared.warnings]) say(line)
    await mustAgree('Is this the policy that you want to sign?', {
      domain: asked.file.policy.domain,
      yes: options.yes,
    })
    const { policy, file, bytes } = signPolicy(prepared)
    const out = options.out ?? path
    writeInFolder(out, bytes, 0o644)
    const text = `signed by ${key.card.name}: ${out}, ${file.signatures.length} of ${policy.officerQuorum} signatures`
    return { exit: 0, json: { ok: true, file: out, by: key.card.name, ...facts(file) }, text }
  } finally {
    key.identity.secret.wipe()
  }
}

/** Errors: those of `checkPolicy` and `checkSuccessor`, with the file’s name. Warns of a newest version that has expired. */
function checkPolicies(paths: readonly string[]): Outcome {
  const versions: Policy[] = []
  const checked: object[] = []
  const lines: string[] = []
  for (const path of paths) {
    const file = readPolicy(path)
    const before = versions.at(-1)
    const result = before === undefined ? checkPolicy(file) : checkSuccessor(before, file)
    if (!result.ok) throw new ExpectedError(result.rule, `${path}: ${result.detail}`)
    versions.push(result.value)
    checked.push({ file: path, ...facts(file) })
    lines.push(`${path}: in order`, ...describePolicy(result.value))
  }
  const last = versions.at(-1)
  const warnings = last === undefined ? [] : expiryWarnings(last, systemClock.now())
  for (const warning of warnings) say(warning)
  return { exit: 0, json: { ok: true, policies: checked, warnings }, text: lines.join('\n') }
}

function facts({ policy, signatures }: PolicyFile) {
  const digest = policyDigest(policy)
  const names = new Map(policy.officers.map(({ keys, name }) => [identityId(keys), name]))
  const signed = signatures.map(({ signer }) => names.get(signer) ?? signer)
  const { version, domain, officerQuorum } = policy
  return { version, domain, digest, words: wordsOf(digest), officerQuorum, signed }
}

/** A person's card, by the rules of the window's set-up. */
function cardOf(kind: Card['kind'], path: string, domain: Domain): Card {
  const card = readCard(path)
  const seat = takeSeat([], card, { domain, kind })
  if (!seat.ok) throw new ExpectedError(seat.rule, `${path}: ${seat.detail}`)
  const ill = cardNameFault(card)
  if (ill !== null) throw new ExpectedError('CARD-NAME', `${path}: ${ill}`)
  return card
}

function serverOf(pair: string, domain: Domain) {
  const at = pair.indexOf('=')
  if (at < 1) throw new WrongUse('OPTION-SERVER', `--server ${pair}: expected NAME=card.json`)
  const path = pair.slice(at + 1)
  const card = readServerCard(path)
  if (card.domain !== domain)
    throw new ExpectedError('CARD-DOMAIN', `${path} is a card of ${card.domain}, not of ${domain}`)
  return { name: pair.slice(0, at), card }
}
