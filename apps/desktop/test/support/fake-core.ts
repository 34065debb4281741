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
let settings: Settings = { language: 'en', theme: 'light', textSize: 100, motion: 'reduced' }

const post = (message: CoreToMain): void => void process.send?.(message)

function answer({ id, api, input }: Request): void {
  const given: Record<string, unknown> = { ...(typeof input === 'object' ? input : {}) }
  if (api === 'settings.set') settings = { ...settings, ...given }
  if (api.startsWith('settings.')) return post(JSON.stringify({ id, result: { ok: true, value: settings } }))
  if (api === 'ceremonies.pause') return undefined
  const known = answers(plan)[api]
  const result =
    known === undefined
      ? { ok: false, error: { code: 'API-UNKNOWN', detail: api } }
      : typeof known === 'function'
        ? known(given)
        : typeof known === 'object' && known !== null && 'ok' in known
          ? known
          : { ok: true, value: known }
  post(JSON.stringify({ id, result }))
}

process.on('disconnect', () => process.exit(0))
process.on('message', (message: MainToCore) => {
  if (typeof message === 'string') return answer(JSON.parse(message))
  process.exit(0)
})

if (plan === 'dies') process.exit(7)
post({ hello: 'lux-core', version: contractVersion, generation })
if (plan === 'attention') post({ attention: true })
