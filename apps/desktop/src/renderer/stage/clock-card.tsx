import { Rec } from '@lux/ui'
import { useEffect, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { clockReadMs, type Field } from '../../contract/index.ts'
import { useFormats } from '../i18n/format.ts'
import { useNow } from './elapsed.tsx'

/** What the scale shows to either side of zero. */
const scale = 60
/** Where the engine stops the run, in seconds. */
const limit = 300

/** Whether a clock that was read at `at` is so far off that the run stops. */
export const clocksDiffer = ({ value, at }: { value: string; at: string }): boolean =>
  Math.abs(Date.parse(value) - Date.parse(at)) > limit * 1000

/** Both clocks side by side: the workstation's runs, the wall's is typed, and how far they are apart is seen before it is said. */
export function ClockCard({
  field,
  onRead,
  onEnter,
}: {
  field: Field
  /** `at`: when the last digit was typed. */
  onRead: (value: string, at: string) => void
  onEnter: () => void
}) {
  const { t } = useTranslation()
  const format = useFormats()
  const id = useId()
  const now = useNow()
  const [typed, setTyped] = useState('')
  const [apart, setApart] = useState<number | null>(null)
  const [readAt, setReadAt] = useState<number | null>(null)
  const [late, setLate] = useState(false)

  function type(text: string): void {
    setTyped(text)
    // The last digit stops the comparison.
    const at = Date.now()
    const read = readWallClock(text, at)
    setReadAt(read === null ? null : at)
    setLate(false)
    setApart(read === null ? null : secondsApart(read, text, at))
    onRead(read ?? '', new Date(at).toISOString())
  }

  const tooOld = readAt !== null && now - readAt > clockReadMs

  // What was read a while ago says nothing about now: it is read again.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, as it becomes too old
  useEffect(() => {
    if (!tooOld) return
    type('')
    setLate(true)
  }, [tooOld])

  const shown = Math.max(-scale, Math.min(scale, apart ?? 0))
  return (
    <>
      <div className="clocks">
        <section className="stage-card clock">
          <h3>{t('stage.clock.own')}</h3>
          <time className="clock-time">
            <bdi dir="ltr" data-record="">
              {new Date(now).toISOString().slice(11, 19)}
            </bdi>
          </time>
          <p className="quiet">
            <Rec>{format.day(new Date(now).toISOString())}</Rec>
          </p>
        </section>
        <section className="stage-card clock">
          <label htmlFor={id}>{t('stage.clock.wall')}</label>
          <input
            id={id}
            className="clock-time clock-entry"
            dir="ltr"
            inputMode="numeric"
            autoComplete="off"
            placeholder="00:00:00"
            data-record=""
            data-name={field.name}
            value={typed}
            aria-describedby={`${id}-how`}
            onChange={(event) => type(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && !event.repeat) onEnter()
            }}
          />
          <p id={`${id}-how`} className="quiet">
            {t('stage.clock.how')}
          </p>
        </section>
      </div>
      <section className="stage-card clock-apart" aria-live="polite">
        <div>
          <strong>
            {apart === null
              ? t(late ? 'stage.clock.again' : 'stage.clock.not-yet')
              : t('stage.clock.apart', { count: Math.abs(apart) })}
          </strong>
          <p className="quiet">
            {t(apart !== null && Math.abs(apart) > limit ? 'stage.clock.too-far' : 'stage.clock.limit')}
          </p>
        </div>
        <div className="clock-scale" aria-hidden="true" dir="ltr">
          <span className="clock-line" />
          {apart === null ? null : (
            <span
              className="clock-mark"
              data-far={Math.abs(apart) > scale ? '' : undefined}
              style={{ insetInlineStart: `${50 + (shown / scale) * 48}%` }}
            />
          )}
          {[-scale, 0, scale].map((seconds) => (
            <span key={seconds}>{t('stage.clock.mark', { seconds: format.signed(seconds) })}</span>
          ))}
        </div>
      </section>
    </>
  )
}

const day = 86_400_000

/** `10:50`, `10:50:15`, `105015`, or a whole ISO-8601 time in UTC. */
const shapes = /^(?:(\d{4}-\d\d-\d\d)T)?([01]\d|2[0-3]):?([0-5]\d)(?::?([0-5]\d)(?:\.\d+)?)?Z?$/

/**
 * What was read off a clock on the wall as ISO-8601 UTC, or null while it is no time. Such a clock shows no date: it is the one
 * that brings its time nearest to the workstation's own, so that midnight is no day away.
 */
function readWallClock(typed: string, now: number): string | null {
  const [, date, hours, minutes, seconds] = shapes.exec(typed.trim()) ?? []
  if (hours === undefined) return null
  const time = `${hours}:${minutes}:${seconds ?? '00'}Z`
  if (date !== undefined) return valid(`${date}T${time}`)
  const days = [-1, 0, 1].map((away) => new Date(now + away * day).toISOString().slice(0, 10))
  const near = days
    .map((one) => `${one}T${time}`)
    .toSorted((a, b) => Math.abs(Date.parse(a) - now) - Math.abs(Date.parse(b) - now))
  return near[0] ?? null
}

/** Seconds by which the wall is ahead of the workstation; a clock without seconds shows its minute from the first to the last. */
function secondsApart(read: string, typed: string, now: number): number {
  const seconds = (Date.parse(read) - now) / 1000
  const hasSeconds = /:\d\d:\d\d|^\d{6}$/.test(typed.trim())
  if (hasSeconds) return Math.round(seconds)
  return seconds > 0 ? Math.round(seconds) : Math.min(0, Math.round(seconds) + 59)
}

function valid(iso: string): string | null {
  return Number.isNaN(Date.parse(iso)) ? null : iso
}
