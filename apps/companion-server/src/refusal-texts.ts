import { fileURLToPath } from 'node:url'
import { RefusalTexts } from '@lux/node-files'

/** English: the texts of codes that the server alone has, and those that all programs share. */
export const refusalTexts = new RefusalTexts(
  fileURLToPath(new URL('../../../resources/locales/en', import.meta.url)),
  ['server'],
)
