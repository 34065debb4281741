import { create } from 'zustand'
import {
  type CoreStatus,
  type Language,
  languageFor,
  type Settings,
  type ShellInfo,
} from '../../contract/index.ts'
import { call, onEvent } from '../client.ts'
import { switchLanguage } from '../i18n/start.ts'
import { applyContrast } from './contrast.ts'

type ShellStore = {
  info: ShellInfo
  core: CoreStatus
  /** Why core was last ended and started again, until a person has taken note of it. */
  restarted: string | null
  settings: Settings
  /** False until core has given the person's own settings. */
  settled: boolean
  /** A person can work: what the first screen does not need may be asked for. */
  interactive: boolean
}

const defaults: Settings = {
  language: 'system',
  theme: 'system',
  contrast: 'system',
  textSize: 100,
  motion: 'system',
  lockAfter: 10,
  clearClipboard: 60,
}

export const useShell = create<ShellStore>(() => ({
  info: {
    testBuild: false,
    packaged: true,
    locale: 'en',
    core: { state: 'starting', generation: 0, reason: null },
  },
  core: { state: 'starting', generation: 0, reason: null },
  restarted: null,
  settings: defaults,
  settled: false,
  interactive: false,
}))

export async function loadShell(): Promise<void> {
  const answer = await call('shell.info', {})
  if (answer.ok) useShell.setState({ info: answer.value, core: answer.value.core })
  if (answer.ok && answer.value.core.state === 'ready') await loadSettings()
}

export function listenToCore(): void {
  onEvent('core.state', (core) => {
    useShell.setState(core.state === 'restarting' ? { core, restarted: core.reason } : { core })
    if (core.state === 'ready') void loadSettings()
  })
}

export function takeNoteOfRestart(): void {
  useShell.setState({ restarted: null })
}

async function loadSettings(): Promise<void> {
  const answer = await call('settings.get', {})
  if (answer.ok) await applySettings(answer.value)
  else useShell.setState({ settled: true })
}

export function languageOf(settings: Settings, locale: string): Language | 'pseudo' {
  if (settings.language !== 'system') return settings.language
  return languageFor(locale)
}

export async function applySettings(settings: Settings): Promise<void> {
  const language = languageOf(settings, useShell.getState().info.locale)
  await switchLanguage(language)
  document.documentElement.dataset.motion = settings.motion
  applyContrast(settings.contrast)
  useShell.setState({ settings, settled: true })
  const { theme, textSize } = settings
  await call('shell.appearance', { theme, textSize, language: language === 'pseudo' ? 'en' : language })
}
