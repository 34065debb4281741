import type { Appearance } from '../contract/index.ts'

const files = import.meta.glob<Record<string, string>>('../../../../resources/locales/*/shell.json', {
  eager: true,
  import: 'default',
})

/** The few sentences that main itself shows in native dialogs, in English where they are not translated; `key` is one of shell.json. */
export function caption(language: Appearance['language'], key: string): string {
  const text = textIn(language, key) ?? textIn('en', key)
  if (text === undefined) throw new RangeError(`caption: ${language} has no ${key}`)
  return text
}

function textIn(language: string, key: string): string | undefined {
  const path = Object.keys(files).find((name) => name.includes(`/${language}/`))
  return path === undefined ? undefined : files[path]?.[key]
}
