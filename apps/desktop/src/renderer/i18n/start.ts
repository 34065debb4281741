import { loaders } from 'virtual:languages'
import { createTexts } from '@lux/ui/i18n'
import type { Language } from '../../contract/index.ts'

export const { startI18n, switchLanguage } = createTexts<Language>(loaders)
