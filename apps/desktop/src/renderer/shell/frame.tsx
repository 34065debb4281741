import { Code, Icon, Rec, Sentence } from '@lux/ui'
import { useErrorText } from '@lux/ui/i18n'
import { Button } from '@radix-ui/themes'
import { lazy, type ReactNode, Suspense, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { create } from 'zustand'
import { call } from '../client.ts'
import { useFormats } from '../i18n/format.ts'
import { useDrop } from '../stores/drop.ts'
import { lock, useIdle, useIdleLock } from '../stores/idle.ts'
import { useRemote } from '../stores/remote.ts'
import { appInfo, ceremonies, run, tokens } from '../stores/remotes.ts'
import { hrefOf, useRoute } from '../stores/route.ts'
import { takeNoteOfRestart, useShell } from '../stores/shell.ts'
import { screens, showsRehearsal } from './screens.ts'

function Rail() {
  const { t } = useTranslation()
  const { name } = useRoute()
  const { testBuild } = useShell(({ info }) => info)
  // A set-up and a script are opened from Ceremonies.
  const here = name === 'setup' || name === 'script' ? 'ceremonies' : name
  return (
    <nav className="rail" aria-label={t('frame.navigation')}>
      <div className="rail-name">
        <b>{t('frame.product')}</b>
        <span>{testBuild ? t('frame.test-build') : t('frame.role')}</span>
      </div>
      <ul>
        {screens.map((entry) => (
          <li key={entry}>
            <a href={hrefOf(entry)} {...(here === entry ? { 'aria-current': 'page' } : {})}>
              <Icon name={entry} />
              {t(`frame.go.${entry}`)}
            </a>
          </li>
        ))}
      </ul>
      <div className="rail-foot">
        <button type="button" onClick={() => ask('palette')}>
          <Icon name="find" />
          {t('frame.find')}
          <span className="rail-key" aria-hidden="true">
            {t('help.key.palette.keys')}
          </span>
        </button>
        <button type="button" onClick={() => ask('help')}>
          <Icon name="help" />
          {t('help.title')}
          <span className="rail-key" aria-hidden="true">
            {t('help.key.help.keys')}
          </span>
        </button>
        <button type="button" onClick={() => lock()}>
          <Icon name="cover" />
          {t('frame.cover')}
        </button>
      </div>
    </nav>
  )
}

function Stopped({ code }: { code: string }) {
  const { t } = useTranslation()
  const text = useErrorText({ code, detail: '' })
  return (
    <div className="banner" data-kind="stopped" role="alert">
      <strong>{code === 'CORE-STOPPED' ? t('frame.core-stopped') : text.what}</strong>
      <span>
        <Sentence>{code === 'CORE-STOPPED' ? t('frame.core-stopped-do') : text.do}</Sentence>{' '}
        <Code>{code}</Code>
      </span>
      <Button
        size="1"
        color="red"
        highContrast
        variant="surface"
        onClick={() => void call('shell.restartCore', {})}
      >
        {t('frame.core-start')}
      </Button>
    </div>
  )
}

/** Says that core was ended and started again: while it starts, and after, until somebody has taken note. */
function Restarted({ reason, under }: { reason: string | null; under: boolean }) {
  const { t } = useTranslation()
  const hung = reason === 'CORE-HUNG'
  if (under) {
    return (
      <>
        <strong>{t(hung ? 'frame.core-hung' : 'frame.core-restarting')}</strong>
        <span>{t('frame.core-restarting-do')}</span>
      </>
    )
  }
  return (
    <>
      <strong>{t(hung ? 'frame.core-was-hung' : 'frame.core-was-ended')}</strong>
      <span>{t('frame.core-restarted-do')}</span>
      <Button size="1" color="amber" highContrast variant="surface" onClick={takeNoteOfRestart}>
        {t('frame.core-noted')}
      </Button>
    </>
  )
}

function CoreBanner() {
  const { state, reason } = useShell(({ core }) => core)
  const restarted = useShell((shell) => shell.restarted)
  if (state === 'stopped') return <Stopped code={reason ?? 'CORE-STOPPED'} />
  if (restarted === null && state !== 'restarting') return null
  return (
    <div className="banner" role="status">
      <Restarted reason={restarted} under={state !== 'ready'} />
    </div>
  )
}

/** A file fell where it is not taken: what it is and where it belongs is said, and the page stays. */
function Misplaced() {
  const { t } = useTranslation()
  const misplaced = useDrop((state) => state.misplaced)
  if (misplaced === null) return null
  const { file, what, belongs } = misplaced
  return (
    <div className="banner" role="alert" data-dropped="">
      <strong>{t('frame.dropped')}</strong>
      <span>
        <Rec>{file.name}</Rec>: {t(`frame.file.${what}`)}{' '}
        {belongs.length === 0
          ? t('frame.dropped-do')
          : belongs.map((place) => t(`frame.belongs.${place}`)).join(' ')}
      </span>
      {belongs.includes('bundles') ? (
        <Button asChild size="1" color="amber" highContrast>
          <a href={hrefOf('bundles')} onClick={() => useDrop.setState({ misplaced: null, carried: file })}>
            {t('frame.dropped-verify')}
          </a>
        </Button>
      ) : null}
      <Button
        size="1"
        color="amber"
        highContrast
        variant="surface"
        onClick={() => useDrop.setState({ misplaced: null })}
      >
        {t('frame.core-noted')}
      </Button>
    </div>
  )
}

function RehearsalBanner() {
  const { t } = useTranslation()
  const route = useRoute()
  const state = useShell(({ core }) => core.state)
  const list = ceremonies(({ value }) => value?.ceremonies)
  const view = run(({ value }) => value)
  if (state === 'stopped' || !showsRehearsal(route, view, list ?? [])) return null
  return (
    <div className="banner" data-kind="rehearsal">
      <strong>{t('frame.rehearsal')}</strong>
      <span>{t('frame.rehearsal-what')}</span>
    </div>
  )
}

/** What other screens want to know is asked here too, where nothing of it is shown. */
function Asked() {
  const interactive = useShell((state) => state.interactive)
  useRemote(appInfo, {}, interactive)
  useRemote(ceremonies, {})
  return null
}

function Status() {
  const { t } = useTranslation()
  const format = useFormats()
  const core = useShell((state) => state.core)
  const interactive = useShell((state) => state.interactive)
  const { value: info } = useRemote(appInfo, {}, interactive)
  const { value: list } = tokens()
  useRemote(ceremonies, {})
  const passed = info?.selfTest.every((test) => test.passed) ?? null
  const online = info === null ? null : info.interfaces.length > 0
  const count = list?.slots.filter(({ token }) => token?.initialised).length
  const coreTone = core.state === 'ready' ? 'good' : core.state === 'stopped' ? 'bad' : 'warn'
  return (
    <footer className="status">
      <span>
        <i className="dot" data-tone={coreTone} />
        {t(`frame.core.${core.state}`)}
      </span>
      {online === null ? null : (
        <span>
          <i className="dot" data-tone={online ? 'warn' : 'good'} />
          {online ? t('frame.network', { count: info?.interfaces.length ?? 0 }) : t('frame.air-gapped')}
        </span>
      )}
      {passed === null ? null : (
        <span>
          <i className="dot" data-tone={passed ? 'good' : 'bad'} />
          {passed ? t('frame.self-test-passed') : t('frame.self-test-failed')}
        </span>
      )}
      {count === undefined ? null : <span>{t('frame.tokens', { count })}</span>}
      {info === null ? null : (
        <span className="end">
          {t('frame.disk', { free: '' })}
          <Rec>{format.bytes(info.disk.free)}</Rec>
        </span>
      )}
      {info === null ? null : (
        <span>
          <Code>{info.version}</Code>
        </span>
      )}
    </footer>
  )
}

export function Frame({ children }: { children: ReactNode }) {
  const route = useRoute()
  const locked = useIdle((state) => state.locked)
  useIdleLock()
  useClipboardClear()
  // biome-ignore lint/correctness/useExhaustiveDependencies: each screen starts at its top
  useEffect(() => {
    document.querySelector('.main')?.scrollTo(0, 0)
  }, [route])
  // A ceremony has the whole window.
  const stage = route.name === 'run'
  return (
    <div className="frame" data-stage={stage ? '' : undefined}>
      <div className="banners">
        <CoreBanner />
        <RehearsalBanner />
        <Misplaced />
      </div>
      {stage ? null : <Rail />}
      <main className="main" data-scrolls="">
        {children}
      </main>
      {stage ? <Asked /> : <Status />}
      {locked ? <IdleCover /> : null}
      <Keys />
    </div>
  )
}

function unlock(): void {
  useIdle.setState({ locked: false })
  // Where nothing had the focus before, Enter goes on with the next action.
  requestAnimationFrame(() => {
    if (document.activeElement === document.body) document.querySelector<HTMLElement>('[data-go]')?.focus()
  })
}

/** Covers the whole window, dialogs too, until a person is there again. Nothing below it can be reached or read. */
function IdleCover() {
  const { t } = useTranslation()
  const idle = useIdle((state) => state.idle)
  const cover = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = cover.current
    if (dialog === null) return
    // A dialog below would take a press outside it for its own end, and lose its draft.
    const keep = (event: Event): void => event.stopPropagation()
    dialog.addEventListener('pointerdown', keep)
    dialog.addEventListener('keydown', keep)
    dialog.showModal()
    return () => dialog.close()
  }, [])
  return (
    <dialog
      ref={cover}
      className="idle-cover"
      aria-labelledby="idle-title"
      aria-describedby="idle-text"
      onCancel={unlock}
    >
      <div className="idle-panel">
        <Icon name="clock" size={28} />
        <h2 id="idle-title">{t('frame.locked')}</h2>
        <p id="idle-text">
          {idle ? `${t('frame.locked-idle')} ` : ''}
          {t('frame.locked-what')}
        </p>
        <Button size="3" autoFocus onClick={unlock}>
          {t('frame.unlock')}
        </Button>
      </div>
    </dialog>
  )
}

