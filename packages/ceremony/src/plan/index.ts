export { diffDigest, diffPlans, type PlanChange } from './diff.ts'
export { lintPlan } from './lint.ts'
export { lintCards } from './lint-cards.ts'
export type { EvidenceTerms } from './lint-evidence.ts'
export type { Listed } from './lint-listed.ts'
export type { LintTerms } from './lint-parts.ts'
export { lintRenewals, lintRenewedCards } from './lint-renewals.ts'
export { type CheckedLock, checkLock, type LockFacts } from './lock.ts'
export type * from './plan.ts'
export { type PlanRefusal, type PlanRule, planRules, type Rule } from './plan-rules.ts'
export { printPlan } from './print.ts'
export { abilitiesOf, inability, isSoft, type ProfileAbilities, tokenProfiles, vouches } from './profiles.ts'
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
} from './queries.ts'
export { planHash, type ReadPlan, readPlan, unendedLine } from './read.ts'
export {
  type BlankType,
  instantiateScript,
  parseValues,
  planFromScript,
  readScript,
  type Script,
  type ScriptValues,
} from './script.ts'
export { warnPlan } from './warn.ts'
export { maxPlanBytes } from './yaml-text.ts'
