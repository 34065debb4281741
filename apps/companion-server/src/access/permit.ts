import type { Permission } from '../operations/entry.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { mayGive, mayGovern } from './appointing.ts'
import { approvalsBefore, authorize, type Caller } from './authorize.ts'
import type { ApprovalsNeeded } from './conditions.ts'

/** The one answer to every kind of permission. What people have to approve first; null: nothing. `approvable`: whether they can. */
export function permit(
  caller: Caller,
  asked: Permission,
  approvable: boolean,
): Outcome<ApprovalsNeeded | null> {
  const answer = answerTo(caller, asked, approvable)
  return !answer.ok && answer.rule === 'OBJECT-ABSENT' && asked.unseen !== undefined ? asked.unseen : answer
}

function answerTo(caller: Caller, asked: Permission, approvable: boolean): Outcome<ApprovalsNeeded | null> {
  if ('gives' in asked) return mayGive(caller, asked.gives)
  if ('governs' in asked)
    return asked.orOwn && asked.governs.identity === caller.identity
      ? accept(null)
      : mayGovern(caller, asked.governs)
  if ('own' in asked)
    return asked.own.includes(caller.identity)
      ? accept(null)
      : refuse('ROLE-REFUSED', 'it is not the caller’s own')
  if ('either' in asked) {
    const answers = asked.either.map((one) => permit(caller, one, approvable))
    return answers.find(({ ok }) => ok) ?? answers.at(-1) ?? refuse('ROLE-REFUSED', 'nothing lets it be done')
  }
  const { action, resource } = asked
  return approvable ? approvalsBefore(caller, action, resource) : authorize(caller, action, resource)
}
