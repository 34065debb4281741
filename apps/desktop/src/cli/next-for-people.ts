import { join } from 'node:path'
import type { Needs, RunView } from '@lux/ceremony'
import { awaitedWord } from '../core/run/awaited-word.ts'
import { bundleFile } from '../core/runs/effects/bundle.ts'
import { remedyFirst } from './exception-cause.ts'

type Around = { folder: string; files: readonly string[]; unanswered: boolean }

/** Who does what next, and with which command: for people. Programs read the files of DIR/out/. */
export function nextForPeople(view: RunView, around: Around): string[] {
  return [...statementLines(view, around), ...needLines(view, around)]
}

/** What holders of the old epoch who stay silent cost the new ones. */
function statementLines({ unstated, carried }: RunView, { folder, files }: Around): string[] {
  if (carried === null) return []
  const file = files.find((one) => one.endsWith('-epoch-approval.json')) ?? 'FILE'
  const into = join(folder, 'in', 'NAME.json')
  return [
    `${unstated.join(', ')} may still say what is left of their budgets, until the epoch is assembled. Who says nothing counts as`,
    `  having spent all: as it stands the new shares carry ${carried.carried} of ${carried.whole} parts of what all together would give them.`,
    `  custody holder approve-epoch ${file} --share SHARE --key KEY --policy POLICY --out ${into}`,
  ]
}

function needLines(view: RunView, { folder, files, unanswered }: Around): string[] {
  const { needs } = view
  const [file = 'FILE'] = files
  const into = join(folder, 'in')
  switch (needs?.kind) {
    case 'confirm':
    case 'values':
    case 'pin':
      return needs.kind === 'pin' && !unanswered ? pinLines(needs) : wordLines(view, needs)
    case 'signatures':
      return [
        `${needs.stillNeeded} more of ${needs.missing.join(', ')}, each on a device of their own:`,
        `  custody ${deviceCommand(needs.what)} ${file} --key KEY --out ${join(into, 'NAME.json')}`,
      ]
    case 'acknowledgements':
      return [
        `${needs.missing.join(', ')}, each on a device of their own, with what the file names:`,
        needs.next
          ? `  custody holder receive-next ${file} --key KEY --policy POLICY --out SHARE   (who stays: the renewed KEY)`
          : `  custody holder receive ENVELOPE.age --key KEY --policy POLICY --out SHARE`,
        `  custody holder prove SHARE --key KEY --policy POLICY --out ${join(into, 'NAME.json')}`,
      ]
    case 'receipt':
      return [
        'the server’s operator takes the bundle in and brings back what the server signed:',
        `  custody-server --state DIR import ${join(folder, bundleFile)} --out receipt.json`,
        `  custody ceremony receipt ${folder} receipt.json`,
      ]
    case 'exception': {
      const first = remedyFirst(view)
      return [
        ...(first === null ? [] : [`first: ${first}`]),
        'the administrator proposes what officers then sign, or aborts:',
        `  custody ceremony resume ${folder} --decide ${needs.choices.join('|')} --reason TEXT`,
      ]
    }
    default:
      return []
  }
}

function deviceCommand(what: Extract<Needs, { kind: 'signatures' }>['what']): string {
  if (what === 'checkpoint') return 'witness cosign'
  return what === 'decryption-approval' ? 'approver approve' : 'officer approve'
}

/** The very entry that an answers file lacks. */
function wordLines(view: RunView, needs: Extract<Needs, { kind: 'confirm' | 'values' | 'pin' }>): string[] {
  const { step, bundle } = awaitedWord(view, needs)
  const values = needs.kind === 'confirm' ? [] : needs.values
  const entry = {
    step,
    by: needs.names[0] ?? '',
    ...(values.length === 0 ? {} : { values: Object.fromEntries(values.map(({ id }) => [id, '…'])) }),
    ...(bundle === null ? {} : { bundle }),
  }
  const who = needs.names.length > 1 ? `one of ${needs.names.join(', ')}` : needs.names.join('')
  const aloud = bundle === null ? '' : ', once the digest was read aloud'
  return [
    `the word of ${who}${aloud}, as an entry of the answers file (--answers FILE):`,
    `  ${JSON.stringify(entry)}`,
  ]
}

function pinLines({ pins }: Extract<Needs, { kind: 'pin' }>): string[] {
  const whose = pins.map(
    ({ user, token }) => `the ${user === 'so' ? 'SO' : 'user'} PIN of the token ${token}`,
  )
  return [
    `${whose.join(' and ')}, for which there is no terminal here: resume at one, or name a file of mode 0600`,
    '  by pin-source=file:/PATH in the token’s URI, --pin-file or --so-pin-file',
  ]
}
