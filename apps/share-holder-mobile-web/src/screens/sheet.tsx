import { Icon, Saying } from '@lux/ui'
import { type FormEvent, lazy, Suspense, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Page } from '../components/page.tsx'
import { ScanSheet } from '../components/scan-sheet.tsx'
import { checkSheet, makeSheet, usePhone } from '../stores/phone.ts'

const QrPrint = lazy(async () => ({ default: (await import('@lux/ui/qr')).QrPrint }))

type Made = { readonly sheet: Uint8Array; readonly words: readonly string[] }

/** Makes the backup sheet. It counts only once it was scanned back. */
export function Sheet() {
  const { t } = useTranslation()
  const busy = usePhone((phone) => phone.busy)
  const name = usePhone((phone) => phone.overview?.person.name) ?? ''
  const [made, setMade] = useState<Made | null>(null)

  async function make(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault()
    const form = event.currentTarget
    const passphrase = String(new FormData(form).get('passphrase'))
    form.reset()
    setMade(await makeSheet(passphrase))
  }

  return (
    <Page title={t('phone.sheet.title')} back>
      <p className="no-print">{t('phone.sheet.what')}</p>
      {made === null ? (
        <form className="form" onSubmit={(event) => void make(event)}>
          <label>
            <span>{t('phone.unlock.passphrase')}</span>
            <input name="passphrase" type="password" required autoComplete="current-password" />
          </label>
          <button type="submit" className="press primary" disabled={busy !== null}>
            {busy === null ? t('phone.sheet.make') : t(`phone.busy.${busy}`)}
          </button>
        </form>
      ) : (
        <Printed made={made} name={name} />
      )}
      <h2 className="section no-print">{t('phone.sheet.check')}</h2>
      <div className="form no-print">
        <ScanSheet
          label={t('phone.sheet.check')}
          onSheet={(sheet, given) => void checkSheet({ sheet, words: String(given.get('words')) })}
        />
      </div>
    </Page>
  )
}

/** The codes are on one page and the words on another, so that one page alone opens nothing. */
function Printed({ made, name }: { made: Made; name: string }) {
  const { t } = useTranslation()
  // A word may occur twice.
  const words = made.words.map((word, at) => ({ place: at + 1, word }))
  const carried = useMemo(() => ({ type: 'backup-sheet' as const, payload: made.sheet }), [made])
  return (
    <>
      <button type="button" className="press primary no-print" onClick={() => print()}>
        <Icon name="save" size={20} />
        {t('phone.sheet.print')}
      </button>
      <section className="card page">
        <h2>
          <Saying>{t('phone.sheet.of', { name })}</Saying>
        </h2>
        <p>{t('phone.sheet.page-codes')}</p>
        <Suspense>
          <QrPrint carried={carried} what={t('phone.carry.sheet')} />
        </Suspense>
      </section>
      <section className="card page">
        <h2>
          <Saying>{t('phone.sheet.words-of', { name })}</Saying>
        </h2>
        <p>{t('phone.sheet.page-words')}</p>
        <ol className="sheet-words" dir="ltr" lang="en">
          {words.map(({ place, word }) => (
            <li key={place}>{word}</li>
          ))}
        </ol>
      </section>
    </>
  )
}
