import { Code } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { Need, RunView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { CommandLine } from '../components/command-line.tsx'
import { pickFile } from '../components/file-picker.tsx'
import { SaveCopy } from '../components/save-copy.tsx'
import type { Act } from './act.ts'
import { SignCodes } from './sign-codes.tsx'

type Props = { view: RunView; need: Extract<Need, { need: 'sign' }>; act: Act; pinned: boolean }

/** How people sign on devices of their own: the request goes out on a medium, and each answer comes back as a file. */
export function CarryRequest({ view, need, act, pinned }: Props) {
  const { t } = useTranslation()
  const name = need.file.split(/[/\\]/).at(-1) ?? ''
  const answer = `${name.replace(/\.json$/, '')}.sig`
  const verb = verbs[need.what] ?? ['officer', 'approve']
  const command = ['custody', ...verb, name, '--key', 'key-file', '--out', answer].join(' ')

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
          <SaveCopy key={need.file} id={view.id} />
          <SignCodes id={view.id} act={act} />
        </div>
      </li>
      <li>
        <span>{t('runner.carry.there')}</span>
        <CommandLine text={command} />
      </li>
      <li>
        <span>{t('runner.carry.back')}</span>
        {pinned ? null : (
          <div>
            <Button onClick={() => void submit()}>{t('runner.submit-file')}</Button>
          </div>
        )}
      </li>
    </ol>
  )
}

const verbs: Partial<Record<Props['need']['what'], readonly string[]>> = {
  checkpoint: ['witness', 'cosign'],
  'decryption-approval': ['approver', 'approve'],
}
