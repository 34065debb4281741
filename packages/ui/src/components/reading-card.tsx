import { Code } from './record.tsx'
import { cardsOf } from './word-cards.tsx'

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
