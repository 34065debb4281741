import { Icon } from '@lux/ui'
import type { Carried, PayloadType } from '@lux/ui/qr'
import { lazy, Suspense, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Answer, Files } from '../device/api.ts'
import { usePhone } from '../stores/phone.ts'
import { filesOf } from './carry.ts'

const QrScan = lazy(async () => ({ default: (await import('@lux/ui/qr')).QrScan }))

/** Takes files in, by scanning codes from another screen or by choosing files. `label`: of the button for files. */
export function TakeIn({
  type,
  what,
  label,
  several,
  onFiles,
}: {
  type: PayloadType | readonly PayloadType[]
  what: string
  label: string
  several: boolean
  onFiles: (files: Files) => Promise<void>
}) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const types = typeof type === 'string' ? [type] : type
  const busy = usePhone((phone) => phone.busy)

  async function take(carried: Carried): Promise<void> {
    const files = filesOf(carried)
    if (files.ok) await onFiles(files.value)
    else usePhone.setState({ refused: files })
  }

  return (
    <>
      <button
        type="button"
        className="press primary"
        disabled={busy !== null}
        onClick={() => {
          usePhone.setState({ refused: null })
          setOpen(true)
        }}
      >
        <Icon name="qr" size={20} />
        {t('phone.scan-codes')}
      </button>
      <ChooseFiles types={types} label={label} several={several} onFiles={onFiles} />
      {open ? (
        <Suspense>
          <QrScan
            title={t('phone.scan-codes')}
            what={what}
            expected={types}
            onCarried={(carried) => void take(carried)}
            onClose={() => setOpen(false)}
          />
        </Suspense>
      ) : null}
    </>
  )
}

/** A button that reads files. Their kind is found from their contents, not from their names. */
function ChooseFiles({
  types,
  label,
  several,
  onFiles,
}: {
  types: readonly PayloadType[]
  label: string
  several: boolean
  onFiles: (files: Files) => Promise<void>
}) {
  const { t } = useTranslation()
  const input = useRef<HTMLInputElement>(null)
  const busy = usePhone((phone) => phone.busy)

  async function take(chosen: FileList | null): Promise<void> {
    const files = [...(chosen ?? [])]
    if (files.length === 0) return
    const read = await readFiles(files, types)
    if (read.ok) await onFiles(read.value)
    else usePhone.setState({ refused: read })
  }

  return (
    <>
      <input
        ref={input}
        type="file"
        multiple={several}
        hidden
        onChange={(event) => {
          const { files } = event.target
          void take(files).finally(() => {
            if (input.current !== null) input.current.value = ''
          })
        }}
      />
      <button type="button" className="press" disabled={busy !== null} onClick={() => input.current?.click()}>
        <Icon name="file" size={20} />
        {busy === null ? label : t(`phone.busy.${busy}`)}
      </button>
    </>
  )
}

/** The most files of one choice: a request with its ciphertexts, or the folder of a run. */
const mostFiles = 128
const mostBytes = 64 << 20

/** Limits in bytes of the types that need less, the same as their readers have. */
const least: Partial<Record<PayloadType, number>> = {
  policy: 1 << 20,
  'share-package': 8 << 20,
  'signature-request': 32_000_000,
}

const no = (rule: string, detail: string): Answer<Files> => ({ ok: false, rule, detail })

/** The chosen files. Each is read into memory only after its size is known to fit. Refuses PHONE-FILE-LARGE, PHONE-FILE-UNREADABLE. */
export async function readFiles(
  files: readonly Pick<File, 'name' | 'size' | 'arrayBuffer'>[],
  types: readonly PayloadType[],
): Promise<Answer<Files>> {
  const most = Math.max(...types.map((type) => least[type] ?? mostBytes))
  const size = files.reduce((sum, file) => sum + file.size, 0)
  if (files.length > mostFiles) return no('PHONE-FILE-LARGE', `${files.length} > ${mostFiles}`)
  if (size > most) return no('PHONE-FILE-LARGE', `${size} B > ${most} B`)
  const read: { name: string; bytes: Uint8Array }[] = []
  for (const file of files) {
    const bytes = await file.arrayBuffer().catch(() => null)
    if (bytes === null) return no('PHONE-FILE-UNREADABLE', file.name)
    read.push({ name: file.name, bytes: new Uint8Array(bytes) })
  }
  return { ok: true, value: read }
}
