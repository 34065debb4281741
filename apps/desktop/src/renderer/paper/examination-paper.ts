import type { TFunction } from 'i18next'
import type { ExaminationRow, Language, Paper, TokenView } from '../../contract/index.ts'

/** What a token can be, on one page. `says`: a text below `said`. */
export function examinationPaper(
  t: TFunction,
  says: (said: ExaminationRow['text']) => string,
  language: Language,
  { token, at, rows }: { token: TokenView; at: string; rows: readonly ExaminationRow[] },
): Paper {
  return {
    title: t('tokens.doctor.title'),
    language,
    blocks: [
      {
        kind: 'facts',
        facts: [
          { name: t('tokens.serial'), value: token.serial },
          { name: t('paper.time'), value: at },
        ],
      },
      {
        kind: 'facts',
        facts: rows.map(({ label, able, text }) => ({
          name: says([{ id: label, values: {} }]),
          value: [able === null ? '' : says([{ id: `able-${able}`, values: {} }]), says(text)]
            .filter((part) => part !== '')
            .join(': '),
        })),
      },
      { kind: 'signature', name: '', role: t('paper.verdict.verified-by') },
    ],
  }
}
