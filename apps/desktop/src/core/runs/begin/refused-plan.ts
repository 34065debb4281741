import { ExpectedError } from '@lux/node-files'

/** All refusals of a plan in one error, the first with its rule. */
export function refusedPlan(
  refusals: readonly { rule: string; step: string; detail: string }[],
): ExpectedError {
  const [first] = refusals
  const lines = refusals.map(({ rule, step, detail }, index) => {
    const place = step === '' ? '' : `${step}: `
    return index === 0 ? `${place}${detail}` : `${rule}: ${place}${detail}`
  })
  return new ExpectedError(first?.rule ?? 'PLAN-01', lines.join('\n'))
}
