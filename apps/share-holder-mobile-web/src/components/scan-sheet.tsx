import { Icon } from '@lux/ui'
import { type FormEvent, lazy, type ReactNode, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { usePhone } from '../stores/phone.ts'

const QrScan = lazy(async () => ({ default: (await import('@lux/ui/qr')).QrScan }))

/** Scans a backup sheet, then asks for its words. `more`: further fields of the form. */
export function ScanSheet({
  label,
  more,
  onSheet,
}: {
  label: string
  more?: ReactNode
  onSheet: (sheet: Uint8Array, given: FormData) => void
}) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const [sheet, setSheet] = useState<Uint8Array | null>(null)
  const busy = usePhone((phone) => phone.busy)

  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault()
    const form = event.currentTarget
    if (sheet !== null) onSheet(sheet, new FormData(form))
    // The worker has the passphrase now. The words stay in the form, so that a typing error can be mended.
    for (const field of form.querySelectorAll<HTMLInputElement>('input[type=password]')) field.value = ''
  }

  return (
    <>
      <button type="button" className="press" disabled={busy !== null} onClick={() => setOpen(true)}>
        <Icon name="qr" size={20} />
        {t(sheet === null ? 'phone.sheet.scan' : 'phone.sheet.scan-again')}
      </button>
      {sheet === null ? null : (
        <form className="form" onSubmit={submit}>
          <label>
            <span>{t('phone.sheet.type-words')}</span>
            <textarea
              name="words"
              required
              rows={3}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
            />
          </label>
          {more}
          <button type="submit" className="press primary" disabled={busy !== null}>
            {busy === null ? label : t(`phone.busy.${busy}`)}
          </button>
        </form>
      )}
      {open ? (
        <Suspense>
          <QrScan
            title={t('phone.sheet.scan')}
            what={t('phone.carry.sheet')}
            expected={['backup-sheet']}
            onCarried={({ payload }) => setSheet(payload)}
            onClose={() => setOpen(false)}
          />
        </Suspense>
      ) : null}
    </>
  )
}
