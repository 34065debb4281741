import { useTranslation } from 'react-i18next'

/** Times and numbers in the page's language, with English digits. Times are in UTC, as in the audit log. */
export function useFormats() {
  const { i18n } = useTranslation()
  const locale = i18n.language === 'en' ? 'en-GB' : `${i18n.language}-u-nu-latn`
  const dateOf = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' })
  const timeOf = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })
  const dayOf = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone: 'UTC' })
  const numberOf = new Intl.NumberFormat(locale)
  return {
    date: (iso: string) => dateOf.format(new Date(iso)),
    time: (iso: string) => `${timeOf.format(new Date(iso))} UTC`,
    day: (iso: string) => dayOf.format(new Date(iso)),
    number: (value: number) => numberOf.format(value),
    list: (items: readonly string[]) => new Intl.ListFormat(locale, { type: 'conjunction' }).format(items),
  }
}
