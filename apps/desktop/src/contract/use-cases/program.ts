import { languages } from '../languages.ts'
import type { AppInfo, StoreBackupView } from '../records.ts'
import { type GroupOf, oneOf, optional } from './fields.ts'
import { ofDisk, passphrase, path } from './shared-fields.ts'
import { entry, gives } from './use-case.ts'

/** What people set of the window; a change names what it changes. */
export const settingFields = {
  language: optional(oneOf(['system', ...languages, 'pseudo'])),
  theme: optional(oneOf(['system', 'light', 'dark'])),
  /** `system`: as the system asks for it. */
  contrast: optional(oneOf(['system', 'more'])),
  /** Percent. */
  textSize: optional(oneOf([100, 125, 150, 175, 200])),
  motion: optional(oneOf(['system', 'reduced'])),
  /** Minutes without input until the window locks; 0: never. */
  lockAfter: optional(oneOf([0, 5, 10, 30])),
  /** Seconds until what a person copied out of the window is taken from the clipboard; 0: never. */
  clearClipboard: optional(oneOf([0, 30, 60, 300])),
}
export type Settings = Required<GroupOf<typeof settingFields>>

export const program = {
  'app.info': entry({ gives: gives<AppInfo>() }),
  /** Nobody is at the window: logs every token out that no ceremony's machine works on now, and forgets typed PINs. */
  'app.lock': entry({ gives: gives<{ loggedOut: string[] }>() }),
  'settings.get': entry({ gives: gives<Settings>() }),
  'settings.set': entry({ input: settingFields, gives: gives<Settings>() }),
  /** The store and the runs in it as one sealed file; `elsewhere`: folders of runs that lie outside the store, which it leaves out. */
  'store.backup': entry({
    input: { path, passphrase },
    gives: gives<{ backup: StoreBackupView; elsewhere: string[] }>(),
    errors: [
      'SHELL-PATHS',
      'FILE-EXISTS',
      'FOLDER-IN-USE',
      'FOLDER-MISSING',
      'PASSWORD-WEAK',
      'STORE-BUSY',
      'FILE-DAMAGED',
      ...ofDisk,
    ],
  }),
  /** Reads a backup to its end; writes nothing. */
  'store.check': entry({
    input: { path, passphrase },
    gives: gives<{ backup: StoreBackupView }>(),
    errors: [
      'SHELL-PATHS',
      'FILE-MISSING',
      'FILE-UNREADABLE',
      'STORE-BACKUP-KEY',
      'STORE-BACKUP-WRONG',
      'STORE-BACKUP-DAMAGED',
    ],
  }),
  /** The store of a backup in a new or empty folder, for a later start with LUX_STORE; the open store stays as it is. */
  'store.restore': entry({
    input: { path, passphrase, folder: path },
    gives: gives<{ backup: StoreBackupView }>(),
    errors: [
      'SHELL-PATHS',
      'FILE-MISSING',
      'FILE-UNREADABLE',
      'FOLDER-IN-USE',
      'STORE-BACKUP-KEY',
      'STORE-BACKUP-WRONG',
      'STORE-BACKUP-DAMAGED',
      ...ofDisk,
    ],
  }),
  'report.save': entry({
    input: { path },
    gives: gives<{ path: string; bytes: number }>(),
    errors: ['SHELL-PATHS', ...ofDisk],
  }),
} as const
