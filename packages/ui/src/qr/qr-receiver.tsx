import type { Carried, PayloadType, Progress } from '@lux/crypto/transport'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FailureNotice } from '../components/failure-notice.tsx'
import type { Failure } from '../i18n/error-text.ts'
import { type Camera, type Lens, lenses, openCamera } from './camera.ts'
import { CameraControls, LensChoice } from './camera-controls.tsx'
import { connectQr } from './connect-qr.ts'
import type { Scanned } from './messages.ts'
import { useClock } from './use-clock.ts'

/** Milliseconds from one look to the next. A code of the fastest animation is shown for 83 ms. */
const lookEvery = 40

/**
 * Reads QR codes with a camera until one payload of an expected type is whole. `allow`: an app that grants the camera to this panel alone
 * is asked for it here, and gets it back at the end.
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
      // Joined, the types compare equal from one rendering to the next. They are split again here.
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
      // The track ends when somebody unplugs the camera.
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
        <Received progress={progress} />
      )}
      {refused === null ? null : <FailureNotice failure={{ code: refused.rule, detail: seen }} tone="warn" />}
      <p className="qr-note" role="status">
        {tip ? t('ui.qr.tip') : ''}
      </p>
      {camera === null ? null : <CameraControls key={camera.id} stream={camera.stream} />}
      {choice.length < 2 ? null : <LensChoice lenses={choice} used={camera?.id ?? ''} onChoose={setChosen} />}
    </section>
  )
}

function Received({ progress }: { progress: Progress }) {
  const { t } = useTranslation()
  const { needed } = progress
  const received = Math.min(progress.received, needed)
  return (
    <div className="qr-progress">
      <progress aria-label={t('ui.qr.received')} max={needed} value={received} />
      <span>{t('ui.qr.parts', { received, needed })}</span>
    </div>
  )
}

/** Milliseconds without a part of ours before a tip is shown. */
export const tipAfter = 4000

type At<T> = { readonly at: number; readonly what: T }

/** What was scanned so far. All times are of one clock, in milliseconds. */
type Scanning = {
  readonly since: number
  readonly progress: At<Progress> | null
  readonly refused: At<{ readonly rule: string; readonly detail: string }> | null
}

export const startScanning = (now: number): Scanning => ({ since: now, progress: null, refused: null })

export function scanned(state: Scanning, seen: Scanned, now: number): Scanning {
  if (seen.state === 'progress') {
    // A damaged transfer starts over at once, so its notice has to outlive the next part.
    const refused = state.refused?.what.rule === 'TRANSFER-DAMAGED' ? state.refused : null
    return { ...state, progress: { at: now, what: seen.progress }, refused }
  }
  if (seen.state !== 'refused') return state
  const { rule, detail } = seen
  // Another transfer may be under way. The damaged one starts over.
  const progress = rule === 'TRANSFER-DAMAGED' ? null : state.progress
  return { ...state, progress, refused: { at: now, what: { rule, detail } } }
}

type Shown = {
  readonly progress: Progress | null
  readonly refused: { readonly rule: string; readonly detail: string } | null
  readonly tip: boolean
}

/**
 * What the screen says now. While parts arrive, a foreign code beside them is ignored. A torn one is reported only after a pause, because
 * cameras often look between two codes.
 */
export function shownScan({ since, progress, refused }: Scanning, now: number): Shown {
  const good = Math.max(since, progress?.at ?? since)
  const quiet = now - good >= tipAfter
  const fresh = refused !== null && now - refused.at < tipAfter
  const rule = refused?.what.rule
  const said =
    fresh && (rule === 'TRANSFER-DAMAGED' || quiet || (progress === null && rule !== 'TRANSFER-TORN'))
  return {
    progress: progress?.what ?? null,
    refused: said ? (refused?.what ?? null) : null,
    tip: quiet && !said,
  }
}
