import type { Tree } from '@lux/ui/i18n'

export const files = import.meta.glob<Tree>(
  [
    '../../../../../resources/locales/de/*.json',
    '!../../../../../resources/locales/de/{console,phone,phone-errors,server}.json',
  ],
  { eager: true, import: 'default' },
)
