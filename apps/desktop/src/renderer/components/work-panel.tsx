import { Rec } from '@lux/ui'
import { Button, Progress } from '@radix-ui/themes'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '../client.ts'
import type { WorkReport } from '../stores/work.ts'

/** Work over one second: what, how far, and Cancel where it can be stopped. `id` is the ceremony's or the token's. */
export function WorkPanel({ id, report }: { id: string; report: WorkReport }) {
  const { t, i18n } = useTranslation()
  const [shown, setShown] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 600)
    return () => clearTimeout(timer)
  }, [])
  if (!shown) return null
  const percent = report.fraction === null ? null : Math.round(report.fraction * 100)
  const what = i18n.exists(`work.${report.what}`) ? t(`work.${report.what}`) : t('work.other')
  return (
    <div className="step-need" role="status" aria-live="polite" aria-atomic="true">
      <div className="row" style={{ padding: 0 }}>
        <span className="row-text">
          <strong>{what}</strong>
          <span className="quiet">
            {percent === null ? t('work.under-way') : t('work.percent', { percent })}
            {i18n.exists(`work.${report.what}`) ? null : (
              <>
                {' '}
                <Rec>{report.what}</Rec>
              </>
            )}
          </span>
        </span>
        {report.cancellable ? (
          <Button
            type="button"
            variant="surface"
            color="gray"
            highContrast
            onClick={() => void call('ceremonies.cancel', { id })}
          >
            {t('common.cancel')}
          </Button>
        ) : (
          <span className="why-not">{t('work.not-cancellable')}</span>
        )}
      </div>
      <Progress aria-label={what} {...(percent === null ? { duration: '30s' } : { value: percent })} />
    </div>
  )
}
