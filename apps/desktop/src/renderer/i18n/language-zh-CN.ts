import '@fontsource-variable/noto-sans-sc/wght.css'
import type { Tree } from '@lux/ui/i18n'

export const files = import.meta.glob<Tree>(
  [
    '../../../../../resources/locales/zh-CN/*.json',
    '!../../../../../resources/locales/zh-CN/{console,phone,phone-errors,server}.json',
  ],
  { eager: true, import: 'default' },
)
