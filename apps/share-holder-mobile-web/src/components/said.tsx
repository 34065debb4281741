import type { Told } from '@lux/people'
import { Rec } from '@lux/ui'
import { useTranslation } from 'react-i18next'

/** A sentence of the domain in the person's language. */
export function Said({ told }: { told: Told }) {
  const { t } = useTranslation()
  return <Rec>{t(`phone.told.${told.name}`, told.values)}</Rec>
}

/** A sentence a line. */
export function SaidLines({ lines }: { lines: readonly Told[] }) {
  return (
    <ul className="plain lines">
      {lines.map((told) => (
        <li key={told.text}>
          <Said told={told} />
        </li>
      ))}
    </ul>
  )
}
