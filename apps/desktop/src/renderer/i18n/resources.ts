type Tree = { [key: string]: string | Tree }

/** `ar` and `en` are complete; `pseudo` is English with markers, to find text that is not translated. */
export type Language = 'en' | 'ar' | 'pseudo'

const files = import.meta.glob<Tree>('../../../../../resources/locales/*/*.json', {
  eager: true,
  import: 'default',
})

/** All sections of a language, each file a top-level key. */
export function translations(language: 'en' | 'ar'): Tree {
  const tree: Tree = {}
  for (const [path, section] of Object.entries(files)) {
    const match = /\/locales\/(\w+)\/([\w-]+)\.json$/.exec(path)
    if (match?.[1] === language && match[2] !== undefined) tree[match[2]] = section
  }
  return tree
}
