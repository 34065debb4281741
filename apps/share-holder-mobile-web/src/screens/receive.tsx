import { EmptyState, Icon } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import { ChooseFiles } from '../components/choose-files.tsx'
import { HandOver } from '../components/hand-over.tsx'
import { Page } from '../components/page.tsx'
import { go, receive, usePhone } from '../stores/phone.ts'

export function Receive() {
  const { t } = useTranslation()
  const out = usePhone((phone) => phone.out)
  const [proof] = out?.what === 'proof' ? out.files : []
  if (proof === undefined)
    return (
      <Page
        title={t('phone.receive.title')}
        back
        actions={<ChooseFiles label={t('phone.receive.choose')} several primary onFiles={receive} />}
      >
        <EmptyState icon="key" title={t('phone.receive.empty')} what={t('phone.receive.what')} />
      </Page>
    )
  return (
    <Page
      title={t('phone.receive.done')}
      back
      actions={
        <>
          <HandOver file={proof} />
          <button type="button" className="press" onClick={() => go('inbox')}>
            {t('phone.done')}
          </button>
        </>
      }
    >
      <section className="card proved" role="status">
        <h2>
          <Icon name="check" size={20} />
          {t('phone.receive.checked')}
        </h2>
        <p>{t('phone.receive.give')}</p>
      </section>
    </Page>
  )
}
