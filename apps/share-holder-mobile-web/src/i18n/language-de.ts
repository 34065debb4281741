import type { Tree } from '@lux/ui/i18n'

export const files = import.meta.glob<Tree>(
  '../../../../resources/locales/de/{errors,meta,rules,phone,phone-errors,ui}.json',
  { eager: true, import: 'default' },
)
