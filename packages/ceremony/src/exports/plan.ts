export { diffDigest, diffPlans, type PlanChange } from '../plan/diff.ts'
export { lintCards } from '../plan/lint-cards.ts'
export type { EvidenceTerms } from '../plan/lint-evidence.ts'
export type { Listed } from '../plan/lint-listed.ts'
export type { LintTerms } from '../plan/lint-parts.ts'
export { lintRenewals, lintRenewedCards } from '../plan/lint-renewals.ts'
export { type CheckedLock, checkLock, type LockFacts } from '../plan/lock.ts'
export type * from '../plan/plan.ts'
export { printPlan } from '../plan/print.ts'
export {
  abilitiesOf,
  inability,
  isSoft,
  type ProfileAbilities,
  tokenProfiles,
  vouches,
} from '../plan/profiles.ts'
export {
  ancestorsOf,
  holderBefore,
  holderNext,
  isAtPad,
  keyOf,
  leavesByWindow,
  namesOf,
  type PlacedStep,
  stayingHolders,
  stepsOf,
  tokenOf,
  withStaying,
} from '../plan/queries.ts'
export { planHash, type ReadPlan, readPlan, unendedLine } from '../plan/read.ts'
export { type PlanRefusal, type PlanRule, planRules, type Rule } from '../plan/rules.ts'
export { maxPlanBytes } from '../plan/yaml-text.ts'
export { lintPlan, warnPlan } from '../plan-check/lint.ts'
export {
  type BlankType,
  instantiateScript,
  parseValues,
  planFromScript,
  readScript,
  type Script,
  type ScriptValues,
} from '../plan-check/script.ts'
