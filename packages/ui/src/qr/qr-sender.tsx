import { advance, type Carried, notStarted, type PlayingEvent, type ProfileName } from '@lux/crypto/transport'
import { useEffect, useId, useReducer, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FailureNotice } from '../components/failure-notice.tsx'
import { Icon } from '../components/icon.tsx'
import type { Failure } from '../i18n/error-text.ts'
import { connectQr } from './connect-qr.ts'
import type { Sending } from './messages.ts'
import { drawCode, quietZone } from './qr-code.ts'
import { useClock } from './use-clock.ts'

const names = ['gentle', 'default', 'fast', 'reduced'] as const satisfies readonly ProfileName[]

/** Of the window's height: what can be pressed stays in sight below the code. */
const tallest = 0.54

const kept = 'lux-qr-profile'

/** What the person chose here before, else what suits most cameras. */
function preferredProfile(): ProfileName {
  const chosen = localStorage.getItem(kept)
  const found = names.find((name) => name === chosen)
  return found ?? (matchMedia('(prefers-reduced-motion: reduce)').matches ? 'reduced' : 'default')
}

/**
 * Shows a payload as QR codes. One code stands still; several move once a person starts them, and can be paused and looked through one by
 * one. The codes stay black on white.
 */
export function QrSender({ carried, what }: { carried: Carried; what: string }) {
  const { t } = useTranslation()
  const canvas = useRef<HTMLCanvasElement>(null)
  const picked = useId()
  const [profile, setProfile] = useState<ProfileName>(preferredProfile)
  const [playing, step] = useReducer(
    (state: typeof notStarted, event: PlayingEvent | 'anew') =>
      event === 'anew' ? notStarted : advance(state, event),
    notStarted,
  )
  const [sending, setSending] = useState<Sending | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const work = useRef<ReturnType<typeof connectQr> | null>(null)

  useEffect(() => {
    const qr = connectQr()
    work.current = qr
    step('anew')
    setSending(null)
    setFailure(null)
    // What the canvas still shows is of another payload or profile.
    delete canvas.current?.dataset.position
    qr.send(carried, profile).then(
      (made) => (made.ok ? setSending(made.value) : setFailure({ code: made.rule, detail: made.detail })),
      () => setFailure({ code: 'QR-FAULT', detail: '' }),
    )
    return () => {
      work.current = null
      qr.close()
    }
  }, [carried, profile])

  useEffect(() => {
    const qr = work.current
    if (sending === null || qr === null) return
    qr.codeAt(playing.position).then(
      (code) => {
        // A code that was made for a panel that is gone, or for another profile, is not shown.
        if (canvas.current === null || work.current !== qr) return
        const room = Math.min(canvas.current.parentElement?.clientWidth ?? 0, innerHeight * tallest)
        const modules = code.size + 2 * quietZone
        const scale = Math.max(2, Math.floor((room * devicePixelRatio) / modules))
        drawCode(canvas.current, code, scale)
        canvas.current.style.inlineSize = `${(modules * scale) / devicePixelRatio}px`
        canvas.current.dataset.position = String(playing.position)
      },
      () => setFailure({ code: 'QR-FAULT', detail: '' }),
    )
  }, [sending, playing.position])

  useClock(playing.phase === 'playing', 1000 / (sending?.framesPerSecond ?? 1), () => step('tick'))

  if (failure !== null) return <FailureNotice failure={failure} />
  const lap = sending?.lap ?? 0
  return (
    <section
      className="qr"
      aria-label={t('ui.qr.shown', { what })}
      aria-busy={sending === null}
      data-lap={sending?.single ? 1 : sending?.lap}
    >
      <div className="qr-code">
        <canvas ref={canvas} role="img" aria-label={t('ui.qr.code', { what })} />
      </div>
      {sending === null ? null : sending.single ? (
        <p className="qr-note">{t('ui.qr.single')}</p>
      ) : (
        <>
          {sending.way === 'qr' ? null : (
            <p className="qr-note" role="note">
              {t('ui.qr.file-first', { count: Math.ceil(sending.seconds) })}
            </p>
          )}
          <p className="qr-note">
            {t('ui.qr.position', { place: (playing.position % lap) + 1, lap })}{' '}
            {t('ui.qr.takes', { count: Math.ceil(sending.seconds) })}
          </p>
          <div className="qr-controls">
            <button
              type="button"
              className="qr-previous"
              aria-label={t('ui.qr.previous')}
              disabled={playing.position === 0}
              onClick={() => step('previous')}
            >
              <Icon name="back" size={20} />
            </button>
            <button
              type="button"
              className="qr-play"
              onClick={() => step(playing.phase === 'playing' ? 'pause' : 'play')}
            >
              {t(
                `ui.qr.${playing.phase === 'playing' ? 'pause' : playing.phase === 'ready' ? 'start' : 'go-on'}`,
              )}
            </button>
            <button
              type="button"
              className="qr-next"
              aria-label={t('ui.qr.next')}
              onClick={() => step('next')}
            >
              <Icon name="back" size={20} />
            </button>
          </div>
          <div className="qr-choice">
            <label htmlFor={picked}>{t('ui.qr.speed')}</label>
            <select
              id={picked}
              value={profile}
              onChange={(event) => {
                const chosen = names.find((name) => name === event.target.value)
                if (chosen === undefined) return
                localStorage.setItem(kept, chosen)
                setProfile(chosen)
              }}
            >
              {names.map((name) => (
                <option key={name} value={name}>
                  {t(`ui.qr.profile.${name}`)}
                </option>
              ))}
            </select>
          </div>
        </>
      )}
    </section>
  )
}
