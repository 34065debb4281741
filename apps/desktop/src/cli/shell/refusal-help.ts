import { join } from 'node:path'
import { type RefusalText, RefusalTexts } from '@lux/node-files'
import { findParts } from '../../core/program.ts'

let texts: RefusalTexts | null = null

/** What is always true of a code: by the English texts that the window has too. */
export function refusalHelp(code: string): RefusalText | null {
  texts ??= new RefusalTexts(join(findParts().resources, 'locales/en'))
  return texts.of(code)
}
