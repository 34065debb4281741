import { useTranslation } from 'react-i18next'
import { ComparedWords } from '../components/compared-words.tsx'
import { GiveOut } from '../components/give-out.tsx'
import { Page } from '../components/page.tsx'
import { go, saveCard, usePhone } from '../stores/phone.ts'

/** This person's public card, and its words, which they read to whoever takes it. */
export function Card() {
  const { t } = useTranslation()
  const person = usePhone((phone) => phone.overview?.person)
  const out = usePhone((phone) => phone.out)
  if (person === undefined) return null
  const files = out?.what === 'card' ? out.files : null
  return (
    <Page
      title={t('phone.card.title')}
      back
      actions={
        <>
          {files === null ? (
            <button type="button" className="press primary" onClick={() => void saveCard()}>
              {t('phone.card.give')}
            </button>
          ) : (
            <GiveOut type="card" files={files} what={t('phone.carry.card')} />
          )}
          <button type="button" className="press" onClick={() => go('inbox')}>
            {t('phone.done')}
          </button>
        </>
      }
    >
      <p>{t('phone.card.what')}</p>
      <ComparedWords label={t('phone.card.words')} words={person.words} hex={person.digest} />
    </Page>
  )
}