// Read when they are first asked for.
const Help = lazy(() => import('./help.tsx').then(({ Help }) => ({ default: Help })))
const Palette = lazy(() => import('./palette.tsx').then(({ Palette }) => ({ default: Palette })))

type Shown = 'palette' | 'help' | null

const useShown = create<{ shown: Shown }>(() => ({ shown: null }))

function ask(shown: Shown): void {
  useShown.setState({ shown })
}

/** F1 and `?`: help for this screen; Ctrl+K: everything that can be gone to or pressed. */
function Keys() {
  const shown = useShown((state) => state.shown)
  const locked = useIdle((state) => state.locked)
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const asked = askedBy(event)
      if (asked === null) return
      event.preventDefault()
      // Another dialog is in the middle of something.
      if (document.querySelector('[role=dialog], [role=alertdialog], dialog[open]') === null) ask(asked)
    }
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  }, [])
  const close = (): void => ask(null)
  if (shown === null || locked) return null
  return (
    <Suspense>
      {shown === 'palette' ? <Palette onClose={close} onHelp={() => ask('help')} /> : null}
      {shown === 'help' ? <Help onClose={close} /> : null}
    </Suspense>
  )
}

/** Nothing while an input method composes a word, and no `?` from whoever types one. */
function askedBy(event: KeyboardEvent): Shown {
  if (event.isComposing || event.altKey) return null
  const { key, ctrlKey, metaKey, target } = event
  if (key === 'F1') return 'help'
  if (key.toLowerCase() === 'k' && (ctrlKey || metaKey)) return 'palette'
  const types = target instanceof Element && target.closest('input, textarea, select') !== null
  return key === '?' && !types ? 'help' : null
}

/** The system has what was copied only after the event. */
const settledMs = 50

/** Whatever a person selects and copies is cleared again; what the window's own buttons copy is public, and stays. */
function useClipboardClear(): void {
  const clearAfter = useShell(({ settings }) => settings.clearClipboard)
  useEffect(() => {
    const copied = (): void => {
      setTimeout(() => void call('shell.copied', { clearAfter }), settledMs)
    }
    for (const name of ['copy', 'cut'] as const) addEventListener(name, copied)
    return () => {
      for (const name of ['copy', 'cut'] as const) removeEventListener(name, copied)
    }
  }, [clearAfter])
}
