import { fileURLToPath } from 'node:url'
import { RefusalTexts } from '@lux/node-files'

/** English: the server's own texts, else those of the tokens, checks and files that the workstation knows too. */
export const refusalTexts = new RefusalTexts(
  fileURLToPath(new URL('../../../resources/locales/en', import.meta.url)),
  ['server'],
)
