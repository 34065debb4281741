import type { Tree } from './tree.ts'

export const files = import.meta.glob<Tree>('../../../../../resources/locales/ar/*.json', {
  eager: true,
  import: 'default',
})
