import type { Tree } from '@lux/ui/i18n'

export const files = import.meta.glob<Tree>(
  '../../../../resources/locales/es/{console,errors,meta,server,ui}.json',
  { eager: true, import: 'default' },
)
