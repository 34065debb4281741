import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Loader } from 'astro/loaders'
import { slugOf, withSiteLinks } from './links.ts'

/** Every page of docs/, and of made/ beside it: its first heading is the title, and the rest is the page. */
export function pagesOfDocs(): Loader {
  return {
    name: 'pages-of-docs',
    async load({ config, store, parseData, renderMarkdown, generateDigest }) {
      const files = ['../docs', 'made'].flatMap((folder) =>
        readdirSync(join(config.root.pathname, folder), { recursive: true, encoding: 'utf8' })
          .filter((name) => name.endsWith('.md'))
          .map((name) => ({ name, path: join(config.root.pathname, folder, name) })),
      )
      for (const { name, path } of files) {
        const text = readFileSync(path, 'utf8')
        const [, title, rest] = /^# (.+)\n([\s\S]*)$/.exec(text) ?? []
        if (title === undefined || rest === undefined)
          throw new Error(`${path} does not begin with a heading`)
        const body = withSiteLinks(name, rest)
        const filePath = join('..', 'docs', name)
        const id = slugOf(name)
        const data = await parseData({ id, data: { title: title.replaceAll('`', '') }, filePath })
        const rendered = await renderMarkdown(body, { fileURL: pathToFileURL(path) })
        store.set({ id, data, body, filePath, digest: generateDigest(text), rendered })
      }
    },
  }
}
