import { EmptyState, Icon } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import { GiveOut } from '../components/give-out.tsx'
import { MustBackUp } from '../components/must-back-up.tsx'
import { Page } from '../components/page.tsx'
import { TakeIn } from '../components/take-in.tsx'
import { go, receive, usePhone } from '../stores/phone.ts'

export function Receive() {
  const { t } = useTranslation()
  const out = usePhone((phone) => phone.out)
  const proof = out?.what === 'proof' ? out.files : null
  if (proof === null)
    return (
      <Page
        title={t('phone.receive.title')}
        back
        actions={
          <TakeIn
            type="share-package"
            what={t('phone.carry.share')}
            label={t('phone.receive.choose')}
            several
            onFiles={receive}
          />
        }
      >
        <EmptyState icon="key" title={t('phone.receive.empty')} what={t('phone.receive.what')} />
      </Page>
    )
  return (
    <Page
      title={t('phone.receive.done')}
      back
      actions={
        proof.length === 0 ? (
          <MustBackUp />
        ) : (
          <>
            <GiveOut type="acknowledgement" files={proof} what={t('phone.carry.proof')} />
            <button type="button" className="press" onClick={() => go('inbox')}>
              {t('phone.done')}
            </button>
          </>
        )
      }
    >
      <section className="card proved" role="status">
        <h2>
          <Icon name="check" size={20} />
          {t('phone.receive.checked')}
        </h2>
        {proof.length === 0 ? null : <p>{t('phone.receive.give')}</p>}
      </section>
    </Page>
  )
}
