import { Icon, Rec } from '@lux/ui'
import { useEffect, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Handover } from '../device/api.ts'

/** A file to save on this phone and carry to whoever waits for it. */
export function HandOver({ file }: { file: Handover }) {
  const { t } = useTranslation()
  const url = useMemo(
    () => URL.createObjectURL(new Blob([file.bytes.slice()], { type: 'application/octet-stream' })),
    [file],
  )
  useEffect(() => () => URL.revokeObjectURL(url), [url])
  return (
    <a className="press" href={url} download={file.name}>
      <Icon name="save" size={20} />
      <span>
        {t('phone.save')} <Rec>{file.name}</Rec>
      </span>
    </a>
  )
}
