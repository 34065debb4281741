import { type Carried, envelopeText, openEnvelopeText, type PayloadType } from '@lux/crypto/transport'
import { useId, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FailureNotice } from '../components/failure-notice.tsx'
import type { Failure } from '../i18n/error-text.ts'

/** Carries an envelope as text, where there is neither a camera nor a stick. Longer ones are not offered as text. */
export function TextOut({ carried }: { carried: Carried }) {
  const { t } = useTranslation()
  const id = useId()
  const text = useMemo(() => envelopeText(carried), [carried])
  if (!text.ok) return null
  return (
    <details className="qr-as-text">
      <summary>{t('ui.qr.as-text')}</summary>
      <label htmlFor={id}>{t('ui.qr.as-text-note')}</label>
      <textarea
        id={id}
        readOnly
        rows={4}
        dir="ltr"
        value={text.value}
        onFocus={(event) => event.currentTarget.select()}
      />
    </details>
  )
}

/** A complete text is taken at once. */
export function TextIn({
  expected,
  onCarried,
}: {
  expected: readonly PayloadType[]
  onCarried: (carried: Carried) => void
}) {
  const { t } = useTranslation()
  const id = useId()
  const [failure, setFailure] = useState<Failure | null>(null)

  function take(text: string): void {
    setFailure(null)
    if (text.trim() === '') return
    const carried = openEnvelopeText(text, expected)
    if (carried.ok) onCarried(carried.value)
    else setFailure({ code: carried.rule, detail: carried.detail })
  }

  return (
    <details className="qr-as-text">
      <summary>{t('ui.qr.from-text')}</summary>
      <label htmlFor={id}>{t('ui.qr.from-text-note')}</label>
      <textarea
        id={id}
        rows={4}
        dir="ltr"
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => take(event.target.value)}
      />
      {failure === null ? null : <FailureNotice failure={failure} tone="warn" />}
    </details>
  )
}
