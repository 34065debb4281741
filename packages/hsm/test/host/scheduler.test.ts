import { afterEach, describe, expect, it, vi } from 'vitest'
import { CallQueue } from '../../src/host/call-queue.ts'
import { type Frame, FrameReader, FrameWriter } from '../../src/host/frames.ts'
import type { Operation, WireCall } from '../../src/host/protocol.ts'
import { type Outcome, Scheduler } from '../../src/host/scheduler.ts'
import { hsmError } from '../../src/hsm-errors.ts'

const call = (id: number, op: Operation): WireCall => ({ id, op, serial: 's', args: [], arrays: [] })

afterEach(() => vi.useRealTimers())

/** From here on, time passes when a test says so. */
const stopClock = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

/** A scheduler whose work is ended by hand: `end(3)` lets call 3 come back. */
function bench(
  limit = 4,
  again: (call: WireCall, error: unknown) => (() => unknown) | undefined = () => undefined,
) {
  const events: string[] = []
  const ends = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>()
  const scheduler = new Scheduler({
    limit,
    run: ({ id, op }) => {
      events.push(`start ${id}`)
      if (op === 'info') return `at once ${id}`
      return new Promise((resolve, reject) => ends.set(id, { resolve, reject }))
    },
    judge: (failed, error): Outcome => {
      const second = again(failed, error)
      return second ? { done: false, error, again: second } : { done: false, error }
    },
    answer: ({ id }, outcome) => events.push(`${outcome.done ? 'done' : 'failed'} ${id}`),
  })
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const end = async (id: number, error?: unknown) => {
    if (error) ends.get(id)?.reject(error)
    else ends.get(id)?.resolve(id)
    await turn()
  }
  return { scheduler, events, end }
}

describe('calls in the host', () => {
  it('shared ones overlap, and one that changes the token waits for them and holds up what comes after', async () => {
    const { scheduler, events, end } = bench()
    scheduler.add([call(1, 'sign'), call(2, 'hmac'), call(3, 'generateAes'), call(4, 'sign')])
    expect(events).toEqual(['start 1', 'start 2'])
    await end(2)
    expect(events.slice(2)).toEqual(['done 2'])
    await end(1)
    expect(events.slice(3)).toEqual(['done 1', 'start 3'])
    await end(3)
    expect(events.slice(5)).toEqual(['done 3', 'start 4'])
  })

  it('no more at once than the limit, in order of arrival', async () => {
    const { scheduler, events, end } = bench(2)
    scheduler.add([1, 2, 3].map((id) => call(id, 'sign')))
    expect(events).toEqual(['start 1', 'start 2'])
    await end(1)
    expect(events).toEqual(['start 1', 'start 2', 'done 1', 'start 3'])
  })

  it('a second turn goes alone, before what has not started', async () => {
    let turns = 0
    const { scheduler, events, end } = bench(2, (failed) => {
      turns += 1
      return turns === 1
        ? () => {
            events.push(`again ${failed.id}`)
            return 'done at last'
          }
        : undefined
    })
    scheduler.add([call(1, 'sign'), call(2, 'sign'), call(3, 'sign')])
    await end(1, new Error('lost'))
    expect(events).toEqual(['start 1', 'start 2'])
    await end(2)
    expect(events).toEqual(['start 1', 'start 2', 'done 2', 'again 1', 'done 1', 'start 3'])
  })

  it('a call that fails at once is answered at once', () => {
    const { scheduler, events } = bench()
    scheduler.add([call(1, 'info'), call(2, 'info')])
    expect(events).toEqual(['start 1', 'done 1', 'start 2', 'done 2'])
  })
})

