/** A stand-in for core that speaks the Port, with planned data: for tests of the window alone. */
import {
  type CoreToMain,
  contractVersion,
  type MainToCore,
  type Request,
  type Settings,
} from '../../src/contract/index.ts'
import { answers } from './fake-answers.ts'

const generation = Number(process.env.LUX_GENERATION)
const plan = process.env.LUX_TRAINING ?? ''
let settings: Settings = {
  language: 'en',
  theme: 'light',
  contrast: 'system',
  textSize: 100,
  motion: 'reduced',
  lockAfter: 10,
  clearClipboard: 60,
}

let paused: number | null = null

function post(message: CoreToMain): void {
  process.send?.(message)
}

function resultOf(api: string, given: Record<string, unknown>): unknown {
  if (api === 'settings.set') settings = { ...settings, ...given }
  if (api.startsWith('settings.')) return { ok: true, value: settings }
  if (plan === 'malformed' && api === 'library.state') return { ok: true, value: {} }
  const known = answers(plan)[api]
  if (known === undefined) return { ok: false, error: { code: 'API-UNKNOWN', detail: api } }
  if (typeof known === 'function') return known(given)
  return typeof known === 'object' && known !== null && 'ok' in known ? known : { ok: true, value: known }
}

function answer({ id, api, input }: Request): void {
  if (api === 'ceremonies.cancel') post({ attention: false })
  // Not answered: what a call sees when core dies under it. The first one is, late, once something is cancelled.
  if (api === 'ceremonies.pause') {
    paused ??= id
    return
  }
  if (api === 'ceremonies.cancel' && paused !== null)
    post(JSON.stringify({ id: paused, result: { ok: true, value: 'late' } }))
  const given: Record<string, unknown> = { ...(typeof input === 'object' ? input : {}) }
  post(JSON.stringify({ id, result: resultOf(api, given) }))
}

process.on('disconnect', () => process.exit(0))
process.on('message', (message: MainToCore) => {
  if (typeof message === 'string') answer(JSON.parse(message))
  else if ('stop' in message) process.exit(0)
  else if ('beat' in message) post({ beat: true })
})

if (plan === 'dies') process.exit(7)
if (plan === 'refuses') {
  post({ refused: { code: 'STORE-NEWER', detail: 'format 9' } })
  process.disconnect()
}
if (process.connected) post({ hello: 'lux-core', version: contractVersion, generation })
if (plan === 'attention') post({ attention: true })
