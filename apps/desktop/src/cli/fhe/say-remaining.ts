import { wipe } from '@lux/crypto'
import { forgetShare, isIntegerKey, verifyShare } from '@lux/crypto/fhe'
import type { Command } from 'commander'
import { type CommandLine, refused } from '../shell/command-line.ts'
import { readPublicFile, readShareFile } from '../shell/fhe-files.ts'
import type { Outcome } from '../shell/output.ts'
import { inKeyFolder } from './key-child.ts'
import { writeLeft } from './remaining-budget.ts'
import { onlyInCeremony, onlyRehearsal } from './reshare.ts'

type LeftOptions = { public: string; share: string; rehearsal?: boolean; out: string }

export function registerFheLeft(group: Command, act: CommandLine['act']): void {
  group
    .command('left')
    .description('What a share may still answer, for those who move the key without its holder.')
    .requiredOption('--public <file>', 'public.bin of the present epoch')
    .requiredOption('--share <file>', 'the holder’s own share')
    .option('--rehearsal', 'required here: the share lies open in a file')
    .requiredOption('--out <dir>', 'a new folder')
    .action((options: LeftOptions) => act(() => inKeyFolder(options.out, () => sayLeft(options))))
    .addHelpText(
      'after',
      `
A bare share keeps no record of what it answered, so that all of its budget is said to be left.
Writes left-<q>.json, for "reshare", "refresh", "remove" and "next" as --left. A holder who says nothing counts as having spent
all, and the new shares may answer less for it.

Example:
  $ custody fhe left --public dealt/public.bin --share dealt/holder-2.bin --rehearsal --out said`,
    )
}

function sayLeft(options: LeftOptions): Outcome {
  onlyRehearsal(options)
  const share = readShareFile(options.share)
  try {
    const verified = verifyShare(share, readPublicFile(options.public))
    if (!verified.ok) throw refused(verified)
    const { share: parsed, pub } = verified.value
    forgetShare(parsed)
    const { header, budgets } = parsed
    if (header.domain === 'production') throw onlyInCeremony()
    const left = writeLeft(options.out, header, budgets)
    const { at64, at128 } = budgets
    return {
      exit: 0,
      json: { ok: true, holder: header.holder, left, budgets },
      text: isIntegerKey(pub) ? `${left}  ${at128} squashed blocks, ${at64} fresh ones` : left,
    }
  } finally {
    wipe(share)
  }
}
