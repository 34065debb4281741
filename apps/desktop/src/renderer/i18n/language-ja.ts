import '@fontsource-variable/noto-sans-jp/wght.css'
import type { Tree } from '@lux/ui/i18n'

export const files = import.meta.glob<Tree>(
  [
    '../../../../../resources/locales/ja/*.json',
    '!../../../../../resources/locales/ja/{console,phone,phone-errors,server}.json',
  ],
  { eager: true, import: 'default' },
)
