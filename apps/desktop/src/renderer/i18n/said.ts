import { useTranslation } from 'react-i18next'
import type { Said } from '../../contract/index.ts'

/** First-strong isolate and its end: a name keeps its own direction inside a sentence. */
const [isolate, end] = ['\u2068', '\u2069']

/**
 * What the driver says of a token, in the language of the window, or null where it is a name, or said by another version of the driver.
 * `names`: what replaces a value that has a translation of its own.
 */
export function useSaid(): (
  said: readonly Said[],
  names?: Readonly<Record<string, string>>,
) => string | null {
  const { t, i18n } = useTranslation()
  const nameOf = (value: string): string => (i18n.exists(`probe.${value}`) ? t(`probe.${value}`) : value)
  return (said, names = {}) => {
    if (said.length === 0 || said.some(({ id }) => !i18n.exists(`said.${id}`))) return null
    const sentences = said.map(({ id, values }) => {
      const filled = Object.entries(values).map(([name, value]) => {
        const text = names[name] ?? (name === 'attacks' ? value.split(', ').map(nameOf).join(', ') : value)
        return [name, `${isolate}${text}${end}`]
      })
      return t(`said.${id}`, Object.fromEntries(filled))
    })
    return sentences.join(' · ')
  }
}
