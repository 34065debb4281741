import type { ExpectedError } from '@lux/node-files'
import type { Given, Outcome, Refused } from '@lux/people'
import { refused } from './command-line.ts'

/** Where what was handed over lies, for whoever reads of its refusal. */
export type Paths = Partial<Record<Given, string>>

/** What to do about a rule or about a file, where one command knows better than the tables below. */
export type Remedies = Readonly<Record<string, string>>

/** The value of what `@lux/people` accepted. Errors: its refusal, with the file that it is about and what to do. */
export function accepted<T>(outcome: Outcome<T>, paths: Paths = {}, remedies: Remedies = {}): T {
  if (outcome.ok) return outcome.value
  throw failed(outcome, paths, remedies)
}

function failed(outcome: Refused, paths: Paths, remedies: Remedies): ExpectedError {
  const { rule, detail, file } = outcome
  const path = file === undefined ? undefined : paths[file]
  const told = path === undefined ? detail : `${path}: ${detail}`
  return refused({ rule, detail: told }, remedyOf(outcome, remedies))
}

function remedyOf({ rule, file }: Refused, remedies: Remedies): string | undefined {
  const own = remedies[rule] ?? (file === undefined ? undefined : remedies[file])
  const general = ofRule[rule] ?? (file === undefined ? undefined : ofFile[file])
  return own ?? (rule.endsWith('-MALFORMED') && file !== undefined ? wholeFile : general)
}

const wholeFile = 'check that this is the right file and whole'
const stop = 'keep nothing of this epoch; tell the administrator of the ceremony'
const again = 'take the policy again by hand and compare its words'

/** What to do about a rule, where the command knows better than the table of codes. */
const ofRule: Readonly<Record<string, string>> = {
  'ANSWER-MALFORMED': 'give a reason of plain text',
  'CARD-MALFORMED': 'give a name and a note of plain text in one line',
  'EPOCH-LOG': stop,
  'FHE-AUTHORITIES-OTHER':
    'do not acknowledge it and answer nothing with it; tell the other holders and the officers',
  'HOLDER-EPOCH': 'name the share of the epoch that the plan leaves',
  'HOLDER-STATE-OTHER': 'keep the state beside the share that it is of',
  'HOLDER-STAYS': 'name the key file of the epoch that is left, or leave --forget-key out',
  'KEY-FILE-WRONG': 'name the key file that enrol wrote',
  'RECEIVED-OTHER':
    'keep each key file’s own list beside it; move this one away if it is an earlier key’s, and receive with --lost if it is damaged',
  'SHARE-FILE-WRONG': 'name the file that receive wrote',
  'SHARE-RECEIVED':
    'use that share, with its record beside it; give --lost where one of them is lost: the share then counts as having answered all that it may',
  'WITNESS-MEMORY': 'restore it from its copy; without it a rollback is not seen',
}

/** What to do about a file that is refused. */
const ofFile: Readonly<Partial<Record<Given, string>>> = {
  approval: 'do nothing for this epoch; tell the administrator of the ceremony',
  checkpoint: stop,
  correction: 'this is a complaint: tell the administrator of the ceremony',
  'epoch-live': 'wipe nothing; tell the administrator of the ceremony',
  opening: 'do not take this share',
  policy: again,
  'previous-policy': again,
  redeal: 'do not take this share; tell the administrator of the ceremony',
  seeds: 'this is a complaint: tell all others, the run ends and a retry uses fresh seeds',
  share: 'do not acknowledge it; tell the administrator of the ceremony',
  transcript: 'sign nothing; tell the officers and the other witnesses',
}
