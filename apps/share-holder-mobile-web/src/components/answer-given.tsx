import { Icon } from '@lux/ui'
import type { PayloadType } from '@lux/ui/qr'
import { useTranslation } from 'react-i18next'
import { go, usePhone } from '../stores/phone.ts'
import { GiveOut } from './give-out.tsx'
import { Page } from './page.tsx'

/** The last screen of an answer. The phone has recorded it, and the person now gives the files to whoever waits for them. */
export function AnswerGiven({ title, type, what }: { title: string; type: PayloadType; what: string }) {
  const { t } = useTranslation()
  const out = usePhone((phone) => phone.out)
  if (out === null) return null
  return (
    <Page
      title={title}
      back
      actions={
        <>
          <GiveOut type={type} files={out.files} what={what} />
          <button type="button" className="press" onClick={() => go('inbox')}>
            {t('phone.done')}
          </button>
        </>
      }
    >
      <section className="card proved" role="status">
        <h2>
          <Icon name="check" size={20} />
          {t(out.again === true ? 'phone.answered.again' : 'phone.answered.counted')}
        </h2>
        <p>{t('phone.answered.give', { count: out.files.length })}</p>
      </section>
    </Page>
  )
}
