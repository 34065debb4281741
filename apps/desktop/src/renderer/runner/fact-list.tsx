import { Code, Rec, WordCards } from '@lux/ui'
import { Fragment, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Fact } from '../../contract/index.ts'
import { useFormats } from '../i18n/format.ts'

export type FactText = {
  /** For an accessible name, which takes text alone. */
  labelOf(fact: Fact): string
  nameOf(fact: Fact): ReactNode
  shownOf(fact: Fact): ReactNode
}

/** Measured values in words: their names, and each in the form that it has. */
export function useFactText(): FactText {
  const { t, i18n } = useTranslation()
  const format = useFormats()
  /** A plan's own answers are named by the plan. */
  const keyOf = (name: string): string | undefined =>
    [`facts.${name}`, `script.field.${name}`].find((key) => i18n.exists(key))

  return {
    labelOf({ name }) {
      const key = keyOf(name)
      return key === undefined ? inWords(name) : t(key)
    },
    nameOf({ name }) {
      const key = keyOf(name)
      return key === undefined ? <Rec>{inWords(name)}</Rec> : t(key)
    },
    shownOf({ value, form, key }) {
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
    },
  }
}

/** Measured values; words to read aloud stand apart from the rest. */
export function FactList({ facts }: { facts: readonly Fact[] }) {
  const { labelOf, nameOf, shownOf } = useFactText()
  const spoken = facts.filter(({ form }) => form === 'words')
  // The digits of what is spoken stand with its words.
  const others = facts.filter(
    ({ form, name }) => form !== 'words' && !(form === 'hex' && spoken.some((one) => one.name === name)),
  )
  const hexOf = (name: string): { hex?: string } => {
    const hex = facts.find((fact) => fact.form === 'hex' && fact.name === name)?.value
    return hex === undefined ? {} : { hex }
  }

  return (
    <>
      {spoken.map((fact) => (
        <WordCards
          key={fact.name}
          words={fact.value.split(' ')}
          label={labelOf(fact)}
          {...hexOf(fact.name)}
        />
      ))}
      {others.length === 0 ? null : (
        <dl className="facts">
          {others.map((fact) => (
            <Fragment key={`${fact.name} ${fact.value}`}>
              <dt>{nameOf(fact)}</dt>
              <dd>{shownOf(fact)}</dd>
            </Fragment>
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
