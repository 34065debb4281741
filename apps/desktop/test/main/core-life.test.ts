import { expect, test } from 'vitest'
import { type Life, type LifeEvent, live, unborn } from '../../src/main/core-life.ts'

/** What becomes of core by these events, each a second after the one before. */
function after(...events: (LifeEvent | number)[]) {
  let [life, task, now]: [Life, unknown, number] = [unborn, null, 0]
  for (const event of events) {
    now += typeof event === 'number' ? event : 1000
    if (typeof event !== 'number') [life, task] = live(life, event, now)
  }
  return { ...life, task }
}
const unchanged: LifeEvent = { is: 'checked', file: null }
const up: LifeEvent[] = [unchanged, { is: 'hello' }]
const dies: LifeEvent = { is: 'died', reason: 'SIGSEGV' }
const again: LifeEvent = { is: 'launch' }

test('core is looked at, started, and ready once it says so', () => {
  expect(after({ is: 'start' })).toMatchObject({
    status: { state: 'starting', generation: 1 },
    task: { do: 'check' },
  })
  expect(after({ is: 'start' }, ...up)).toMatchObject({ status: { state: 'ready' }, at: 'running' })
})

test('a core that dies is started again, later each time, and stopped after three deaths', () => {
  const once = [{ is: 'start' as const }, ...up, dies]
  expect(after(...once)).toMatchObject({
    status: { state: 'restarting', reason: 'SIGSEGV' },
    task: { do: 'launch', afterMs: 200 },
  })
  expect(after(...once, again, ...up, dies)).toMatchObject({ task: { afterMs: 400 } })
  const thrice = [...once, again, ...up, dies, again, ...up, dies]
  expect(after(...thrice)).toMatchObject({ status: { state: 'stopped', reason: 'CORE-STOPPED' }, task: null })
  expect(after(...thrice, { is: 'start' })).toMatchObject({
    status: { state: 'restarting', generation: 4, reason: null },
    strikes: 0,
    task: { do: 'check' },
  })
})

test('a minute of being ready forgives the deaths before', () => {
  const twice = [{ is: 'start' as const }, ...up, dies, again, ...up, dies, again, ...up]
  expect(after(...twice, 58_000, dies)).toMatchObject({ status: { state: 'stopped' } })
  expect(after(...twice, 60_000, dies)).toMatchObject({ status: { state: 'restarting' }, strikes: 1 })
})

test('a silent core is killed, and CORE-HUNG is why it starts again', () => {
  const silent = [{ is: 'start' as const }, ...up, { is: 'silent' as const }]
  expect(after(...silent).task).toEqual({ do: 'kill' })
  expect(after(...silent, dies).status).toEqual({ state: 'restarting', generation: 1, reason: 'CORE-HUNG' })
  expect(after(...silent, dies, again, ...up, dies).status.reason).toBe('SIGSEGV')
})

test('a changed program and a core of another version do not run again until a person asks', () => {
  expect(after({ is: 'start' }, { is: 'checked', file: 'core.js' })).toMatchObject({
    status: { state: 'stopped', reason: 'PROGRAM-CHANGED' },
    at: 'rest',
    task: null,
  })
  const other = after({ is: 'start' }, unchanged, { is: 'refused', reason: 'CORE-VERSION' }, dies)
  expect(other).toMatchObject({ status: { state: 'stopped', reason: 'CORE-VERSION' }, task: null })
})

test('nothing starts while core runs, is looked at, or is to stop', () => {
  expect(after({ is: 'start' }, again).status.generation).toBe(1)
  expect(after({ is: 'start' }, ...up, again).status.generation).toBe(1)
  const stopped = after({ is: 'start' }, ...up, { is: 'stop' }, dies)
  expect(stopped).toMatchObject({ status: { state: 'stopped', reason: null }, task: null })
  expect(after({ is: 'start' }, { is: 'stop' }, unchanged, again)).toMatchObject({ at: 'rest', task: null })
})
