import { Code, FailureNotice } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure } from '../../contract/index.ts'
import { call } from '../client.ts'
import { shares } from '../stores/remotes.ts'
import { pickFile } from './file-picker.tsx'
import { Outcome } from './outcome.tsx'

/** Copies what people are asked for to a medium, and says where it lies. `id`: of the ceremony. */
export function SaveCopy({ id }: { id: string }) {
  const { t } = useTranslation()
  const [busy, setBusy] = useState(false)
  const [copied, setCopied] = useState<readonly string[]>([])
  const [failure, setFailure] = useState<Failure | null>(null)

  async function copy(): Promise<void> {
    const folder = await pickFile('folder')
    if (folder === null) return
    setBusy(true)
    setFailure(null)
    const written = await call('ceremonies.handOut', { id, folder })
    setBusy(false)
    if (written.ok) setCopied(written.value.paths)
    else setFailure(written.error)
    void shares.again()
  }

  return (
    <>
      <div className="actions">
        <Button
          type="button"
          variant="surface"
          color="gray"
          highContrast
          loading={busy}
          onClick={() => void copy()}
        >
          {t('runner.carry.copy')}
        </Button>
        {copied.length === 0 ? null : (
          <span role="status">
            <Outcome tone="good">{t('runner.carry.copied')}</Outcome>
            {copied.map((path) => (
              <div key={path}>
                <Code>{path}</Code>
              </div>
            ))}
          </span>
        )}
      </div>
      {failure ? <FailureNotice failure={failure} /> : null}
    </>
  )
}
