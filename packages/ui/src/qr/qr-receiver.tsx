import type { Carried, PayloadType } from '@lux/crypto/transport'
import { useCallback, useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FailureNotice } from '../components/failure-notice.tsx'
import type { Failure } from '../i18n/error-text.ts'
import { type Camera, type Lens, lenses, openCamera, rememberCamera } from './camera.ts'
import { CameraControls } from './camera-controls.tsx'
import { connectQr } from './connect-qr.ts'
import { type Scanning, scanned, shownScan, startScanning } from './scanning.ts'
import { useClock } from './use-clock.ts'

/** A camera looks as often at most; a code of the fastest animation stands for 83 ms. */
const lookEvery = 40

/**
 * Reads QR codes with a camera until one payload of an expected type is whole. `allow` asks for the camera where an app grants it for
 * this panel alone, and gives it back at the end.
 */
export function QrReceiver({
  expected,
  what,
  allow,
  onCarried,
}: {
  expected: readonly PayloadType[]
  what: string
  allow?: (on: boolean) => Promise<void>
  onCarried: (carried: Carried) => void
}) {
  const { t, i18n } = useTranslation()
  const picked = useId()
  const video = useRef<HTMLVideoElement>(null)
  const [chosen, setChosen] = useState<string | undefined>(undefined)
  const [attempt, setAttempt] = useState(0)
  const [camera, setCamera] = useState<Camera | null>(null)
  const [choice, setChoice] = useState<readonly Lens[]>([])
  const [failure, setFailure] = useState<Failure | null>(null)
  const [state, setState] = useState<Scanning>(() => startScanning(performance.now()))
  const [now, setNow] = useState(() => performance.now())
  const whole = useRef(onCarried)
  whole.current = onCarried
  const types = expected.join()

  const watch = useCallback(
    async (opened: Camera, qr: ReturnType<typeof connectQr>, ended: () => boolean): Promise<void> => {
      // The types are those that came in: joined, they are the same from one drawing of the panel to the next.
      await qr.receive(types.split(',') as PayloadType[])
      const view = video.current
      if (view === null) return
      view.srcObject = opened.stream
      await view.play()
      setState(startScanning(performance.now()))
      while (!ended()) {
        const began = performance.now()
        if (view.videoWidth > 0) {
          const seen = await qr.scan(await createImageBitmap(view))
          if (ended()) return
          if (seen.state === 'received') return whole.current(seen.carried)
          if (seen.state !== 'nothing') setState((before) => scanned(before, seen, performance.now()))
        }
        const rest = Math.max(0, lookEvery - (performance.now() - began))
        await new Promise((done) => setTimeout(done, rest))
      }
    },
    [types],
  )

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt opens the camera anew
  useEffect(() => {
    let ended = false
    let used: Camera | null = null
    const qr = connectQr()
    setFailure(null)
    async function open(): Promise<void> {
      await allow?.(true)
      const opened = await openCamera(chosen)
      if (!opened.ok) {
        if (!ended) setFailure({ code: opened.code, detail: '' })
        return
      }
      used = opened.camera
      if (ended) return used.close()
      setCamera(used)
      setChoice(await lenses())
      // A camera that is pulled out ends its picture.
      used.stream
        .getVideoTracks()[0]
        ?.addEventListener('ended', () => setFailure({ code: 'CAMERA-ENDED', detail: '' }))
      await watch(used, qr, () => ended)
    }
    open().catch(() => {
      if (!ended) setFailure({ code: 'QR-FAULT', detail: '' })
    })
    return () => {
      ended = true
      used?.close()
      qr.close()
      setCamera(null)
      void allow?.(false)
    }
  }, [chosen, attempt, watch])

  useClock(camera !== null, 500, () => setNow(performance.now()))

  if (failure !== null)
    return <FailureNotice failure={failure} onRetry={() => setAttempt((before) => before + 1)} />
  const { progress, refused, tip } = shownScan(state, Math.max(now, state.since))
  const kind = refused === null ? '' : `ui.qr.kind.${refused.detail}`
  const seen = refused === null ? '' : i18n.exists(kind) ? t('ui.qr.seen', { what: t(kind) }) : refused.detail
  return (
    <section className="qr" aria-label={t('ui.qr.scans', { what })} aria-busy={camera === null}>
      <div className="qr-view">
        <video ref={video} muted playsInline aria-label={t('ui.qr.picture')} />
      </div>
      {progress === null ? (
        <p className="qr-note">{t(camera === null ? 'ui.qr.opens' : 'ui.qr.aim', { what })}</p>
      ) : (
        <div className="qr-progress">
          <progress
            aria-label={t('ui.qr.received')}
            max={progress.needed}
            value={Math.min(progress.received, progress.needed)}
          />
          <span>
            {t('ui.qr.parts', {
              received: Math.min(progress.received, progress.needed),
              needed: progress.needed,
            })}
          </span>
        </div>
      )}
      {refused === null ? null : <FailureNotice failure={{ code: refused.rule, detail: seen }} tone="warn" />}
      <p className="qr-note" role="status">
        {tip ? t('ui.qr.tip') : ''}
      </p>
      {camera === null ? null : <CameraControls key={camera.id} stream={camera.stream} />}
      {choice.length < 2 ? null : (
        <div className="qr-choice">
          <label htmlFor={picked}>{t('ui.qr.camera')}</label>
          <select
            id={picked}
            value={camera?.id ?? ''}
            onChange={(event) => {
              rememberCamera(event.target.value)
              setChosen(event.target.value)
            }}
          >
            {choice.map(({ id, label }, at) => (
              <option key={id} value={id}>
                {label === '' ? t('ui.qr.lens', { number: at + 1 }) : label}
              </option>
            ))}
          </select>
        </div>
      )}
    </section>
  )
}
