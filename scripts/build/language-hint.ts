import type { Plugin } from 'vite'

/** Has index.html ask for the texts of its language at once; main writes the language where the page is served. */
export function languageHint(): Plugin {
  return {
    name: 'language-hint',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { filename }) =>
        /(paper|wall)\.html$/.test(filename)
          ? []
          : [
              {
                tag: 'link',
                attrs: { rel: 'modulepreload', href: './assets/language-__LANGUAGE__.js' },
                injectTo: 'head',
              },
            ],
    },
  }
}
