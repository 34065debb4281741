import type { AtHolders } from './awaited.ts'

/** What the files are called on the device: as they lie there, or words that stand for them. */
type Names = {
  /** What the run asks with; of an answer the package that came. */
  request: string
  /** What was dealt to this holder or custodian. */
  envelope: string
  /** The share as its holder keeps it. */
  share: string
  key: string
  policy: string
  ciphertext: string
  sheet: string
  /** What comes back. */
  answer: string
}

/** What each holder or custodian who is awaited types on a device of their own. */
export function deviceLines(needs: { kind: AtHolders['kind']; next?: boolean }, names: Names): string[] {
  const { request, envelope, share, ciphertext, sheet, answer } = names
  const own = `--key ${names.key} --policy ${names.policy}`
  const state = (command: string, more = '') => [
    `custody holder ${command} ${request} --share ${share} ${own}${more} --out ${answer}`,
  ]
  switch (needs.kind) {
    case 'acknowledgements':
      return [
        `custody holder ${needs.next === true ? `receive-next ${request}` : `receive ${envelope}`} ${own} --out ${share}`,
        `custody holder prove ${share} ${own} --out ${answer}`,
      ]
    // A share of a backup is put on paper first, and proved by what stands there.
    case 'custodian-acknowledgements':
      return [
        `custody custodian receive ${envelope} ${own} --sheet ${sheet}`,
        `custody custodian prove ${envelope} ${own} --out ${answer}`,
      ]
    case 'share-releases':
      return [`custody custodian give ${request} ${own} --out ${answer}`]
    case 'share-checks':
      return [`custody custodian state ${request} ${own} --out ${answer}`]
    case 'answers':
      return state('approve', ` --ciphertext ${ciphertext}`)
    case 'epoch-approvals':
      return state('approve-epoch')
    case 'heartbeats':
      return state('heartbeat')
    case 'redeals':
      return state('redeal')
  }
}
