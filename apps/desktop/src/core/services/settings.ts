import * as v from 'valibot'
import { languages, type Settings } from '../../contract/index.ts'
import type { Store } from '../store/store.ts'
import { checked } from './shared/checked.ts'

const schema = v.strictObject({
  language: v.exactOptional(v.picklist(['system', ...languages, 'pseudo'])),
  theme: v.exactOptional(v.picklist(['system', 'light', 'dark'])),
  contrast: v.exactOptional(v.picklist(['system', 'more'])),
  textSize: v.exactOptional(v.picklist([100, 125, 150, 175, 200])),
  motion: v.exactOptional(v.picklist(['system', 'reduced'])),
  lockAfter: v.exactOptional(v.picklist([0, 5, 10, 30])),
  clearClipboard: v.exactOptional(v.picklist([0, 30, 60, 300])),
})
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
    const result = v.safeParse(schema, JSON.parse(store.setting('ui') ?? '{}'))
    return { ...initial, ...(result.success ? result.output : {}) }
  } catch {
    return initial
  }
}

export function writeSettings(store: Store, input: unknown): Settings {
  // Only the named ones change.
  const change = checked(schema, input)
  const settings = { ...readSettings(store), ...change }
  store.setSetting('ui', JSON.stringify(settings))
  return settings
}
