import { Code, FailureNotice } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, OutputOf } from '../../contract/index.ts'
import { call } from '../client.ts'

/** Saves the whole transcript as JSON lines, whatever the filter shows. */
export function TranscriptExport({ id }: { id: string }) {
  const { t } = useTranslation()
  const [saved, setSaved] = useState<OutputOf<'transcript.export'> | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [busy, setBusy] = useState(false)

  async function save(): Promise<void> {
    const chosen = await call('shell.saveFile', {
      kind: 'transcript',
      name: `transcript-${id.slice(0, 8)}.jsonl`,
    })
    if (!chosen.ok || chosen.value.path === null) return
    setBusy(true)
    const answer = await call('transcript.export', { id, path: chosen.value.path })
    setBusy(false)
    setSaved(answer.ok ? answer.value : null)
    setFailure(answer.ok ? null : answer.error)
  }

  return (
    <>
      <Button variant="surface" color="gray" highContrast loading={busy} onClick={() => void save()}>
        {t('transcript.export')}
      </Button>
      {saved === null ? null : (
        <span className="quiet" role="status">
          {t('transcript.exported', { count: saved.entries })} <Code>{saved.path}</Code>
        </span>
      )}
      {failure ? <FailureNotice failure={failure} /> : null}
    </>
  )
}
