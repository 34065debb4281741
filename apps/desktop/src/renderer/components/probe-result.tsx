import { useTranslation } from 'react-i18next'
import type { ProbeView } from '../../contract/index.ts'
import { useFormats } from '../i18n/format.ts'
import { Outcome, type Tone } from './outcome.tsx'
import { Code, Rec } from './record.tsx'

const tones: Record<ProbeView['checks'][number]['outcome'], Tone> = {
  held: 'good',
  broken: 'bad',
  unsupported: 'none',
}

export function ProbeResult({ probe }: { probe: ProbeView }) {
  const { t, i18n } = useTranslation()
  const format = useFormats()
  return (
    <div className="panel">
      <div className="row">
        <Outcome tone={probe.passed ? 'good' : 'bad'}>
          <strong>{probe.passed ? t('tokens.probe-held') : t('tokens.probe-broken')}</strong>
        </Outcome>
        <span className="quiet">
          <Rec>{format.time(probe.at)}</Rec>
        </span>
      </div>
      <ul className="list" style={{ borderBlockStart: '1px solid var(--gray-4)' }}>
        {probe.checks.map(({ id, outcome, detail }) => (
          <li key={id} className="row" style={{ paddingBlock: '0.5rem' }}>
            <span className="row-text">
              <span>{i18n.exists(`probe.${id}`) ? t(`probe.${id}`) : <Code>{id}</Code>}</span>
              {detail === '' ? null : (
                <span className="quiet">
                  <Rec>{detail}</Rec>
                </span>
              )}
            </span>
            <Outcome tone={tones[outcome]}>{t(`tokens.attack.${outcome}`)}</Outcome>
          </li>
        ))}
      </ul>
    </div>
  )
}
