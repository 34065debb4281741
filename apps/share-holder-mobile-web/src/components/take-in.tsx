import { Icon } from '@lux/ui'
import type { Carried, PayloadType } from '@lux/ui/qr'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Files } from '../device/api.ts'
import { usePhone } from '../stores/phone.ts'
import { filesOf } from './carry.ts'
import { ChooseFiles } from './choose-files.tsx'

const QrScan = lazy(async () => ({ default: (await import('@lux/ui/qr')).QrScan }))

/** Two ways in: the codes that another screen shows, and files. `label` is that of the files. */
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
