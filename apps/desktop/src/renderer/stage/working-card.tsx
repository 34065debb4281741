import { Rec } from '@lux/ui'
import { Button, Progress } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../client.ts'
import type { WorkReport } from '../stores/work.ts'
import { clockOf, useNow } from './elapsed.tsx'

const radius = 44
const around = 2 * Math.PI * radius

/** The machine is at it: for how long, how far, and whether it can be stopped. */
export function WorkingCard({ id, report }: { id: string; report: WorkReport | null }) {
  const { t, i18n } = useTranslation()
  const [began] = useState(() => Date.now())
  const now = useNow()
  const percent = report === null || report.fraction === null ? null : Math.round(report.fraction * 100)
  const known = report !== null && i18n.exists(`work.${report.what}`)
  const what = known ? t(`work.${report.what}`) : t('work.other')
  return (
    <section className="stage-card working" role="status" aria-live="polite" aria-atomic="true">
      <svg
        className={percent === null ? 'working-ring working-turns' : 'working-ring'}
        viewBox="0 0 100 100"
        aria-hidden="true"
      >
        <circle className="working-track" cx="50" cy="50" r={radius} />
        <circle
          className="working-done"
          cx="50"
          cy="50"
          r={radius}
          strokeDasharray={`${around * ((percent ?? 25) / 100)} ${around}`}
          transform="rotate(-90 50 50)"
        />
      </svg>
      <span className="working-time" aria-hidden="true">
        <bdi data-record="">{clockOf(now - began, true)}</bdi>
      </span>
      <div className="working-text">
        <strong>{t('stage.machine-works')}</strong>
        <span className="quiet">
          {percent === null ? t('work.under-way') : t('work.percent', { percent })}{' '}
          {report === null || known ? null : <Rec>{report.what}</Rec>}
        </span>
        <Progress aria-label={what} {...(percent === null ? { duration: '30s' } : { value: percent })} />
        {report?.cancellable ? (
          <div>
            <Button
              variant="surface"
              color="gray"
              highContrast
              onClick={() => void call('ceremonies.cancel', { id })}
            >
              {t('common.cancel')}
            </Button>
          </div>
        ) : (
          <span className="why-not">{t('work.not-cancellable')}</span>
        )}
      </div>
    </section>
  )
}
