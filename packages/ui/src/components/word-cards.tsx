import { useTranslation } from 'react-i18next'
import { Icon } from './icon.tsx'
import { Code } from './record.tsx'

/** What the people who compare said about one card of words. */
export type CardState = 'waiting' | 'reading' | 'heard' | 'differs' | 'stopped'

export type Word = { readonly place: number; readonly word: string; readonly byte: string | null }

const wordsPerCard = 4

/** A fingerprint's words as cards of four. `hex`: two digits for each word; with any other length no digits are shown. */
export function cardsOf(words: readonly string[], hex?: string): Word[][] {
  const bytes = hex !== undefined && hex.length === 2 * words.length ? hex : null
  const numbered = words.map((word, index) => ({
    place: index + 1,
    word,
    byte: bytes === null ? null : bytes.slice(2 * index, 2 * index + 2),
  }))
  return Array.from({ length: Math.ceil(words.length / wordsPerCard) }, (_, card) =>
    numbered.slice(card * wordsPerCard, (card + 1) * wordsPerCard),
  )
}

/** Six groups of five digits for people who cannot hear or say the words. They carry about 100 bits of the digest. */
export function digitsOf(hex: string): string[] {
  const digits = (BigInt(`0x${hex}`) % 10n ** 30n).toString().padStart(30, '0')
  return digits.match(/.{5}/g) ?? []
}

/** Words to read aloud, in the same grid on every screen: numbered cards of four, each word with its byte. */
export function WordCards({
  words,
  hex,
  label,
  states,
}: {
  words: readonly string[]
  hex?: string
  label: string
  /** One for each card. Absent: nobody was asked yet. */
  states?: readonly CardState[]
}) {
  const { t } = useTranslation()
  const cards = cardsOf(words, hex)
  return (
    <figure className="word-cards">
      <figcaption>{label}</figcaption>
      <ol className="word-cards-grid" dir="ltr" aria-label={t('ui.words-of', { what: label })}>
        {cards.map((card, index) => {
          const state = states?.[index] ?? null
          return (
            <li key={card[0]?.place} className="word-card" data-state={state ?? undefined}>
              <span className="word-card-head">
                <span>{index + 1}</span>
                {state === 'heard' ? <Icon name="check" /> : null}
                {state === 'differs' || state === 'stopped' ? <Icon name="cross" /> : null}
                {state === null || state === 'waiting' ? null : (
                  <span className="word-card-state">{t(`ui.card.${state}`)}</span>
                )}
              </span>
              <ol start={card[0]?.place} lang="en">
                {card.map(({ place, word, byte }) => (
                  <li key={place}>
                    <span className="word-place" aria-hidden="true">
                      {place}
                    </span>
                    <bdi dir="ltr" className="word" data-record="">
                      {word}
                    </bdi>
                    {byte === null ? null : (
                      <span className="word-byte" aria-hidden="true">
                        <Code>{byte}</Code>
                      </span>
                    )}
                  </li>
                ))}
              </ol>
            </li>
          )
        })}
      </ol>
      {hex === undefined ? null : (
        <>
          <span className="quiet">
            <Code>{hex}</Code>
          </span>
          <span className="quiet">
            {t('ui.digits')} <Code>{digitsOf(hex).join(' ')}</Code>
          </span>
        </>
      )}
    </figure>
  )
}

/** The present card, large enough for everybody in the room: four numbered words to read aloud, each with its byte. */
export function ReadingCard({
  words,
  hex,
  card,
  label,
  digits = false,
}: {
  words: readonly string[]
  hex?: string
  /** From 1. */
  card: number
  label: string
  /** Shows the bytes large and the words small, for somebody who compares digits. */
  digits?: boolean
}) {
  const shown = cardsOf(words, hex)[card - 1] ?? []
  return (
    <ol className="reading-card" dir="ltr" lang="en" aria-label={label} start={shown[0]?.place}>
      {shown.map(({ place, word, byte }) => (
        <li key={place} className="reading-row">
          <span className="reading-place" aria-hidden="true">
            {place}
          </span>
          <bdi className="reading-word" data-record="">
            {digits && byte !== null ? byte : word}
          </bdi>
          {byte === null ? null : (
            <span className="reading-byte" aria-hidden="true">
              <Code>{digits ? word : byte}</Code>
            </span>
          )}
        </li>
      ))}
    </ol>
  )
}
