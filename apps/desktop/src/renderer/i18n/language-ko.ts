import '@fontsource-variable/noto-sans-kr/wght.css'
import type { Tree } from '@lux/ui/i18n'

export const files = import.meta.glob<Tree>(
  [
    '../../../../../resources/locales/ko/*.json',
    '!../../../../../resources/locales/ko/{console,phone,phone-errors,server}.json',
  ],
  { eager: true, import: 'default' },
)
