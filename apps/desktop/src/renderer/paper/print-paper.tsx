import { Code, FailureNotice, Icon } from '@lux/ui'
import { Button, Dialog } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, Paper, Result } from '../../contract/index.ts'
import { call } from '../client.ts'
import { Outcome } from '../components/outcome.tsx'

type Ended = { saved: string } | { sent: true } | { failure: Failure }

/** Puts something on paper: as a PDF that the person keeps, or by a printer of the system's. `name`: of the file, without its ending. */
export function PrintPaper({
  label,
  name,
  paper,
}: {
  label: string
  name: string
  paper: () => Promise<Result<Paper>>
}) {
  const { t } = useTranslation()
  const [busy, setBusy] = useState<'save' | 'print' | null>(null)
  const [ended, setEnded] = useState<Ended | null>(null)

  async function save(made: Paper): Promise<Ended | null> {
    const answer = await call('shell.savePaper', { paper: made, name: `${name}.pdf` })
    if (!answer.ok) return { failure: answer.error }
    return answer.value.path === null ? null : { saved: answer.value.path }
  }

  async function print(made: Paper): Promise<Ended | null> {
    const answer = await call('shell.printPaper', { paper: made })
    if (!answer.ok) return { failure: answer.error }
    return answer.value.sent ? { sent: true } : null
  }

  async function begin(way: 'save' | 'print'): Promise<void> {
    setBusy(way)
    setEnded(null)
    const made = await paper()
    if (!made.ok) setEnded({ failure: made.error })
    else setEnded(await (way === 'save' ? save(made.value) : print(made.value)))
    setBusy(null)
  }

  return (
    <Dialog.Root onOpenChange={() => setEnded(null)}>
      <Dialog.Trigger>
        <Button variant="surface" color="gray" highContrast>
          <Icon name="file" />
          {label}
        </Button>
      </Dialog.Trigger>
      <Dialog.Content maxWidth="34rem" aria-describedby={undefined}>
        <Dialog.Title size="4">{label}</Dialog.Title>
        <div className="panel-body" style={{ padding: 0 }}>
          <p className="quiet" style={{ margin: 0 }}>
            {t('paper.what')}
          </p>
          {ended !== null && 'failure' in ended ? <FailureNotice failure={ended.failure} /> : null}
          <div role="status">
            {ended !== null && 'saved' in ended ? (
              <Outcome tone="good">
                {t('paper.saved')} <Code>{ended.saved}</Code>
              </Outcome>
            ) : null}
            {ended !== null && 'sent' in ended ? <Outcome tone="good">{t('paper.sent')}</Outcome> : null}
          </div>
          <div className="actions">
            <Button loading={busy === 'save'} disabled={busy === 'print'} onClick={() => void begin('save')}>
              {t('paper.save')}
            </Button>
            <Button
              variant="surface"
              color="gray"
              highContrast
              loading={busy === 'print'}
              disabled={busy === 'save'}
              onClick={() => void begin('print')}
            >
              {t('paper.print')}
            </Button>
            <Dialog.Close>
              <Button variant="ghost" color="gray" highContrast>
                {t('paper.close')}
              </Button>
            </Dialog.Close>
          </div>
        </div>
      </Dialog.Content>
    </Dialog.Root>
  )
}
