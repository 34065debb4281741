import { Button } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { FileKind } from '../../contract/index.ts'
import { call } from '../client.ts'
import { Code } from './record.tsx'

type Props = { kind: FileKind; label: string; path: string | null; onPick: (path: string) => void }

export async function pickFile(kind: FileKind): Promise<string | null> {
  const answer = await call('shell.openFile', { kind })
  return answer.ok ? answer.value.path : null
}

/** A file named by the native dialog; its path is shown, nothing is read here. */
export function FilePicker({ kind, label, path, onPick }: Props) {
  const { t } = useTranslation()
  return (
    <div className="field">
      <span>{label}</span>
      <div className="actions">
        <Button
          variant="surface"
          color="gray"
          highContrast
          aria-label={t('common.choose-file-for', { what: label })}
          onClick={async () => {
            const picked = await pickFile(kind)
            if (picked !== null) onPick(picked)
          }}
        >
          {t('common.choose-file')}
        </Button>
        {path === null ? <span className="quiet">{t('common.no-file')}</span> : <Code>{path}</Code>}
      </div>
    </div>
  )
}
