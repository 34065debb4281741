import { useTranslation } from 'react-i18next'
import { Code } from './record.tsx'

/** Words to read aloud, numbered; `hex` stands below for those who compare by eye. */
export function Fingerprint({
  words,
  hex,
  label,
}: {
  words: readonly string[]
  hex?: string
  label: string
}) {
  const { t } = useTranslation()
  return (
    <figure style={{ margin: 0, display: 'grid', gap: '0.375rem' }}>
      <figcaption className="quiet">{label}</figcaption>
      <ol className="words" dir="ltr" lang="en" aria-label={t('common.words-of', { what: label })}>
        {words.map((word, index) => (
          // A word may come twice; its place is what tells it apart.
          // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes order
          <li key={index}>
            <bdi dir="ltr" data-record="">
              {word}
            </bdi>
          </li>
        ))}
      </ol>
      {hex ? (
        <span className="quiet">
          <Code>{hex}</Code>
        </span>
      ) : null}
    </figure>
  )
}
