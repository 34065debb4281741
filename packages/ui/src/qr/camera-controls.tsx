import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { controlsOf, type Lens, rememberCamera, setTorch, setZoom } from './camera.ts'

/** Zoom and light, where the camera has them. */
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

export function LensChoice({
  lenses,
  used,
  onChoose,
}: {
  lenses: readonly Lens[]
  used: string
  onChoose: (id: string) => void
}) {
  const { t } = useTranslation()
  const picked = useId()
  return (
    <div className="qr-choice">
      <label htmlFor={picked}>{t('ui.qr.camera')}</label>
      <select
        id={picked}
        value={used}
        onChange={({ target }) => {
          rememberCamera(target.value)
          onChoose(target.value)
        }}
      >
        {lenses.map(({ id, label }, at) => (
          <option key={id} value={id}>
            {label === '' ? t('ui.qr.lens', { number: at + 1 }) : label}
          </option>
        ))}
      </select>
    </div>
  )
}
