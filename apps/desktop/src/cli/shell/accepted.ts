import type { ExpectedError } from '@lux/node-files'
import type { Given, Outcome, Refused } from '@lux/people'
import { refused } from './command-line.ts'

/** Where what was handed over lies, for whoever reads of its refusal. */
export type Paths = Partial<Record<Given, string>>

/** What to do about a rule or about a file, where one command knows better than the locales. */
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
  if (own !== undefined) return own
  if (file === undefined) return ofTyped[rule]
  // What has not even its form is the wrong file, and says nothing of whoever made the right one.
  return rule.endsWith('-MALFORMED') || saysItself.has(rule) ? undefined : ofFile[file]
}

/** What was typed is no file that could be fetched again. */
const ofTyped: Readonly<Record<string, string>> = {
  'ANSWER-MALFORMED': 'give a reason of plain text',
  'CARD-MALFORMED': 'give a name and a note of plain text in one line',
}

/** Rules whose own text is more to the point than what is true of the file. */
const saysItself: ReadonlySet<string> = new Set([
  'EPOCH-LOG',
  'FHE-AUTHORITIES-OTHER',
  'HOLDER-EPOCH',
  'HOLDER-STATE-OTHER',
  'HOLDER-STAYS',
  'KEY-FILE-WRONG',
  'POLICY-CHAIN',
  'RECEIVED-OTHER',
  'SHARE-FILE-WRONG',
  'SHARE-RECEIVED',
  'WITNESS-MEMORY',
])

const stop = 'keep nothing of this epoch; tell the administrator of the ceremony'
const again = 'take the policy again by hand and compare its words'

/** What to do about a file that is refused, whatever the rule: what was handed over says who has to hear of it. */
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
