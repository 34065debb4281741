import { Icon, WordCards } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import { compare, theyDiffer, usePhone } from '../stores/phone.ts'

/** Words to compare aloud, all at once or card by card, and the button for words that differ. */
export function ComparedWords({
  label,
  words,
  hex,
}: {
  label: string
  words: readonly string[]
  hex: string
}) {
  const { t } = useTranslation()
  const compared = usePhone((phone) => phone.compared === hex)
  return (
    <>
      <WordCards label={label} words={words} hex={hex} />
      {compared ? (
        <p role="status" className="same">
          <Icon name="check" size={20} />
          {t('phone.compare.done')}
        </p>
      ) : null}
      <div className="pair">
        <button type="button" className="press" onClick={() => void theyDiffer()}>
          {t('phone.policy.differ')}
        </button>
        <button type="button" className="press" onClick={() => compare({ label, words, hex })}>
          {t('phone.compare.one')}
        </button>
      </div>
    </>
  )
}
