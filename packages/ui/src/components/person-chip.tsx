import { useTranslation } from 'react-i18next'
import { Icon } from './icon.tsx'
import { Rec } from './record.tsx'

/** `expected`: nobody was called yet. `unsigned`: a signature is waited for, wherever the person is. */
type Presence = 'expected' | 'unsigned' | 'absent' | 'here' | 'acting' | 'done'

/** A name's initials: of its first and last word, or of its only one. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean)
  const first = words[0]
  const last = words.length > 1 ? words.at(-1) : undefined
  const letters = [first, last].flatMap((word) => {
    const [letter] = word === undefined ? [] : [...new Intl.Segmenter().segment(word)]
    return letter === undefined ? [] : [letter.segment.toLocaleUpperCase('en')]
  })
  return letters.join('')
}

/** A person: initials, name, and a note. Their state is also given in words. */
export function PersonChip({
  name,
  note,
  presence,
  size = 'medium',
}: {
  name: string
  /** A role, a device, or what they did. */
  note?: string
  presence: Presence
  size?: 'small' | 'medium' | 'large'
}) {
  const { t } = useTranslation()
  return (
    <span className="person" data-presence={presence} data-size={size}>
      <span className="person-initials" aria-hidden="true" data-record="">
        {initialsOf(name)}
        {presence === 'done' ? (
          <span className="person-tick">
            <Icon name="check" size={10} />
          </span>
        ) : null}
      </span>
      <span className="person-text">
        <span className="person-name">
          <Rec>{name}</Rec>
        </span>
        {note === undefined ? null : <span className="person-note">{note}</span>}
        <span className="visually-hidden">{t(`ui.presence.${presence}`)}</span>
      </span>
    </span>
  )
}
