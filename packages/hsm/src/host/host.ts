import { Socket } from 'node:net'
import { HsmError } from '../device.ts'
import { hsmError } from '../hsm-errors.ts'
import { Module } from '../pkcs11/module.ts'
import { Tokens } from '../pkcs11/tokens.ts'
import { keepFromPrograms, protectProcess } from '../protect-process.ts'
import { explainFailure } from './explain-failure.ts'
import { encodeFrame, FrameReader, joinedFrames } from './frames.ts'
import { secondTurn } from './lost-session.ts'
import { operations } from './operations.ts'
import {
  type FromHost,
  framePipe,
  parentChannel,
  protocolVersion,
  type ToHost,
  tokenOperations,
  type WireCall,
  type WireError,
  type WireResult,
} from './protocol.ts'
import { type Outcome, Scheduler } from './scheduler.ts'

/** Anything that is not a typed failure is a mistake of ours: its text may hold data, so only misuse is passed on. */
function wireError(error: unknown): WireError {
  const typed =
    error instanceof HsmError
      ? error
      : error instanceof RangeError || error instanceof TypeError
        ? hsmError('HSM-CALL-INVALID', error.message)
        : hsmError('HSM-CALL-INVALID', 'an internal mistake')
  return { code: typed.code, ckr: typed.ckr, detail: typed.detail, remedy: typed.remedy }
}

/** PINs and key bytes that came with a call do not outlive it. */
function wipe(value: unknown, depth = 0): void {
  if (value instanceof Uint8Array) value.fill(0)
  else if (value && typeof value === 'object' && depth < 3)
    for (const inner of Object.values(value)) wipe(inner, depth + 1)
}

type Handler = (tokens: Tokens, serial: string, ...args: readonly unknown[]) => unknown

const known: ReadonlySet<string> = new Set(tokenOperations)

function run(tokens: Tokens, [, op, serial, args]: WireCall): unknown {
  if (op === 'ping') return null
  if (op === 'tokens') return tokens.list()
  if (!known.has(op)) throw new RangeError(`op: ${String(op)} is not known`)
  // The client's types tie each operation's name to its arguments; Operations ties them to its handler.
  return (operations[op] as Handler)(tokens, serial, ...args)
}

function judge(tokens: Tokens, call: WireCall, error: unknown, second: boolean): Outcome {
  const again = second ? null : secondTurn(tokens, call, error, () => run(tokens, call))
  if (again) return { done: false, error, again }
  // A renewed session is there and logged in; to look behind this answer would close it again.
  const renewed = second && error instanceof HsmError && error.code === 'HSM-SESSION-LOST'
  const explained = error instanceof HsmError && !renewed ? explainFailure(tokens, call[2], error) : error
  return { done: false, error: explained }
}

/** Answers wait for each other at most this long, and at most this many: the client works while we do. */
const bundleMs = 1
const bundleAnswers = 4

/**
 * The process that holds one vendor library. Calls start in order of arrival; those that only use keys may overlap, each
 * on its own session. Ends when its parent is gone.
 */
export function runHost(): void {
  if (!process.send) throw new Error('the token host is started by its client, with an IPC channel')
  protectProcess()
  keepFromPrograms([parentChannel, framePipe])
  const answer = (message: FromHost, then?: () => void): void => {
    process.send?.(message, () => then?.())
  }
  let tokens: Tokens | null = null
  let scheduler: Scheduler | null = null
  const pipe = new Socket({ fd: framePipe, readable: true, writable: true })
  const reader = new FrameReader('lent')
  let results: Buffer[] = []
  let oldest = 0
  const flush = (): void => {
    if (results.length === 0) return
    const bundle = joinedFrames(results)
    results = []
    pipe.write(bundle, () => bundle.fill(0))
  }
  const settle = (result: WireResult): void => {
    const now = performance.now()
    if (results.length === 0) {
      oldest = now
      setImmediate(flush)
    }
    results.push(encodeFrame(result))
    if (results.length >= bundleAnswers || now - oldest > bundleMs) flush()
  }

  const open = (message: Extract<ToHost, { t: 'open' }>): void => {
    if (message.version !== protocolVersion)
      throw hsmError('HSM-HOST-FAILED', 'client and host are of different builds')
    const module = new Module(message.library, message.sha256)
    const opened = new Tokens(module, message.sessions)
    tokens = opened
    const second = new Set<number>()
    scheduler = new Scheduler({
      limit: message.sessions,
      run: (call) => run(opened, call),
      judge: (call, error) => {
        const outcome = judge(opened, call, error, second.has(call[0]))
        if (!outcome.done && outcome.again) second.add(call[0])
        return outcome
      },
      answer: (call, outcome) => {
        second.delete(call[0])
        settle(outcome.done ? [call[0], outcome.value] : [call[0], null, wireError(outcome.error)])
        wipe(call[3])
      },
    })
    answer({
      t: 'ready',
      version: protocolVersion,
      generation: message.generation,
      library: module.library,
    })
  }

  // The client's calls, in the shape that this build gives them: checked in the handshake.
  pipe.on('data', (piece: Buffer) => scheduler?.add(reader.push(piece) as WireCall[]))
  pipe.on('error', () => process.exit(0))
  process.on('disconnect', () => process.exit(0))
  process.on('message', (message: ToHost) => {
    if (message.t === 'open') {
      try {
        open(message)
      } catch (error) {
        answer({ t: 'failed', error: wireError(error) }, () => process.exit(1))
      }
      return
    }
    flush()
    try {
      tokens?.close()
      tokens?.module.p11.C_Finalize()
    } catch {
      // Nothing can be done for a library that fails while it is being left; the process ends anyway.
    }
    answer({ t: 'closed' }, () => process.exit(0))
  })
}
