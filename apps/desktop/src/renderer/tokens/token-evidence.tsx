import { Rec } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import type { TokenView } from '../../contract/index.ts'
import { Outcome } from '../components/outcome.tsx'
import { useSaid } from '../i18n/said.ts'

/** The level in words, then each reason why it holds or why the next one does not. */
export function TokenEvidence({ token }: { token: TokenView }) {
  const { t, i18n } = useTranslation()
  const textOf = useSaid()
  const attested = `profiles.attestation.${token.profile}`
  const names: Record<string, string> = i18n.exists(attested) ? { how: t(attested) } : {}
  return (
    <div className="panel">
      <div className="row">
        <span className="row-text">
          <strong>{t('tokens.evidence', { level: token.evidence })}</strong>
          <span className="quiet">{t(`tokens.evidence-means.${token.evidence}`)}</span>
        </span>
      </div>
      <ul className="list ruled" aria-label={t('tokens.why-level')}>
        {token.evidenceReasons.map(({ code, holds, detail, said }) => (
          <li key={code} className="row tight">
            <span className="row-text">
              <span>{t(`tokens.reason.${code}`)}</span>
              {detail === '' ? null : (
                <span className="quiet">{textOf(said, names) ?? <Rec>{detail}</Rec>}</span>
              )}
            </span>
            <Outcome tone={holds ? 'good' : 'none'}>{t(holds ? 'tokens.holds' : 'tokens.lacks')}</Outcome>
          </li>
        ))}
      </ul>
    </div>
  )
}
