import { planRules } from '../plan/rules.ts'
import type { Refusal } from './commands.ts'

/** Every reason for which a command is refused or a history is not opened. What each says stands in the locales. */
const runRules = [
  'RUN-01',
  'RUN-02',
  'RUN-03',
  'RUN-04',
  'RUN-05',
  'RUN-06',
  'RUN-07',
  'RUN-08',
  'RUN-09',
  'RUN-10',
  'STEP-01',
  'STEP-02',
  'STEP-03',
  'STEP-04',
  'STEP-05',
  'EFFECT-01',
  'EFFECT-02',
  'EFFECT-03',
  'EFFECT-04',
  'COMMAND-01',
  'COMPARE-01',
  'COMPARE-02',
  'ROOM-01',
  'ROOM-02',
  'EXCEPTION-01',
  'EXCEPTION-02',
  'EXCEPTION-03',
  'SUBMIT-01',
  'SUBMIT-02',
  'SUBMIT-03',
  'SUBMIT-04',
  'SUBMIT-05',
  'SUBMIT-06',
  'RUN-11',
  'RUN-12',
  'REQUEST-DOMAIN',
  'REQUEST-KEY',
  'REQUEST-EPOCH',
  'REQUEST-MODE',
  'REQUEST-EXPIRED',
  'REQUEST-REPLAYED',
  'REQUEST-COMBINER',
  'REQUEST-REQUESTER',
  'REQUEST-PROVENANCE',
  'REQUEST-APPROVALS',
  'REQUEST-BUDGET',
  'REQUEST-CANARY',
  'REQUEST-CIPHERTEXT',
  'REQUEST-WHAT',
  'PROVENANCE-DOMAIN',
  'PROVENANCE-KEY',
  'PROVENANCE-ADMISSION',
  'PROVENANCE-SIGNER',
  'HEARTBEAT-01',
  'CUSTODIAN-01',
  'CUSTODIAN-02',
  'ANSWER-01',
  'ANSWER-02',
  'RESULT-01',
  'RESULT-02',
  'EPOCH-01',
  'EPOCH-02',
  'REDEAL-01',
  'ACKNOWLEDGE-01',
  'RECEIPT-01',
  'RECEIPT-02',
  'HISTORY-01',
  'HISTORY-02',
  'HISTORY-03',
] as const

/** Every rule of plans and runs, for the screens, the documentation and the tests. */
export const rules = [...planRules, ...runRules] as const

export type RunRule = (typeof runRules)[number]

export type RuleId = (typeof rules)[number]

export function isRunRule(rule: string): rule is RunRule {
  const known: readonly string[] = runRules
  return known.includes(rule)
}

export function refuse(rule: RunRule, detail: string): Refusal {
  return { ok: false, rule, detail }
}
