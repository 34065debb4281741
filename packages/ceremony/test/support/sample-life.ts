import type { Header } from '../../src/exports/transcript.ts'
import { makePerson, sampleRecipient } from './people.ts'

/** Who is there besides officers, witnesses and the first holders. */
export function samplePeople(domain: Header['domain']) {
  return {
    approvers: ['Ann', 'Abe'].map((name) => makePerson('approver', name, domain)),
    newcomers: ['Kim', 'Lou'].map((name) => makePerson('holder', name, domain)),
    requester: makePerson('requester', 'Rex', domain),
    evaluator: makePerson('evaluator', 'Eve', domain),
    combiner: { name: 'desk', recipient: sampleRecipient('desk') },
  }
}

export const sampleDecryptions = [
  { id: 'first', what: 'the sum of all votes', answers: 2 },
  { id: 'canary', what: 'the canary', answers: 3, canary: true },
]
export const sampleReshare = {
  kind: 'reshare' as const,
  t: 2,
  n: 3,
  holders: ['Ito', 'Kim', 'Lou'],
  dealers: ['Hana', 'Ito'],
}
