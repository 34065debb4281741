import { FormatError } from '@lux/crypto'
import { HsmError } from '@lux/hsm'
import { ExpectedError } from '@lux/node-files'
import pg from 'pg'
import { EnvironmentError } from '../refusal.ts'

/** Why a command ended, by name. What to do about it stands in the locales. */
export type Failure = { readonly code: string; readonly detail: string }

const ofDisk: Readonly<Record<string, string>> = {
  EACCES: 'FOLDER-READ-ONLY',
  EPERM: 'FOLDER-READ-ONLY',
  EROFS: 'FOLDER-READ-ONLY',
  ENOSPC: 'DISK-FULL',
  EDQUOT: 'DISK-FULL',
  EFBIG: 'DISK-FULL',
}
const ofNetwork = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH', 'EPIPE'])

/** Classes and codes of PostgreSQL (its manual, appendix A), longest first. */
const ofDatabase: readonly (readonly [code: string, named: DatabaseFault])[] = [
  ['57014', 'DATABASE-SLOW'],
  ['55P03', 'DATABASE-SLOW'],
  ['53300', 'DATABASE-UNAVAILABLE'],
  ['53', 'DATABASE-FULL'],
  ['25006', 'DATABASE-READ-ONLY'],
  ['57P', 'DATABASE-UNAVAILABLE'],
  ['08', 'DATABASE-UNAVAILABLE'],
]
/** What its client says by words alone. */
const ofClient: readonly (readonly [said: RegExp, named: DatabaseFault])[] = [
  [/^timeout exceeded when trying to connect$/, 'DATABASE-SLOW'],
  [/^Connection terminated|^Client (has encountered|was closed)|^timeout expired$/, 'DATABASE-UNAVAILABLE'],
]

type DatabaseFault = 'DATABASE-UNAVAILABLE' | 'DATABASE-SLOW' | 'DATABASE-FULL' | 'DATABASE-READ-ONLY'

/** That the database is gone, slow or full; null where it is something else. */
export function databaseFaultOf(error: unknown): DatabaseFault | null {
  if (!(error instanceof Error)) return null
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (error instanceof pg.DatabaseError) return ofDatabase.find(([its]) => code.startsWith(its))?.[1] ?? null
  const socketAway = code === 'ENOENT' && 'syscall' in error && error.syscall === 'connect'
  if (ofNetwork.has(code) || socketAway) return 'DATABASE-UNAVAILABLE'
  return ofClient.find(([said]) => said.test(error.message))?.[1] ?? null
}

/** What was asked about held a zero byte, which no text of PostgreSQL does: so nothing is called that. */
export const isNoText = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && (error.code === '22021' || error.code === '22P05')

/** An error that is no bug, as a failure; null is one, whose message may quote what it choked on. */
export function failureOf(error: unknown): Failure | null {
  if (error instanceof HsmError) return { code: error.code, detail: error.answered }
  if (error instanceof ExpectedError) return { code: error.code, detail: error.detail }
  if (error instanceof EnvironmentError) return { code: error.code, detail: error.message }
  if (error instanceof FormatError) return { code: error.rule, detail: error.detail }
  if (error instanceof pg.DatabaseError)
    return { code: 'DATABASE-REFUSED', detail: `${error.code ?? 'no code'}: ${error.message}` }
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  if ('syscall' in error && error.syscall === 'listen') {
    const code = error.code === 'EADDRINUSE' ? 'ADDRESS-IN-USE' : 'ADDRESS-REFUSED'
    return { code, detail: error.message }
  }
  if (ofNetwork.has(error.code)) return { code: 'DATABASE-UNREACHABLE', detail: error.message || error.code }
  return diskFailureOf(error)
}

/** What a file system refuses; null where it is something else. */
export function diskFailureOf(error: unknown): Failure | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  const code = ofDisk[error.code]
  const place = 'path' in error && error.path !== undefined ? String(error.path) : null
  if (code !== undefined) return { code, detail: `${place ?? 'the state folder'} could not be written` }
  return place === null ? null : { code: 'DISK-FAILED', detail: `${place}: ${error.code}` }
}
