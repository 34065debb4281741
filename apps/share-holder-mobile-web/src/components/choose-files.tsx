import type { PayloadType } from '@lux/crypto/transport'
import { Icon } from '@lux/ui'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Files } from '../device/api.ts'
import { usePhone } from '../stores/phone.ts'
import { readFiles } from './read-files.ts'

/** A button that reads files; what they are is found out from what is in them. */
export function ChooseFiles({
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
