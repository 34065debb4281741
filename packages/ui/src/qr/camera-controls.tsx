import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { controlsOf, setTorch, setZoom } from './camera.ts'

/** Zoom and light, where this camera has them. */
export function CameraControls({ stream }: { stream: MediaStream }) {
  const { t } = useTranslation()
  const id = useId()
  const [controls] = useState(() => controlsOf(stream))
  const [zoom, setShownZoom] = useState(controls.zoom?.value ?? 1)
  const [lit, setLit] = useState(false)

  async function light(): Promise<void> {
    if (await setTorch(stream, !lit)) setLit(!lit)
  }

  return (
    <>
      {controls.zoom === null ? null : (
        <div className="qr-choice">
          <label htmlFor={id}>{t('ui.qr.zoom')}</label>
          <input
            id={id}
            type="range"
            min={controls.zoom.min}
            max={controls.zoom.max}
            step={controls.zoom.step}
            value={zoom}
            onChange={({ target }) => {
              setShownZoom(target.valueAsNumber)
              void setZoom(stream, target.valueAsNumber)
            }}
          />
        </div>
      )}
      {controls.torch ? (
        <div className="qr-choice">
          <button type="button" aria-pressed={lit} onClick={() => void light()}>
            {t('ui.qr.light')}
          </button>
        </div>
      ) : null}
    </>
  )
}
