import { useTranslation } from 'react-i18next'

/** A refusal. `code`: its rule. `detail`: for people, without secrets. */
export type Failure = { readonly code: string; readonly detail: string }

export type ErrorText = { what: string; why: string; do: string }

/**
 * The sentences of a code, from the first of these that has some: the code, its ending (after the last dash), its family (before the
 * first). Otherwise those of an unknown error.
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
