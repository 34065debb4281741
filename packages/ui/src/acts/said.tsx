import { useTranslation } from 'react-i18next'
import { isolated, isTime, timeOf } from './time.ts'

/** A sentence of the domain: its name among the texts, its values, and the same in English. */
export type Told = {
  readonly name: string
  readonly values: Readonly<Record<string, string | number>>
  readonly text: string
}

/** A sentence of the domain in the person's language. */
export function Said({ told }: { told: Told }) {
  const { t } = useTranslation()
  const values: Record<string, string | number> = {}
  for (const [name, value] of Object.entries(told.values))
    values[name] = typeof value !== 'string' ? value : isTime(value) ? timeOf(value) : isolated(value)
  return t(`act.told.${told.name}`, values)
}

/** A sentence a line. */
export function SaidLines({ lines }: { lines: readonly Told[] }) {
  return (
    <ul className="plain lines">
      {lines.map((told, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the list is of one document, and two lines may be alike
        <li key={`${at} ${told.text}`}>
          <Said told={told} />
        </li>
      ))}
    </ul>
  )
}
