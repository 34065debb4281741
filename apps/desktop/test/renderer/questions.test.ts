import { expect, test } from 'vitest'
import { type PersonRole, personRoles } from '../../src/contract/index.ts'
import {
  asksFor,
  isAnswered,
  nextQuestion,
  nextRole,
  type Question,
  questions,
} from '../../src/renderer/setup/questions.ts'

const usual: PersonRole[] = [
  ...(['administrator', 'operator', 'so'] as const),
  ...(['officer', 'officer', 'officer', 'witness', 'witness'] as const),
]
const people = (roles: readonly PersonRole[]) => roles.map((role) => ({ role }))

test('SETUP-PEOPLE each role is asked for by one question', () => {
  for (const role of personRoles)
    expect([role, questions.filter((question) => asksFor(question, role))]).toEqual([
      role,
      [expect.any(String)],
    ])
})

test('SETUP-PEOPLE the questions go on by themselves as the usual people come, and ask for no rare ones', () => {
  const asked = usual.map((_, at): [Question, PersonRole] => {
    const here = people(usual.slice(0, at))
    const question = nextQuestion(here)
    return [question, nextRole(question, here)]
  })
  expect(asked).toEqual([
    ['lead', 'administrator'],
    ['tokens', 'operator'],
    ['tokens', 'so'],
    ['officers', 'officer'],
    ['officers', 'officer'],
    ['officers', 'officer'],
    ['witnesses', 'witness'],
    ['witnesses', 'witness'],
  ])
  expect(nextQuestion(people(usual))).toBe('witnesses')
})

test('SETUP-PEOPLE nobody who leads is an open question, also where all others are here', () => {
  const here = people(usual.slice(1))
  expect(nextQuestion(here)).toBe('lead')
  expect(questions.map((question) => isAnswered(question, here))).toEqual([
    ...[false, true, true, true],
    ...[null, null, null],
  ])
  // Where somebody chose a rare question, its own role is proposed.
  expect(nextRole('shares', here)).toBe('holder')
})
