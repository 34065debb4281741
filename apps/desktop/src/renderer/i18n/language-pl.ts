import type { Tree } from '@lux/ui/i18n'

export const files = import.meta.glob<Tree>(
  [
    '../../../../../resources/locales/pl/*.json',
    '!../../../../../resources/locales/pl/{console,phone,phone-errors,server}.json',
  ],
  { eager: true, import: 'default' },
)
