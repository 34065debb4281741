import type { Tree } from '@lux/ui/i18n'

export const files = import.meta.glob<Tree>(
  [
    '../../../../../resources/locales/en/*.json',
    '!../../../../../resources/locales/en/{console,phone,phone-errors,server}.json',
  ],
  { eager: true, import: 'default' },
)
