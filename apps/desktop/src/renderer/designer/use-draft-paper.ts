import { useTranslation } from 'react-i18next'
import type { DraftView, Paper } from '../../contract/index.ts'
import { useScriptText } from '../i18n/step-text.ts'
import { paperLanguage } from '../paper/paper-language.ts'
import { scriptPaper } from '../paper/plan-paper.ts'

/** The paper that the draft becomes: the same that a plan has. */
export function useDraftPaper(draft: DraftView): Paper {
  const { t, i18n } = useTranslation()
  const said = useScriptText()
  const { title, people, words, hash, parts } = draft
  return scriptPaper(t, said, paperLanguage(i18n.language), {
    title,
    people,
    facts: [],
    hash: { title: t('designer.hash'), words, hex: hash },
    parts,
  })
}
