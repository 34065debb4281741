import { useTranslation } from 'react-i18next'
import type { StepView } from '../../contract/index.ts'

/** Sentences of a step: translated where the script's key is known here, else as the script has them. */
export function useStepText(): (step: StepView) => { title: string; text: string } {
  const { t, i18n } = useTranslation()
  return ({ do: kind, title, text, textKey }) => ({
    title: i18n.exists(`steps.${kind}`) && (title === '' || title === kind) ? t(`steps.${kind}`) : title,
    text: textKey !== undefined && i18n.exists(`scripts.${textKey}`) ? t(`scripts.${textKey}`) : text,
  })
}
