import { Timeline, type TimelinePart } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import type { PartView, RunView } from '../../contract/index.ts'
import { useScriptText } from '../i18n/step-text.ts'
import { minuteOf } from './elapsed.tsx'

/** The parts of the run: real times behind, the step in hand, and how many steps are to come. */
export function StageTimeline({
  view,
  open,
  onOpen,
}: {
  view: RunView
  open: string | null
  onOpen: (id: string) => void
}) {
  const { t } = useTranslation()
  const textOf = useScriptText()
  const at = view.current?.id ?? view.exception?.step ?? null

  function noteOf({ steps }: PartView): string {
    const current = steps.find(({ id }) => id === at)
    if (current !== undefined) return `${current.number} ${textOf.title(current)}`
    const [first, last] = [steps[0]?.startedAt, steps.findLast(({ doneAt }) => doneAt !== null)?.doneAt]
    if (first != null && last != null) return `${minuteOf(first)} – ${minuteOf(last)}`
    return t('stage.steps', { count: steps.length })
  }

  const parts = view.parts.map(
    (part): TimelinePart => ({
      id: part.id,
      title: textOf.part(part),
      note: noteOf(part),
      steps: part.steps.map((step) => ({
        id: step.id,
        number: step.number,
        title: textOf.title(step),
        state: step.state,
        said: t(`states.step.${step.state}`),
        deviation: view.remarks.some(({ kind, step: where }) => kind === 'deviation' && where === step.id)
          ? t('stage.deviation-mark')
          : null,
      })),
    }),
  )
  return (
    <div className="stage-timeline">
      <p className="stage-brief" aria-live="polite">
        {t('runner.progress', view.progress)}
      </p>
      <Timeline parts={parts} label={t('runner.steps')} at={at} open={open} onOpen={onOpen} />
    </div>
  )
}
