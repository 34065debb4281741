import type { Settings } from './records.ts'

export type CoreState = 'starting' | 'ready' | 'restarting' | 'stopped'
export type CoreStatus = { state: CoreState; generation: number; reason: string | null }

export type ShellInfo = { testBuild: boolean; packaged: boolean; locale: string; core: CoreStatus }

export const fileKinds = [
  'plan',
  'lock',
  'card',
  'bundle',
  'policy',
  'transport',
  'epoch',
  'document',
  'transcript',
  'report',
] as const
export type FileKind = (typeof fileKinds)[number]

/** What main itself needs to know of the settings. */
export type Appearance = Pick<Settings, 'theme' | 'textSize'> & { language: 'en' | 'ar' }
