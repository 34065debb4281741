import { languageName } from '@lux/ui/i18n'
import type { TFunction } from 'i18next'
import { type Language, languages, type Paper } from '../../contract/index.ts'

const words = [
  'crossover',
  'everyday',
  'backwater',
  'intention',
  'shadow',
  'hamburger',
  'aimless',
  'resistor',
]

/** A page with every part that a paper may have, to see whether the printer has all letters, lines and codes. */
export function testPaper(t: TFunction, language: Language, facts: { name: string; value: string }[]): Paper {
  return {
    title: t('paper.test.title'),
    language,
    blocks: [
      { kind: 'paragraph', text: t('paper.test.lead'), weight: 'strong' },
      { kind: 'facts', facts, code: true },
      { kind: 'heading', text: t('paper.test.letters') },
      { kind: 'list', items: languages.map((one) => languageName(one)) },
      { kind: 'words', title: t('paper.test.words'), words },
      {
        kind: 'table',
        title: t('paper.test.write'),
        columns: [
          { title: t('paper.step'), width: 8 },
          { title: t('paper.activity'), width: 52 },
          { title: t('paper.initials'), width: 20 },
          { title: t('paper.time'), width: 20 },
        ],
        rows: [['1', t('paper.test.activity'), '', '']],
        toWrite: true,
      },
    ],
  }
}
