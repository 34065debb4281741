import { Code, Rec } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import { useFormats } from '../i18n/format.ts'
import { secondOf, useNow } from '../stage/elapsed.tsx'

/** The workstation's clock in UTC, which runs. Not live for screen readers: it would be read out every second. */
export function UtcClock() {
  const shown = utcSecond(useNow())
  return (
    <time dateTime={shown} className="tabular">
      <Code>{shown}</Code>
    </time>
  )
}

/** Day and time in words: the day goes on with the clock. */
export function UtcNow() {
  const { t } = useTranslation()
  const format = useFormats()
  const iso = utcSecond(useNow())
  return (
    <time dateTime={iso} className="tabular">
      <Rec>{format.day(iso)}</Rec>
      {' · '}
      <Rec>{[secondOf(iso), t('stage.utc')].join(' ')}</Rec>
    </time>
  )
}

/** `2026-11-28T10:10:07Z` */
function utcSecond(now: number): string {
  return new Date(now).toISOString().replace(/\.\d+Z$/, 'Z')
}
