import '@fontsource-variable/noto-sans-hebrew/wght.css'
import type { Tree } from '@lux/ui/i18n'

export const files = import.meta.glob<Tree>(
  [
    '../../../../../resources/locales/he/*.json',
    '!../../../../../resources/locales/he/{console,phone,phone-errors,server}.json',
  ],
  { eager: true, import: 'default' },
)
