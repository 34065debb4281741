import { pauseReason } from './pause-reason.ts'
import type { TranscriptEntry } from './records.ts'

/** The texts of a language: window and command have their own ways to them. */
export type Say = {
  t(key: string, values?: Record<string, unknown>): string
  /** Whether there is a sentence under the key. */
  has(key: string): boolean
}

/** What an entry is about, for the filter; `deviation` is what did not go as planned, and is marked. */
export const topics = {
  people: [
    'run.started',
    'step.confirmed',
    'note.made',
    'reading.heard',
    'run.paused',
    'run.resumed',
    'holder.acknowledged',
  ],
  work: [
    'step.intended',
    'step.performed',
    'step.reconciled',
    'request.taken',
    'run.sealed',
    'run.exported',
    'run.closed',
  ],
  signatures: [
    'signature.accepted',
    'checkpoint.made',
    'checkpoint.cosigned',
    'answer.taken',
    'epoch.approved',
    'redeal.taken',
    'result.taken',
    'custodian.acknowledged',
    'custodian.stated',
    'heartbeat.taken',
    'reading.signed',
    'run.receipted',
  ],
  deviations: [
    'step.failed',
    'step.reconciled',
    'exception.opened',
    'exception.proposed',
    'exception.decided',
    'run.aborted',
  ],
} as const

export type Topic = keyof typeof topics

export const topicNames: readonly Topic[] = ['people', 'work', 'signatures', 'deviations']

export const isDeviation = (kind: string): boolean => topics.deviations.some((one) => one === kind)

/** Says an entry as people would tell it. `own`: puts a name or text of somebody's in its own direction. */
export function storyOf(
  { t, has }: Say,
  { stepId, kind, fact, readAgain }: Pick<TranscriptEntry, 'stepId' | 'kind' | 'fact' | 'readAgain'>,
  own: (text: string) => string,
): string {
  const said = factOf(fact)
  // A signed document that was taken in says itself who gave it.
  const signed = factOf(JSON.stringify(said.payload ?? {}))
  const text = (name: string): string => {
    const given = said[name] ?? (name === 'name' ? signed.name : undefined)
    const value = Array.isArray(given) ? given.join(', ') : given
    return typeof value === 'string' || typeof value === 'number' ? own(String(value).slice(0, 300)) : ''
  }
  const known = (fallback: string, ...keys: string[]): string => {
    const key = keys.find((one) => has(one))
    return key === undefined ? fallback : t(key)
  }
  const step = known(own(stepId), `script.title.${stepId}`, `steps.${stepId}`)
  const effect = known('', `transcript.did.${String(said.effect)}`)
  const variants = [said.what, said.found, said.cause, readAgain ? 'read-again' : said.decision].filter(
    (one) => typeof one === 'string',
  )
  const key = [...variants.map((one) => `transcript.story.${kind}.${one}`), `transcript.story.${kind}`].find(
    // A kind whose variants alone have sentences has none of its own.
    (one) => has(one),
  )
  // A kind that a newer version wrote: its step and its name are all that can be said.
  if (key === undefined) return `${step}: ${own(kind)}`
  const failure = factOf(JSON.stringify(said.failure ?? {}))
  const itself = kind === 'run.paused' && typeof said.reason === 'string' ? pauseReason(said.reason) : null
  const because = itself && known('', `runner.pause-reason.${itself.key}`)
  const told = t(key, {
    ...{
      step,
      effect,
      by: said.by === 'machine' ? t('transcript.machine') : text('by'),
      name: text('name'),
      text: text('text'),
      reason: because ? [because, own(itself.serial)].join(' ').trim() : text('reason'),
    },
    ...{ expected: text('expected'), happened: text('happened'), id: text('id'), size: text('size') },
    ...{ index: text('index'), code: own(String(failure.code ?? '')) },
  })
  if (kind === 'reading.heard' || kind === 'reading.signed') {
    const of = known('', `stage.reading.of.${String(said.what ?? signed.what)}`)
    return of === '' ? told : `${told} ${of}.`
  }
  if (kind === 'step.confirmed') return [told, ...rollOf(t, said.input, own)].join(' ')
  return said.here === true ? `${told} ${t('transcript.here')}` : told
}

/** Of a roll call, who was in the room and who was not. */
function rollOf(t: Say['t'], input: unknown, own: (text: string) => string): string[] {
  const said = Object.entries(typeof input === 'object' && input !== null ? input : {})
  const named = (as: string) => said.flatMap(([name, value]) => (value === as ? [own(name)] : [])).join(', ')
  const [here, away] = [named('here'), named('away')]
  return [
    ...(here === '' ? [] : [t('stage.roll-here', { names: here })]),
    ...(away === '' ? [] : [t('stage.roll-away', { names: away })]),
  ]
}

/** What core sends is canonical JSON of its own making. */
function factOf(fact: string): Record<string, unknown> {
  const value: unknown = JSON.parse(fact)
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
