import { Code, cardsOf, digitsOf, Icon } from '@lux/ui'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Page } from '../components/page.tsx'
import { matched, stopComparing, theyDiffer, usePhone } from '../stores/phone.ts'

/** How many groups of digits are shown at a time. */
const groupsAtOnce = 2

/** Words or digits in large letters, a few at a time, as somebody reads them aloud. */
export function Compare() {
  const { t } = useTranslation()
  const comparing = usePhone((phone) => phone.comparing)
  const [at, setAt] = useState(0)
  const [digits, setDigits] = useState(false)
  if (comparing === null) return null
  const cards = digits ? pairsOf(digitsOf(comparing.hex)) : cardsOf(comparing.words)
  const count = cards.length

  function same(): void {
    if (at + 1 < count) setAt(at + 1)
    else matched()
  }

  return (
    <Page
      title={t(digits ? 'phone.compare.digits-ask' : 'phone.compare.ask')}
      badge={<span className="badge">{t('phone.compare.place', { place: at + 1, count })}</span>}
      actions={
        <>
          <div className="pair">
            <button type="button" className="press" onClick={() => void theyDiffer()}>
              <Icon name="cross" size={20} />
              {t('phone.policy.differ')}
            </button>
            <button type="button" className="press" onClick={same}>
              <Icon name="check" size={20} />
              {t('phone.compare.match')}
            </button>
          </div>
          <button type="button" className="link" onClick={stopComparing}>
            {t('phone.back')}
          </button>
        </>
      }
    >
      <p>{comparing.label}</p>
      <ol className="card compared" dir="ltr" lang="en" aria-live="polite">
        {digits
          ? digitsOf(comparing.hex)
              .slice(at * groupsAtOnce, (at + 1) * groupsAtOnce)
              .map((group, place) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a group can stand in two places
                <li key={place}>
                  <span className="quiet">{at * groupsAtOnce + place + 1}</span>
                  <Code>{group}</Code>
                </li>
              ))
          : cardsOf(comparing.words)[at]?.map(({ place, word }) => (
              <li key={place}>
                <span className="quiet">{place}</span>
                <bdi dir="ltr" data-record="">
                  {word}
                </bdi>
              </li>
            ))}
      </ol>
      <button
        type="button"
        className="link"
        onClick={() => {
          setDigits(!digits)
          setAt(0)
        }}
      >
        {t(digits ? 'phone.compare.as-words' : 'phone.compare.as-digits')}
      </button>
    </Page>
  )
}

function pairsOf(groups: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(groups.length / groupsAtOnce) }, (_, pair) =>
    groups.slice(pair * groupsAtOnce, (pair + 1) * groupsAtOnce),
  )
}
