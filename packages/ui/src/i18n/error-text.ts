import { useTranslation } from 'react-i18next'

/** An expected no: `code` is its rule, `detail` is for people and holds no secret. */
export type Failure = { readonly code: string; readonly detail: string }

export type ErrorText = { what: string; why: string; do: string }

/**
 * The sentences of a code: its own, else those of its ending (the part after the last dash), else those of its family (the part
 * before the first dash), else what is known.
 */
export function useErrorText(failure: Failure): ErrorText {
  const { t, i18n } = useTranslation()
  const { code } = failure
  const parts = code.split('-')
  const places = [
    `errors.${code}`,
    `rules.${code}`,
    `phone-errors.${code}`,
    `server.${code}`,
    `console.errors.${code}`,
    `errors.ending.${parts.at(-1)}`,
    `errors.family.${parts[0]}`,
  ]
  const place = places.find((candidate) => i18n.exists(`${candidate}.what`))
  if (place !== undefined) return { what: t(`${place}.what`), why: t(`${place}.why`), do: t(`${place}.do`) }
  return { what: t('errors.unknown-what'), why: t('errors.unknown-why'), do: t('errors.unknown-do') }
}
