import type { Appearance } from '../contract/index.ts'

const files = import.meta.glob<Record<string, string>>('../../../../resources/locales/*/shell.json', {
  eager: true,
  import: 'default',
})

/** The few sentences that main itself shows in native dialogs; `key` is one of resources/locales/<language>/shell.json. */
export function caption(language: Appearance['language'], key: string): string {
  const path = Object.keys(files).find((name) => name.includes(`/${language}/`))
  const text = path === undefined ? undefined : files[path]?.[key]
  if (text === undefined) throw new RangeError(`caption: ${language} has no ${key}`)
  return text
}
