import type { Carried } from '@lux/crypto/transport'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FailureNotice } from '../components/failure-notice.tsx'
import { connectQr } from './connect-qr.ts'
import { drawCode, type Modules } from './qr-code.ts'

/** How many codes of a sheet may become unreadable. Any others make up for them. */
const spare = 2

/** A payload as numbered codes on paper. Each can be checked alone. */
export function QrPrint({ carried, what }: { carried: Carried; what: string }) {
  const { t } = useTranslation()
  const [codes, setCodes] = useState<readonly Modules[] | null>(null)
  const [failed, setFailed] = useState(false)

  useEffect(() => {
    const qr = connectQr()
    let ended = false
    async function make(): Promise<void> {
      // The least dense codes, because paper does not shine and the camera may be poor.
      const made = await qr.send(carried, 'gentle')
      if (!made.ok) throw new Error(made.rule)
      const { single, source } = made.value
      const count = single ? 1 : source + spare
      const all: Modules[] = []
      for (let position = 0; position < count; position++) all.push(await qr.codeAt(position))
      if (!ended) setCodes(all)
    }
    make().catch(() => {
      if (!ended) setFailed(true)
    })
    return () => {
      ended = true
      qr.close()
    }
  }, [carried])

  if (failed) return <FailureNotice failure={{ code: 'QR-FAULT', detail: '' }} />
  return (
    <ol className="qr-sheet" aria-label={what} aria-busy={codes === null}>
      {codes?.map((code, at) => (
        <li key={`${code.size} ${code.dark.join('')}`}>
          <Code code={code} name={t('ui.qr.printed', { place: at + 1, count: codes.length })} />
        </li>
      ))}
    </ol>
  )
}

function Code({ code, name }: { code: Modules; name: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    if (canvas.current !== null) drawCode(canvas.current, code, 4)
  }, [code])
  return (
    <>
      <canvas ref={canvas} role="img" aria-label={name} />
      <span>{name}</span>
    </>
  )
}
