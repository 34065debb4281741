import type { RunFolder } from '../folder/run-folder.ts'

const tolerated = 5 * 60_000

/**
 * Clock checks of a production run that were far from the clock of the machine, which every entry's time is of. Only people can say
 * which of the two is wrong, so nothing is refused.
 */
export function clockWarnings(folder: Pick<RunFolder, 'header' | 'plan' | 'entries'>): string[] {
  if (folder.header.domain !== 'production') return []
  const asked = new Map(
    folder.plan.parts
      .flatMap(({ steps }) => steps)
      .filter((step) => step.do === 'clock-check')
      .map((step) => [step.id, (step.values ?? []).filter(({ format }) => format === 'time')]),
  )
  if (asked.size === 0) return []
  return [...folder.entries()].flatMap(({ stepId, kind, time, fact }) => {
    if (kind !== 'step.confirmed') return []
    // The engine checked the fact's shape, and each value's format, before it let them in.
    const { by, input } = fact as { by: string; input: Record<string, string> }
    return (asked.get(stepId) ?? [])
      .map(({ id }) => input[id] ?? '')
      .filter((seen) => Math.abs(Date.parse(seen) - Date.parse(time)) > tolerated)
      .map(
        (seen) =>
          `${stepId}: ${by} read ${seen}, and the clock of this machine said ${time} when that was taken in; find out which is wrong`,
      )
  })
}
