import { create } from 'qrcode'
import { useEffect, useRef } from 'react'
import { drawCode } from './qr-code.ts'

/** A short text as one code, for an app on a phone; black on white in the dark too. */
export function QrText({ text, label }: { text: string; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    if (canvas.current === null) return
    const { modules } = create([{ data: new TextEncoder().encode(text), mode: 'byte' }], {
      errorCorrectionLevel: 'M',
    })
    drawCode(canvas.current, { size: modules.size, dark: Uint8Array.from(modules.data) }, 4)
  }, [text])
  return <canvas ref={canvas} role="img" aria-label={label} className="qr-text" />
}