describe('calls in the client', () => {
  const queueOf = (timeoutMs = 10_000) => {
    const timeouts: string[] = []
    const sent: Frame[][] = []
    const queue = new CallQueue({ timeoutMs, onTimeout: (op) => timeouts.push(op), onSuccess: () => {} })
    const writer = new FrameWriter()
    const reader = new FrameReader('copied')
    const send = () =>
      writer.send((bundle) => {
        sent.push(reader.push(Buffer.from(bundle)))
        return true
      })
    const answer = (calls: readonly Frame[]) =>
      queue.settle(calls.map(({ id }) => ({ id, value: ['x'], arrays: [] })))
    return {
      queue,
      timeouts,
      sent,
      answer,
      connect: () => queue.connect({ add: (parcel) => writer.add(parcel), send, look: () => false }),
    }
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve))

  it('those of one turn go in one bundle, at most sixteen on their way', async () => {
    const { queue, sent, answer, connect } = queueOf()
    connect()
    const calls = Array.from({ length: 20 }, () => queue.add('random', 's', [8]))
    await turn()
    expect(sent.map((bundle) => bundle.length)).toEqual([16])
    answer(sent[0]!.slice(0, 3))
    await turn()
    expect(sent.map((bundle) => bundle.length)).toEqual([16, 3])
    queue.fail(() => hsmError('HSM-CLOSED', 'over'))
    expect((await Promise.allSettled(calls)).filter(({ status }) => status === 'fulfilled').length).toBe(3)
  })

  it('a call that cannot cross is refused and leaves no PIN behind', async () => {
    const pin = new Uint8Array(4).fill(7)
    const wrong = { pin, acceptFinalTry: () => true }
    await expect(queueOf().queue.add('logIn', 's', [wrong])).rejects.toThrow('a function cannot be given')
    expect([...pin]).toEqual([0, 0, 0, 0])
  })

  it('a PIN and an imported key are taken over and wiped at the call, also when nothing is sent at all', async () => {
    const { queue, sent, connect } = queueOf()
    const [pin, value] = [new Uint8Array(4).fill(7), new Uint8Array(4).fill(7)]
    void queue.add('logIn', 's', [{ pin }]).catch(() => {})
    void queue.add('importUnderWrapping', 's', [{ value }]).catch(() => {})
    expect([...pin, ...value].every((b) => b === 0)).toBe(true)
    connect()
    await turn()
    expect(sent[0]!.map((frame) => frame.value)).toEqual([
      ['logIn', 's', [{ pin: new Uint8Array(4).fill(7) }]],
      ['importUnderWrapping', 's', [{ value: new Uint8Array(4).fill(7) }]],
    ])
    queue.fail(() => hsmError('HSM-CLOSED', 'over'))
    const late = new Uint8Array(4).fill(7)
    await queue.add('logIn', 's', [{ soPin: late }]).catch(() => {})
    expect([...late]).toEqual([0, 0, 0, 0])
  })

  it('the deadline is the oldest call’s, and its own: answers to younger ones do not put it off', async () => {
    stopClock()
    const { queue, timeouts, sent, answer, connect } = queueOf(60)
    connect()
    void queue.add('random', 's', [1]).catch(() => {})
    const younger = queue.add('sign', 's', [])
    await turn()
    await pass(40)
    answer(sent[0]!.slice(1))
    await younger
    await pass(35)
    expect(timeouts).toEqual(['random'])
    queue.disconnect((first) => hsmError(first ? 'HSM-TIMEOUT' : 'HSM-CRASHED', 'gone'))
    expect(queue.idle).toBe(true)
  })

  it('a deadline starts anew with the next call, and one that was answered rings for nobody', async () => {
    stopClock()
    const { queue, timeouts, sent, answer, connect } = queueOf(60)
    connect()
    void queue.add('random', 's', [1])
    await turn()
    await pass(40)
    answer(sent[0]!)
    await pass(40)
    expect(timeouts).toEqual([])
    void queue.add('sign', 's', []).catch(() => {})
    await turn()
    await pass(40)
    expect(timeouts).toEqual([])
    await pass(40)
    expect(timeouts).toEqual(['sign'])
    queue.fail(() => hsmError('HSM-CLOSED', 'over'))
  })

  it('a PIN that could not be sent at once is sent as it was given, and its copy is wiped', async () => {
    const { queue, sent, connect } = queueOf()
    connect()
    for (let i = 0; i < 16; i++) void queue.add('random', 's', [i]).catch(() => {})
    const pin = new Uint8Array(4).fill(7)
    void queue.add('logIn', 's', [{ pin }]).catch(() => {})
    expect([...pin]).toEqual([0, 0, 0, 0])
    await turn()
    queue.settle(sent[0]!.slice(0, 1).map(({ id }) => ({ id, value: [1], arrays: [] })))
    await turn()
    expect(sent[1]!.map((frame) => frame.value)).toEqual([
      ['logIn', 's', [{ pin: new Uint8Array(4).fill(7) }]],
    ])
    queue.fail(() => hsmError('HSM-CLOSED', 'over'))
  })
})
