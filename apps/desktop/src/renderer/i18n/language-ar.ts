import { sections, type Tree } from './tree.ts'

const files = import.meta.glob<Tree>('../../../../../resources/locales/ar/*.json', {
  eager: true,
  import: 'default',
})

export const texts = sections(files)
