import { defineCollection } from 'astro:content'
import { docsLoader } from '@astrojs/starlight/loaders'
import { docsSchema } from '@astrojs/starlight/schema'
import { pagesOfDocs } from './pages-of-docs.ts'

const own = docsLoader()
const pages = pagesOfDocs()

export const collections = {
  docs: defineCollection({
    // The first page is written for the site; all others are the files of docs/, where they stand.
    loader: {
      name: 'custody-docs',
      load: async (context) => {
        await own.load(context)
        await pages.load(context)
      },
    },
    schema: docsSchema(),
  }),
}
