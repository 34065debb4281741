import { Code, Rec, WordCards } from '@lux/ui'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Fact } from '../../contract/index.ts'
import { useFormats } from '../i18n/format.ts'

/** Measured values; words to read aloud stand apart from the rest. */
export function FactList({ facts }: { facts: readonly Fact[] }) {
  const { t, i18n } = useTranslation()
  const format = useFormats()
  /** A plan's own answers are named by the plan. */
  const keyOf = (name: string): string | undefined =>
    [`facts.${name}`, `script.field.${name}`].find((key) => i18n.exists(key))
  const nameOf = (name: string): string => {
    const key = keyOf(name)
    return key === undefined ? inWords(name) : t(key)
  }
  const spoken = facts.filter(({ form }) => form === 'words')
  const others = facts.filter(({ form }) => form !== 'words')

  function shown({ value, form, key }: Fact) {
    if (key !== undefined && i18n.exists(key)) return t(key)
    switch (form) {
      case 'hex':
      case 'code':
      case 'time':
        return <Code>{value}</Code>
      case 'bytes':
        return <Rec>{format.bytes(Number(value))}</Rec>
      case 'flag':
        return t(value === 'true' ? 'common.yes' : 'common.no')
      default:
        return <Rec>{value}</Rec>
    }
  }

  return (
    <>
      {spoken.map((fact) => (
        <WordCards key={fact.name} words={fact.value.split(' ')} label={nameOf(fact.name)} />
      ))}
      {others.length === 0 ? null : (
        <dl className="facts">
          {others.map((fact) => (
            <FactLine key={fact.name} name={nameOf(fact.name)} translated={keyOf(fact.name) !== undefined}>
              {shown(fact)}
            </FactLine>
          ))}
        </dl>
      )}
    </>
  )
}

/** `bag-number` as `Bag number`. */
function inWords(name: string): string {
  const words = name.replaceAll('-', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function FactLine({
  name,
  translated,
  children,
}: {
  name: string
  translated: boolean
  children: ReactNode
}) {
  return (
    <>
      <dt>{translated ? name : <Rec>{name}</Rec>}</dt>
      <dd>{children}</dd>
    </>
  )
}
