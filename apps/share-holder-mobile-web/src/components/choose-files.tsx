import { Icon } from '@lux/ui'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Files } from '../device/api.ts'
import { usePhone } from '../stores/phone.ts'

/** Of all that is chosen at once: a request with its ciphertexts. */
const mostBytes = 64 << 20

/** A button that reads files; what they are is found out from what is in them. */
export function ChooseFiles({
  label,
  several,
  onFiles,
}: {
  label: string
  several: boolean
  onFiles: (files: Files) => Promise<void>
}) {
  const { t } = useTranslation()
  const input = useRef<HTMLInputElement>(null)
  const busy = usePhone((phone) => phone.busy)

  async function read(chosen: FileList | null): Promise<void> {
    const files = [...(chosen ?? [])]
    if (files.length === 0) return
    if (files.reduce((sum, { size }) => sum + size, 0) > mostBytes) {
      usePhone.setState({ refused: { ok: false, rule: 'PHONE-FILE-LARGE', detail: '' } })
      return
    }
    const bytes = await Promise.all(
      files.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })),
    )
    await onFiles(bytes)
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
          void read(files).finally(() => {
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
