import { Rec } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import type { RunView } from '../../contract/index.ts'
import { Section } from '../components/screen.tsx'

/** What each key that was made rests on, as a level and in words, never as a yes. */
export function KeyEvidence({ keys }: { keys: RunView['evidence'] }) {
  const { t } = useTranslation()
  if (keys.length === 0) return null
  return (
    <Section title={t('runner.evidence')}>
      <ul className="list ruled" aria-label={t('runner.evidence')}>
        {keys.map(({ id, level, evidence }) => (
          <li key={id} className="row tight">
            <span className="row-text">
              <span>
                {level === 'ceremony' ? t('runner.evidence-ceremony') : <Rec>{id}</Rec>}
                {': '}
                <bdi dir="ltr" data-record="">
                  {evidence}
                </bdi>
              </span>
              <span className="quiet">{t(`tokens.evidence-means.${evidence}`)}</span>
            </span>
          </li>
        ))}
      </ul>
    </Section>
  )
}
