import { fieldFault, group, type InputOf, type Settings, settingFields } from '../../contract/index.ts'
import type { Store } from '../store/store.ts'

const initial: Settings = {
  language: 'system',
  theme: 'system',
  contrast: 'system',
  textSize: 100,
  motion: 'system',
  lockAfter: 10,
  clearClipboard: 60,
}

/** A stored value that no longer fits is left out: settings never keep the app from starting. */
export function readSettings(store: Store): Settings {
  try {
    const kept: Partial<Settings> = JSON.parse(store.setting('ui') ?? '{}')
    return fieldFault(group(settingFields), kept) === null ? { ...initial, ...kept } : initial
  } catch {
    return initial
  }
}

/** Only the named ones change. */
export function writeSettings(store: Store, change: InputOf<'settings.set'>): Settings {
  const settings = { ...readSettings(store), ...change }
  store.setSetting('ui', JSON.stringify(settings))
  return settings
}
