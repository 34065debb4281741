import type { Tree } from '@lux/ui/i18n'

export const files = import.meta.glob<Tree>(
  [
    '../../../../../resources/locales/tr/*.json',
    '!../../../../../resources/locales/tr/{console,phone,phone-errors,server}.json',
  ],
  { eager: true, import: 'default' },
)
