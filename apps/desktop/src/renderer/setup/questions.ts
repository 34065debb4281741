import type { PersonRole, SetupView } from '../../contract/index.ts'

/** What is asked about the people of a ceremony, in the order in which they are thought of. */
export const questions = ['lead', 'tokens', 'officers', 'witnesses', 'shares', 'asking', 'servers'] as const
export type Question = (typeof questions)[number]

const questionOf: Readonly<Record<PersonRole, Question>> = {
  administrator: 'lead',
  operator: 'tokens',
  so: 'tokens',
  officer: 'officers',
  witness: 'witnesses',
  recorder: 'witnesses',
  holder: 'shares',
  custodian: 'shares',
  approver: 'asking',
  requester: 'asking',
  evaluator: 'asking',
  encryptor: 'asking',
}

/** How many of a role a ceremony usually has, in the order in which they are asked for. Other roles are those of some scripts alone. */
const usual = [
  ['administrator', 1],
  ['operator', 1],
  ['so', 1],
  ['officer', 3],
  ['witness', 2],
] as const satisfies readonly (readonly [PersonRole, number])[]

type People = readonly Pick<SetupView['people'][number], 'role'>[]

export const asksFor = (question: Question, role: PersonRole): boolean => questionOf[role] === question

const missing = (people: People) =>
  usual.filter(([role, count]) => people.filter((one) => one.role === role).length < count)

/** Whether a ceremony has what it usually has of whom this asks for; null where only some scripts need anybody. */
export function isAnswered(question: Question, people: People): boolean | null {
  if (!usual.some(([role]) => asksFor(question, role))) return null
  return missing(people).every(([role]) => !asksFor(question, role))
}

/** What is asked while nobody chooses: whom a ceremony usually has and this one lacks, or who came last. */
export function nextQuestion(people: People): Question {
  const [role] = missing(people)[0] ?? ['witness' as const]
  return questionOf[role]
}

/** The role that a new key is proposed for under a question. */
export function nextRole(question: Question, people: People): PersonRole {
  const own = (Object.keys(questionOf) as PersonRole[]).filter((role) => asksFor(question, role))
  const [first] = missing(people).filter(([role]) => asksFor(question, role))[0] ?? []
  return first ?? own[0] ?? nextRole(nextQuestion(people), people)
}
