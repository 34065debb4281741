import { useTranslation } from 'react-i18next'
import type { Failure } from '../../contract/index.ts'

export type ErrorText = { what: string; why: string; do: string }

/** The sentences of a code; a code that nobody has translated yet says so and keeps its own remedy. */
export function useErrorText(failure: Failure): ErrorText {
  const { t, i18n } = useTranslation()
  const known = i18n.exists(`errors.${failure.code}.what`)
  if (known) {
    return {
      what: t(`errors.${failure.code}.what`),
      why: t(`errors.${failure.code}.why`),
      do: t(`errors.${failure.code}.do`),
    }
  }
  if (i18n.exists(`rules.${failure.code}`)) {
    return {
      what: t(`rules.${failure.code}`),
      why: t('errors.rule-why'),
      do: failure.remedy ?? t('errors.rule-do'),
    }
  }
  return {
    what: t('errors.unknown-what'),
    why: t('errors.unknown-why'),
    do: failure.remedy ?? t('errors.unknown-do'),
  }
}
