import { useTranslation } from 'react-i18next'
import type { StepView } from '../../contract/index.ts'

export type StageText = {
  /** Who does what, in a sentence. */
  ask(kind: string, names: readonly string[]): string
  /** What will have happened once it is pressed. */
  go(kind: string): string
  /** What came of it. */
  made(step: Pick<StepView, 'do' | 'results'>): string
}

/** The sentences of each kind of step; a kind that is not known here has those of a plain confirmation. */
export function useStageText(): StageText {
  const { t, i18n } = useTranslation()
  const of = (what: string, kind: string): string =>
    i18n.exists(`stage.${what}.${kind}`) ? `stage.${what}.${kind}` : `stage.${what}.confirm`
  return {
    ask: (kind, names) => t(of('ask', kind), { name: names.join(t('stage.and')) }),
    go: (kind) => t(of('go', kind)),
    made: ({ do: kind, results }) =>
      t(results.find(({ key }) => key === 'stage.kept')?.key ?? of('made', kind)),
  }
}
