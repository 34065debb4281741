/** Every reason for which a plan is refused, and PLAN-45, of which its readers are warned. What each says stands in the locales. */
export const planRules = [
  'PLAN-01',
  'PLAN-02',
  'PLAN-03',
  'PLAN-04',
  'PLAN-05',
  'PLAN-10',
  'PLAN-11',
  'PLAN-12',
  'PLAN-13',
  'PLAN-14',
  'PLAN-20',
  'PLAN-21',
  'PLAN-22',
  'PLAN-30',
  'PLAN-31',
  'PLAN-32',
  'PLAN-34',
  'PLAN-35',
  'PLAN-36',
  'PLAN-37',
  'PLAN-38',
  'PLAN-33',
  'PLAN-40',
  'PLAN-41',
  'PLAN-42',
  'PLAN-43',
  'PLAN-44',
  'PLAN-45',
  'PLAN-46',
  'PLAN-47',
  'PLAN-50',
  'PLAN-51',
  'PLAN-52',
  'PLAN-53',
  'PLAN-54',
  'PLAN-55',
  'PLAN-56',
  'PLAN-57',
  'PLAN-58',
  'PLAN-59',
  'PLAN-62',
  'PLAN-63',
  'PLAN-60',
  'PLAN-61',
  'PLAN-71',
  'PLAN-72',
  'PLAN-73',
  'PLAN-74',
  'PLAN-75',
  'PLAN-76',
  'PLAN-77',
  'PLAN-78',
] as const

export type PlanRule = (typeof planRules)[number]

/** One reason against a plan. `step` is a step's id, or '' where it belongs to none. */
export type PlanRefusal = { rule: PlanRule; step: string; detail: string }

export function planRefusal(rule: PlanRule, step: string, detail: string): PlanRefusal {
  return { rule, step, detail }
}
