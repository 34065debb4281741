import { requestDigest, requestPackageCodec } from '@lux/ceremony/wire'
import { fromHex } from '@lux/crypto'
import { fheThresholdDecrypt } from '@lux/crypto/fhe'
import type { Command } from 'commander'
import { checkApprovedRequest } from '../request/approval.ts'
import { holderCards, openPartial } from '../request/combiner.ts'
import { type CommandLine, refused, severalOf } from '../shell/command-line.ts'
import { ciphertextsAt, readPublicFile, valuesJson } from '../shell/fhe-files.ts'
import { readParsed } from '../shell/files.ts'
import type { Outcome } from '../shell/output.ts'
import { WrongUse } from '../shell/wrong-use.ts'

type CombineOptions = {
  public: string
  ciphertext: string[]
  identity?: string
  request?: string
  policy?: string
  card?: string[]
  cards?: string
}

const maxRequest = 16 << 20

export function registerFheCombine(group: Command, act: CommandLine['act']): void {
  group
    .command('combine')
    .argument('<partial...>', 'answers of at least T holders, .prt or sealed .age')
    .description('Put holders’ answers together to the plaintext.')
    .requiredOption('--public <file>', 'public.bin of their epoch')
    .requiredOption('--ciphertext <file>', 'the same, in the same order', severalOf)
    .option(
      '--identity <file>',
      'the combiner’s age identity (AGE-SECRET-KEY-PQ-…), mode 0600, to open sealed answers',
    )
    .option('--request <file>', 'the request that they answer')
    .option('--policy <file>', 'the policy that you took by hand: checks the request against it')
    .option(
      '--cards <dir>',
      'with --policy or --request: the holders’ cards; ../cards from public.bin by default, found by roster.json beside it',
    )
    .option('--card <file>', 'the cards of all holders in order, where there is no roster.json', severalOf)
    .action((partials: string[], options: CombineOptions) => act(() => combine(partials, options)))
    .addHelpText(
      'after',
      `
What it says depends on how many answered, T being the quorum: with T answers the value is not verified against a
malicious holder; with 2T-1 it is verified against any T-1; with 3T-2 wrong answers are corrected and their holders
named, which holds if at most T-1 cheat. Answers that disagree below that give no value: FHE-INCONSISTENT, exit 1.
"Verified" is about the holders, not about the ciphertext: whether it is of this key, and honestly made, its provenance says.
Another key’s gives no value as a rule (FHE-PADDING, FHE-BOOL-RANGE, FHE-NOISE), but the fewer blocks it has the more often
one comes out all the same: of booleans about one in twenty.
As JSON: {"type", "value" (a string), "verified", "cheaters", "claim"}, and "results" where there are several.

Without --request only bare rehearsal answers are taken. With it every answer must be signed by its holder, to that very
request; with --policy the request itself must be one that the policy allows, with all its approvals.

Examples:
  $ custody fhe combine 1.prt 3.prt --public dealt/public.bin --ciphertext answer.bin
  $ custody fhe combine answer-1.age answer-3.age --public run/fhe/public.bin --ciphertext sum.bin \\
      --identity combiner.identity --request request.json --policy policy.json`,
    )
}

/** Errors: FHE-INCONSISTENT and the other FHE- rules, REQUEST-…, POLICY-…, SEAL-…, CARD-…. */
async function combine(paths: readonly string[], options: CombineOptions): Promise<Outcome> {
  if (options.policy !== undefined && options.request === undefined)
    throw new WrongUse('OPTION-REQUEST', '--policy says who may ask: name the --request too')
  const pub = readPublicFile(options.public)
  const request =
    options.request === undefined ? null : readParsed(options.request, requestPackageCodec, maxRequest)
  if (request !== null && options.policy !== undefined)
    checkApprovedRequest(request, options.policy, { answered: true })
  const signed = request !== null || options.card !== undefined
  const holders = signed ? holderCards(pub, options.public, options).map(({ keys }) => keys) : null
  const partials = await Promise.all(paths.map((path) => openPartial(path, options.identity)))
  const combined = fheThresholdDecrypt({
    pub,
    ciphertexts: ciphertextsAt(options.ciphertext),
    partials,
    ...(request === null ? {} : { requestDigest: fromHex(requestDigest(request.request.payload), 32) }),
    ...(holders === null ? {} : { holders }),
  })
  if (!combined.ok) throw refused(combined, remedyOf(combined.rule))
  const { types, values, verified, cheaters, claim } = combined.value
  const results = valuesJson(types, values)
  return {
    exit: 0,
    json: {
      ok: true,
      ...(results.length === 1 ? Object(results[0]) : {}),
      results,
      verified,
      cheaters,
      claim,
    },
    text: [...values.map((value, i) => `${types[i]}  ${value}`), claim].join('\n'),
  }
}

function remedyOf(rule: string): string | undefined {
  switch (rule) {
    case 'FHE-PARTIALS-FEW':
      return 'ask more holders'
    case 'FHE-INCONSISTENT':
      return 'ask more holders: 3T-2 answers correct up to T-1 wrong ones'
    case 'FHE-PADDING':
    case 'FHE-BOOL-RANGE':
      return 'check that ciphertext and answers are of one key and epoch; if they are, an answer is wrong, which so few do not show: ask more holders, 3T-2 correct up to T-1 wrong ones; or the ciphertext has noise beyond the bound'
    default:
      return undefined
  }
}
