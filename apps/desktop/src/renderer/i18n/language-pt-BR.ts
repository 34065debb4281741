import type { Tree } from '@lux/ui/i18n'

export const files = import.meta.glob<Tree>(
  [
    '../../../../../resources/locales/pt-BR/*.json',
    '!../../../../../resources/locales/pt-BR/{console,phone,phone-errors,server}.json',
  ],
  { eager: true, import: 'default' },
)
