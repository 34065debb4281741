import { Button } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, Need, RunView } from '../../contract/index.ts'
import { call } from '../client.ts'
import type { Act } from '../screens/runner.tsx'
import { FailureNotice } from './failure-notice.tsx'
import { pickFile } from './file-picker.tsx'
import { Outcome } from './outcome.tsx'
import { Code } from './record.tsx'

type Props = { view: RunView; need: Extract<Need, { need: 'sign' }>; act: Act }

/** How people sign on devices of their own: the request goes out on a medium, and each answer comes back as a file. */
export function CarryRequest({ view, need, act }: Props) {
  const { t } = useTranslation()
  const [busy, setBusy] = useState(false)
  const [copied, setCopied] = useState<string | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const name = need.file.split(/[/\\]/).at(-1) ?? ''
  const answer = `${name.replace(/\.json$/, '')}.sig`
  const verb = verbs[need.what] ?? ['officer', 'approve']
  const command = ['custody', ...verb, name, '--key', 'key-file', '--out', answer].join(' ')

  async function copy(): Promise<void> {
    const folder = await pickFile('folder')
    if (folder === null) return
    setBusy(true)
    setFailure(null)
    const written = await call('ceremonies.handOut', { id: view.id, folder })
    setBusy(false)
    if (written.ok) setCopied(written.value.paths.join(' '))
    else setFailure(written.error)
  }

  async function submit(): Promise<void> {
    const path = await pickFile('document')
    if (path !== null) await act(call('ceremonies.submitFile', { id: view.id, path }))
  }

  return (
    <ol className="carry" aria-label={t('runner.carry.steps')}>
      <li>
        <span>{t('runner.carry.out')}</span>
        <span className="quiet">
          <Code>{need.file}</Code>
        </span>
        <div className="actions">
          <Button variant="surface" color="gray" highContrast loading={busy} onClick={() => void copy()}>
            {t('runner.carry.copy')}
          </Button>
          {copied === null ? null : (
            <span role="status">
              <Outcome tone="good">{t('runner.carry.copied')}</Outcome> <Code>{copied}</Code>
            </span>
          )}
        </div>
        {failure ? <FailureNotice failure={failure} /> : null}
      </li>
      <li>
        <span>{t('runner.carry.there')}</span>
        <Code>{command}</Code>
      </li>
      <li>
        <span>{t('runner.carry.back')}</span>
        <div>
          <Button onClick={() => void submit()}>{t('runner.submit-file')}</Button>
        </div>
      </li>
    </ol>
  )
}

const verbs: Partial<Record<Props['need']['what'], readonly string[]>> = {
  checkpoint: ['witness', 'cosign'],
  'decryption-approval': ['approver', 'approve'],
}
