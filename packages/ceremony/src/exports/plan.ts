export type { EvidenceTerms, LintTerms, Listed } from '../plan/lint-terms.ts'
export type * from '../plan/plan.ts'
export { tokenNeeds } from '../plan/plan.ts'
export { diffDigest, diffPlans, type PlanChange, printPlan } from '../plan/print.ts'
export {
  type Ability,
  abilitiesOf,
  inability,
  isSoft,
  lackingOf,
  tokenProfiles,
  vouches,
} from '../plan/profiles.ts'
export {
  ancestorsOf,
  holderBefore,
  holderNext,
  isAtPad,
  isOfRehearsal,
  keyOf,
  leavesByWindow,
  namesOf,
  rehearsalLabel,
  stayingHolders,
  stepsOf,
  tokenOf,
  vendorWayOf,
  withStaying,
} from '../plan/queries.ts'
export { type CheckedLock, checkLock, type LockFacts, planHash, readPlan, unendedLine } from '../plan/read.ts'
export { type PlanRefusal, planRules } from '../plan/rules.ts'
export { maxPlanBytes } from '../plan/yaml-text.ts'
export { lintPlan, warnPlan } from '../plan-check/lint.ts'
export { lintCards, lintRenewals, lintRenewedCards, rolesMissing, takeSeat } from '../plan-check/people.ts'
export {
  instantiateScript,
  parseValues,
  planFromScript,
  readScript,
  type Script,
  type ScriptValues,
} from '../plan-check/script.ts'
export { destroyedBy, isByHand, stepFacts } from '../steps/facts.ts'
export { isSpareStep } from '../steps/replication/facts.ts'
