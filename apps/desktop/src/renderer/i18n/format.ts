import { useTranslation } from 'react-i18next'

/** Western digits in every language: they are compared with logs and printed sheets. */
function localeOf(language: string): string {
  if (language === 'ar') return 'ar-u-nu-latn'
  return language === 'en' || language === 'pseudo' ? 'en-GB' : language
}

export type Formats = {
  time(iso: string): string
  /** The day alone, in UTC. */
  day(iso: string): string
  bytes(count: number): string
  number(value: number): string
  /** With its sign, unless it is zero. */
  signed(value: number): string
}

export function useFormats(): Formats {
  const { i18n } = useTranslation()
  const locale = localeOf(i18n.language)
  return {
    time: (iso) => shownTime(locale, iso),
    day: (iso) =>
      new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeZone: 'UTC' }).format(new Date(iso)),
    bytes: (count) => {
      const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const
      let value = count
      let step = 0
      while (value >= 1000 && step < units.length - 1) {
        value /= 1000
        step += 1
      }
      return new Intl.NumberFormat(locale, {
        style: 'unit',
        unit: units[step] ?? 'byte',
        maximumFractionDigits: value < 10 && step > 0 ? 1 : 0,
      }).format(value)
    },
    number: (value) => new Intl.NumberFormat(locale).format(value),
    signed: (value) => new Intl.NumberFormat(locale, { signDisplay: 'exceptZero' }).format(value),
  }
}

/**
 * An ISO-8601 time as people read it, to the second and in UTC: screens are compared with transcripts and printed sheets,
 * which carry nothing else. What is no time is shown as it is.
 */
export function shownTime(locale: string, iso: string): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return iso
  return new Intl.DateTimeFormat(locale, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZone: 'UTC',
    timeZoneName: 'short',
  }).format(date)
}
