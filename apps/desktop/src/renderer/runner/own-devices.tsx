import { Code, FailureNotice, Rec } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, Need, RunView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { pickFile } from '../components/file-picker.tsx'
import { Outcome } from '../components/outcome.tsx'
import { shares } from '../stores/remotes.ts'
import type { Act } from './act.ts'
import { ScanAnswer, ShowToHolders, scannedAs } from './holder-codes.tsx'

type Props = { view: RunView; need: Extract<Need, { need: 'sign' }>; act: Act }

/** Holders of a rehearsal with a phone of their own: their files go out, their answer comes back. */
export function OwnDevices({ view, need, act }: Props) {
  const { t } = useTranslation()
  const [busy, setBusy] = useState(false)
  const [written, setWritten] = useState<readonly string[]>([])
  const [failure, setFailure] = useState<Failure | null>(null)

  async function handOver(): Promise<void> {
    const folder = await pickFile('folder')
    if (folder === null) return
    setBusy(true)
    setFailure(null)
    const answer = await call('ceremonies.handToHolders', { id: view.id, folder })
    setBusy(false)
    if (answer.ok) setWritten(answer.value.paths)
    else setFailure(answer.error)
    void shares.again()
  }

  async function take(): Promise<void> {
    const path = await pickFile('document')
    if (path !== null) await act(call('ceremonies.submitFile', { id: view.id, path }))
  }

  return (
    <section className="stage-card own-devices" aria-label={t('runner.own.title')}>
      <strong>
        {t('runner.own.title')}: <Rec>{need.ownDevices.join(', ')}</Rec>
      </strong>
      <ol className="carry">
        <li>
          <span>{t('runner.own.out')}</span>
          <ShowToHolders id={view.id} holders={need.ownDevices} />
          <div className="actions">
            <Button
              variant="surface"
              color="gray"
              highContrast
              loading={busy}
              onClick={() => void handOver()}
            >
              {t('runner.own.write')}
            </Button>
            {written.length === 0 ? null : (
              <span role="status">
                <Outcome tone="good">{t('runner.own.written', { count: written.length })}</Outcome>
                <Code>{written[0] ?? ''}</Code>
              </span>
            )}
          </div>
        </li>
        <li>
          <span>{t('runner.own.back')}</span>
          <div className="actions">
            <ScanAnswer id={view.id} what={scannedAs(need.what) ?? 'holder-answer'} act={act} />
            <Button variant="surface" color="gray" highContrast onClick={() => void take()}>
              {t('runner.own.take')}
            </Button>
          </div>
        </li>
      </ol>
      {failure ? <FailureNotice failure={failure} /> : null}
    </section>
  )
}
