import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { ExpectedError } from '@lux/node-files'
import type { CustodianShareOpened } from '@lux/people'
import { create } from 'qrcode'
import type { Language, Paper } from '../../../contract/index.ts'
import { RunFolder } from '../../runs/folder/run-folder.ts'
import { storeDatabase } from '../../store/store.ts'

/** The sheet of a custodian's share: what it is of, its words with their places, and the same words as a code to scan. */
export function sheetPaper(
  share: CustodianShareOpened,
  { language, resources }: { language: Language; resources: string },
): Paper {
  const { domain, ceremonyId, key, set, t, n, index, name, words, share: commitment } = share
  const say = texts(resources, language)
  const numbers = { index: `${index}`, t: `${t}`, n: `${n}`, key }
  return {
    title: say('title', numbers),
    language,
    blocks: [
      ...(domain === 'rehearsal'
        ? [{ kind: 'paragraph' as const, text: say('rehearsal', {}), weight: 'strong' as const }]
        : []),
      { kind: 'paragraph', text: say('what', numbers) },
      {
        kind: 'facts',
        code: true,
        facts: [
          { name: say('custodian', {}), value: name },
          { name: say('ceremony', {}), value: ceremonyId },
          { name: say('set', {}), value: set },
          { name: say('commitment', {}), value: commitment },
        ],
      },
      { kind: 'words', title: say('words', {}), words: words.split(' ') },
      { kind: 'qr', title: say('code', {}), ...sheetCode(words) },
      { kind: 'paragraph', text: say('do', {}) },
    ],
  }
}

/** Texts of `sheet` in paper.json, in English where a language has none. */
function texts(resources: string, language: Language) {
  const [own, english] = [language, 'en'].map((one) => {
    const read: { sheet?: Record<string, string> } = JSON.parse(
      readFileSync(join(resources, 'locales', one, 'paper.json'), 'utf8'),
    )
    return read.sheet ?? {}
  })
  return (id: string, values: Record<string, string>): string =>
    (own?.[id] ?? english?.[id] ?? id).replace(/\{\{(\w+)\}\}/g, (_, value) => values[value] ?? '')
}

/** The words of a share as the modules of one QR code, row by row, 1 is dark: capitals take the least room, and are read as well. */
export function sheetCode(words: string): { size: number; dark: Uint8Array } {
  const { modules } = create([{ data: words.toUpperCase(), mode: 'alphanumeric' }], {
    errorCorrectionLevel: 'M',
  })
  return { size: modules.size, dark: Uint8Array.from(modules.data) }
}

/** The folder of a run is copied, exported and backed up, and so is a store: no words lie there in the open. Refuses SHEET-PLACE. */
export function mustBeOutside(sheet: string): void {
  for (let at = dirname(resolve(sheet)); ; at = dirname(at)) {
    if (RunFolder.isAt(at) || existsSync(join(at, storeDatabase)))
      throw new ExpectedError('SHEET-PLACE', `${sheet} lies in ${at}`)
    if (at === dirname(at)) return
  }
}
