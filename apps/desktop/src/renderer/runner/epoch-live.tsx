import { Code, FailureNotice, Icon } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, RunView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { fromBase64, type QrPart, QrShow } from '../components/codes.tsx'

/** Once the next epoch is live, every phone with an old or a new share hears it: codes here, or the file. */
export function EpochLive({ view }: { view: RunView }) {
  const { t } = useTranslation()
  const [parts, setParts] = useState<readonly QrPart[] | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  if (view.epochLive === null) return null

  async function show(): Promise<void> {
    setFailure(null)
    const answer = await call('ceremonies.carry', { id: view.id, live: true })
    if (!answer.ok) return setFailure(answer.error)
    setParts(
      answer.value.parts.map(({ type, payload }) => ({
        what: t(`runner.codes.${type}`),
        carried: { type, payload: fromBase64(payload) },
      })),
    )
  }

  return (
    <div className="failure" data-tone="warn" role="status" data-epoch="live">
      <Icon name="check" size={18} />
      <div className="section">
        <strong>{t('runner.live.title')}</strong>
        <span>{t('runner.live.what')}</span>
        <Code>{view.epochLive.file}</Code>
        <div className="actions">
          <Button type="button" variant="surface" color="gray" highContrast onClick={() => void show()}>
            <Icon name="qr" />
            {t('runner.live.show')}
          </Button>
        </div>
        {failure ? <FailureNotice failure={failure} /> : null}
        {parts === null ? null : (
          <Suspense>
            <QrShow title={t('runner.live.title')} parts={parts} onClose={() => setParts(null)} />
          </Suspense>
        )}
      </div>
    </div>
  )
}
