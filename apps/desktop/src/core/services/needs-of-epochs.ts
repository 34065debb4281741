import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Needs } from '@lux/ceremony'
import type * as contract from '../../contract/index.ts'
import type { Run } from '../run/run.ts'
import { approvedFile, packageFile } from '../runs/folder/places.ts'
import { holderCommands } from './run-view/holder-commands.ts'
import type { Around } from './run-view/step-needs.ts'
import { wordsOf } from './shared/words.ts'

type OfEpochs = Extract<Needs, { kind: 'request' | 'answers' | 'result' | 'epoch-approvals' | 'redeals' }>

const documents = {
  request: 'decryption-request',
  answers: 'holder-answer',
  result: 'decryption-result',
  'epoch-approvals': 'epoch-approval',
  redeals: 'redeal',
} as const satisfies Record<OfEpochs['kind'], contract.DocumentKind>

/** What a decryption or a next epoch waits for: a button for each stand-in in a rehearsal, files in production. */
export function needOfEpochs(
  run: Run,
  needs: OfEpochs,
  { standIns, requests }: Pick<Around, 'standIns' | 'requests'>,
): contract.Need {
  const what = documents[needs.kind]
  const asked = run.folder.state.decryptions.find(
    ({ id }) => 'decryption' in needs && id === needs.decryption,
  )
  const file = asked?.package ? join(run.folder.path, packageFile(asked.package)) : run.folder.path
  const holders = 'missing' in needs ? [...needs.present, ...needs.missing] : []
  if (standIns.size === 0) {
    // With the approvals that the run took: holders and the requester work on no other copy.
    const approved = 'decryption' in needs ? approvedFile(run.folder, needs.decryption) : null
    const own = approved !== null && existsSync(approved) ? approved : (requests[0] ?? null)
    return {
      need: 'file',
      what,
      from: holders,
      file: own,
      commands: holderCommands(run.folder, needs, requests),
    }
  }
  const digest = 'subject' in needs ? needs.subject : run.folder.state.planHash
  const signers =
    holders.length === 0
      ? [{ name: 'Rehearsal requester', role: 'requester', signed: false, standIn: true }]
      : holders.map((name) => ({
          name,
          role: 'holder',
          signed: 'present' in needs && needs.present.includes(name),
          standIn: standIns.has(name),
        }))
  return { need: 'sign', what, file, digest, words: wordsOf(digest), required: requiredOf(needs), signers }
}

function requiredOf(needs: OfEpochs): number {
  if (needs.kind === 'redeals') return needs.present.length + needs.missing.length
  if (needs.kind === 'answers' || needs.kind === 'epoch-approvals')
    return needs.present.length + needs.stillNeeded
  return 1
}
