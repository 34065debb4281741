import { Code } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { FileKind } from '../../contract/index.ts'
import { call } from '../client.ts'

type Props = { kind: FileKind | 'folder'; label: string; path: string | null; onPick: (path: string) => void }

export async function pickFile(kind: FileKind | 'folder'): Promise<string | null> {
  const answer =
    kind === 'folder' ? await call('shell.openFolder', {}) : await call('shell.openFile', { kind })
  return answer.ok ? answer.value.path : null
}

/** A file or folder chosen in the native dialog, which alone may name one; its path is shown, nothing is read here. */
export function FilePicker({ kind, label, path, onPick }: Props) {
  const { t } = useTranslation()
  const folder = kind === 'folder'
  return (
    <div className="field">
      <span>{label}</span>
      <div className="actions">
        <Button
          type="button"
          variant="surface"
          color="gray"
          highContrast
          aria-label={t(folder ? 'common.choose-folder-for' : 'common.choose-file-for', { what: label })}
          onClick={async () => {
            const picked = await pickFile(kind)
            if (picked !== null) onPick(picked)
          }}
        >
          {t(folder ? 'common.choose-folder' : 'common.choose-file')}
        </Button>
        {path === null ? (
          <span className="quiet">{t(folder ? 'common.no-folder' : 'common.no-file')}</span>
        ) : (
          <Code>{path}</Code>
        )}
      </div>
    </div>
  )
}
