import { HsmError } from '@lux/hsm'
import { EnvironmentError } from '../refusal.ts'
import type { Thrown } from './messages.ts'

/** The message of an unknown fault could quote what it was working on: its name and place cross alone. */
export function thrownOf(error: unknown): Thrown {
  if (error instanceof EnvironmentError)
    return { kind: 'environment', code: error.code, detail: error.message }
  if (error instanceof HsmError) {
    const { code, ckr, detail, remedy } = error
    return { kind: 'token', code, ckr, detail, remedy }
  }
  if (!(error instanceof Error)) return { kind: 'fault', name: typeof error, at: '' }
  const at = error.stack?.split('\n').slice(1, 4).join(' ').trim() ?? ''
  return { kind: 'fault', name: error.name, at }
}

export function errorOf(thrown: Thrown): Error {
  if (thrown.kind === 'environment') return new EnvironmentError(thrown.code, thrown.detail)
  if (thrown.kind === 'token') return new HsmError(thrown)
  return new Error(`in another process: ${thrown.name} ${thrown.at}`)
}
