import { sha256Hex } from '@lux/crypto'
import type { Admission } from '@lux/crypto/fhe'
import { readBounded } from '@lux/node-files'
import { prepareProvenance, provenanceToSign, signProvenance } from '@lux/people'
import type { Command } from 'commander'
import { systemClock } from '../../core/system.ts'
import { accepted } from '../shell/accepted.ts'
import { type CommandLine, severalOf } from '../shell/command-line.ts'
import { readPublicFile, seenAt } from '../shell/fhe-files.ts'
import { mustBeNew, writeNew } from '../shell/files.ts'
import { openOwnKey } from '../shell/key-input.ts'
import { type Outcome, say } from '../shell/output.ts'
import { type PassphraseOptions, withPassphrase } from '../shell/secret-input.ts'
import { WrongUse } from '../shell/wrong-use.ts'

type SignOptions = PassphraseOptions & {
  public: string
  ciphertext: string[]
  program: string
  input: string[]
  key: string
  out: string
}

const maxInput = 1 << 28

export function registerFheProvenance(group: Command, act: CommandLine['act']): void {
  const provenance = group.command('provenance').description('Vouch for where ciphertexts come from.')
  withPassphrase(
    provenance
      .command('sign')
      .description(
        'Sign for ciphertexts of one type that you computed and squashed (evaluator) or encrypted (encryptor).',
      )
      .requiredOption('--public <file>', 'public.bin of the key')
      .requiredOption(
        '--ciphertext <file>',
        'of one type, squashed for an evaluator, fresh for an encryptor; or a folder of them, by name',
        severalOf,
      )
      .requiredOption('--program <text>', 'what was computed: a name and version, or a digest of the code')
      .requiredOption(
        '--input <how:by:file>',
        'what went in: how it was admitted (proof, signature, client-key), who brought it, the file',
        severalOf,
      )
      .requiredOption('--key <file>', 'your key file: evaluator or encryptor')
      .requiredOption('--out <file>', 'a new file'),
  )
    .action((options: SignOptions) => act(() => sign(options)))
    .addHelpText(
      'after',
      `
Fresh ciphertexts keep 40 bits of hiding noise at 2 of 3 holders when the client key made them, and 32 when the compact
public key did: production answers only the former, so say client-key only where it is true.
Whoever signs here can take the whole key by signing for a forged ciphertext: admit inputs only with a proof that
verifies, or with an encryptor’s signature; never a bare list.

Example:
  $ custody fhe provenance sign --public fhe/public.bin --ciphertext sum.bin --program "sum 1.0" \\
      --input signature:Ann:a.bin --input signature:Ben:b.bin --key eva.key --out sum.provenance.json`,
    )
}

/** Errors: REQUEST-ROLE, REQUEST-DOMAIN, FHE-TYPE-MIXED, FHE-PROVENANCE, FHE-PROVENANCE-MODE, those of the key file. */
async function sign(options: SignOptions): Promise<Outcome> {
  mustBeNew(options.out)
  const asked = accepted(
    provenanceToSign({
      pub: readPublicFile(options.public),
      ciphertexts: seenAt(options.ciphertext).map(({ seen }) => seen),
      program: options.program,
      inputs: options.input.map(inputOf),
    }),
  )
  const { key } = await openOwnKey(options.key, options)
  try {
    const prepared = accepted(
      prepareProvenance(asked, key),
      { key: options.key },
      {
        'REQUEST-ROLE': 'name an evaluator’s or encryptor’s key',
        'FHE-PROVENANCE-MODE':
          asked.mode === 'F' ? 'squash the noise first' : 'leave computed ones to their evaluator',
      },
    )
    for (const line of [...prepared.lines, ...prepared.warnings]) say(line)
    const { said, digest, bytes } = accepted(signProvenance(prepared, systemClock.now()))
    writeNew(options.out, bytes)
    const { type, mode } = said
    return {
      exit: 0,
      json: { ok: true, provenance: options.out, digest, ...said },
      text: `${options.out}  ${digest}\n${key.card.name} vouches for ${asked.ciphertexts.length} ciphertexts of type ${type}, mode ${mode}`,
    }
  } finally {
    key.identity.secret.wipe()
  }
}

function inputOf(text: string): { digest: string; admitted: Admission; by: string } {
  const [, admitted, by, path] = text.match(/^(proof|signature|client-key):([^:]+):(.+)$/) ?? []
  if ((admitted !== 'proof' && admitted !== 'signature' && admitted !== 'client-key') || !by || !path)
    throw new WrongUse(
      'OPTION-INPUT',
      `--input ${text}: expected how:by:file, how being proof, signature or client-key`,
    )
  return { digest: sha256Hex(readBounded(path, maxInput)), admitted, by }
}
