import '@fontsource-variable/noto-sans-jp/wght.css'
import type { Tree } from '@lux/ui/i18n'

export const files = import.meta.glob<Tree>(
  '../../../../resources/locales/ja/{console,errors,meta,server,ui}.json',
  { eager: true, import: 'default' },
)
