import { Rec } from '@lux/ui'
import { Link } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { DraftSummary, SetupSummary } from '../../contract/index.ts'
import { Section } from '../components/screen.tsx'
import { hrefOf } from '../stores/route.ts'

/** Ceremonies that are being set up, with the approvals that they wait for, and scripts that are being made. */
export function Unfinished({ setups, drafts }: { setups: SetupSummary[]; drafts: DraftSummary[] }) {
  const { t } = useTranslation()
  const count = setups.length + drafts.length
  if (count === 0) return null
  return (
    <Section title={t('home.unfinished', { count })}>
      <ul className="list">
        {setups.map(({ id, title, next, signed }) => (
          <li key={id} className="row">
            <span className="row-text">
              <Link underline="always" href={hrefOf('setup', id)}>
                <Rec>{title}</Rec>
              </Link>
              <span className="quiet">{t('setup.stands', { stage: t(`setup.stage.${next}`) })}</span>
            </span>
            {signed === null ? null : (
              <span>{t(`home.waits.${next === 'policy' ? 'policy' : 'approve'}`, signed)}</span>
            )}
          </li>
        ))}
        {drafts.map(({ id, title, faults }) => (
          <li key={id} className="row">
            <span className="row-text">
              <Link underline="always" href={hrefOf('script', id)}>
                <Rec>{title}</Rec>
              </Link>
              <span className="quiet">{t('home.draft')}</span>
            </span>
            {faults === 0 ? null : <span>{t('designer.faults', { count: faults })}</span>}
          </li>
        ))}
      </ul>
    </Section>
  )
}
