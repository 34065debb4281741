import type { Language } from './languages.ts'
import type { Settings } from './use-cases/program.ts'

export type CoreState = 'starting' | 'ready' | 'restarting' | 'stopped'
export type CoreStatus = { state: CoreState; generation: number; reason: string | null }

export type ShellInfo = { testBuild: boolean; packaged: boolean; locale: string; core: CoreStatus }

/** What main itself needs to know of the settings. */
export type Appearance = Pick<Settings, 'theme' | 'textSize'> & { language: Language }
