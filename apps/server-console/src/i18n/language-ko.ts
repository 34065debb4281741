import '@fontsource-variable/noto-sans-kr/wght.css'
import type { Tree } from '@lux/ui/i18n'

export const files = import.meta.glob<Tree>(
  '../../../../resources/locales/ko/{console,errors,meta,server,ui}.json',
  { eager: true, import: 'default' },
)
