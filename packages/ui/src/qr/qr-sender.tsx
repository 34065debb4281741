import {
  advance,
  type Carried,
  notStarted,
  type Playing,
  type PlayingEvent,
  type ProfileName,
} from '@lux/crypto/transport'
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

/** The code's share of the window's height at most, so that the buttons below it stay in sight. */
const tallest = 0.54

const kept = 'lux-qr-profile'

/** What the person chose in this browser before, else what most cameras can read. */
function preferredProfile(): ProfileName {
  const chosen = localStorage.getItem(kept)
  const found = names.find((name) => name === chosen)
  return found ?? (matchMedia('(prefers-reduced-motion: reduce)').matches ? 'reduced' : 'default')
}

/**
 * Shows a payload as QR codes. A single code stands still. Several play once a person starts them, and can be paused and stepped through.
 * They stay black on white in every theme.
 */
export function QrSender({ carried, what }: { carried: Carried; what: string }) {
  const { t } = useTranslation()
  const canvas = useRef<HTMLCanvasElement>(null)
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
    // The canvas still shows a code of the last payload or profile.
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
        // The panel may be gone by now, or the profile may be another.
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
          <PlayControls phase={playing.phase} first={playing.position === 0} onStep={step} />
          <SpeedChoice profile={profile} onChoose={setProfile} />
        </>
      )}
    </section>
  )
}

function PlayControls({
  phase,
  first,
  onStep,
}: {
  phase: Playing['phase']
  first: boolean
  onStep: (event: PlayingEvent) => void
}) {
  const { t } = useTranslation()
  const playing = phase === 'playing'
  return (
    <div className="qr-controls">
      <button
        type="button"
        className="qr-previous"
        aria-label={t('ui.qr.previous')}
        disabled={first}
        onClick={() => onStep('previous')}
      >
        <Icon name="back" size={20} />
      </button>
      <button type="button" className="qr-play" onClick={() => onStep(playing ? 'pause' : 'play')}>
        {t(`ui.qr.${playing ? 'pause' : phase === 'ready' ? 'start' : 'go-on'}`)}
      </button>
      <button type="button" className="qr-next" aria-label={t('ui.qr.next')} onClick={() => onStep('next')}>
        <Icon name="back" size={20} />
      </button>
    </div>
  )
}

function SpeedChoice({ profile, onChoose }: { profile: ProfileName; onChoose: (name: ProfileName) => void }) {
  const { t } = useTranslation()
  const picked = useId()
  return (
    <div className="qr-choice">
      <label htmlFor={picked}>{t('ui.qr.speed')}</label>
      <select
        id={picked}
        value={profile}
        onChange={(event) => {
          const chosen = names.find((name) => name === event.target.value)
          if (chosen === undefined) return
          localStorage.setItem(kept, chosen)
          onChoose(chosen)
        }}
      >
        {names.map((name) => (
          <option key={name} value={name}>
            {t(`ui.qr.profile.${name}`)}
          </option>
        ))}
      </select>
    </div>
  )
}
