import { Icon } from '@lux/ui'
import type { PayloadType } from '@lux/ui/qr'
import { lazy, Suspense, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Files } from '../device/api.ts'
import { carriedOf } from './carry.ts'
import { HandOver } from './hand-over.tsx'

const QrShow = lazy(async () => ({ default: (await import('@lux/ui/qr')).QrShow }))

/** Gives files out, as codes for another camera or as files to save. */
export function GiveOut({ type, files, what }: { type: PayloadType; files: Files; what: string }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  // A new payload object would start the codes over, so the same bytes keep theirs.
  const parts = useMemo(() => [{ what, carried: carriedOf(type, files) }], [type, files, what])
  return (
    <>
      <button type="button" className="press primary" onClick={() => setOpen(true)}>
        <Icon name="qr" size={20} />
        {t('phone.show-codes')}
      </button>
      {files.map((file) => (
        <HandOver key={file.name} file={file} />
      ))}
      {open ? (
        <Suspense>
          <QrShow title={t('ui.qr.shown', { what })} parts={parts} onClose={() => setOpen(false)} />
        </Suspense>
      ) : null}
    </>
  )
}
