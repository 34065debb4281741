import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Plugin } from 'vite'

/** Fonts that one language alone needs. The phone has its own. */
export const letters: Readonly<Record<string, string>> = {
  he: '@fontsource-variable/noto-sans-hebrew/wght.css',
  ja: '@fontsource-variable/noto-sans-jp/wght.css',
  ko: '@fontsource-variable/noto-sans-kr/wght.css',
  'zh-CN': '@fontsource-variable/noto-sans-sc/wght.css',
}

const scriptOf = /\/language-([A-Za-z-]+)\.js$/

/**
 * Makes `virtual:languages`, a loader for each language by its tag. All texts of a language are one script, `language-TAG`, so that a page
 * asks once. `has`: whether this program shows the texts of a section.
 */
export function languages(has: (section: string) => boolean, fonts = letters): Plugin {
  let locales = ''
  return {
    name: 'lux-languages',
    configResolved({ root }) {
      locales = localesAbove(root)
    },
    resolveId: (id) => (id === 'virtual:languages' || scriptOf.test(id) ? id : null),
    load(id) {
      if (id === 'virtual:languages') {
        // English first, as the first of any choice.
        const tags = ['en', ...readdirSync(locales).filter((tag) => tag !== 'en')]
        const loaders = tags.map(
          (tag) => `'${tag}': () => import(${JSON.stringify(join(locales, `language-${tag}.js`))})`,
        )
        return `export const loaders = { ${loaders.join(',\n')} }`
      }
      const tag = scriptOf.exec(id)?.[1]
      if (tag === undefined) return null
      const files = readdirSync(join(locales, tag)).filter((file) => has(file.slice(0, -'.json'.length)))
      const imports = files.map(
        (file, at) => `import t${at} from ${JSON.stringify(join(locales, tag, file))}`,
      )
      const font = fonts[tag] === undefined ? [] : [`import '${fonts[tag]}'`]
      const all = files.map((file, at) => `'${file}': t${at}`)
      return [...font, ...imports, `export const files = { ${all.join(', ')} }`].join('\n')
    },
  }
}

/** This file may be part of a bundled configuration, so its own place says nothing. */
function localesAbove(folder: string): string {
  const locales = join(folder, 'resources/locales')
  return existsSync(locales) || folder === dirname(folder) ? locales : localesAbove(dirname(folder))
}
