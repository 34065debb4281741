import { performance } from 'node:perf_hooks'
import { HsmError } from '../device.ts'
import { wipeBytes } from '../few-bytes.ts'
import { hsmError } from '../hsm-errors.ts'
import { Module } from '../pkcs11/library/module.ts'
import { softTokenFolder, softTokenStore, storeProblem } from '../pkcs11/library/soft-store.ts'
import { Tokens } from '../pkcs11/session/tokens.ts'
import { keepFromPrograms, protectProcess } from '../protect-process.ts'
import { Forms } from './forms.ts'
import { type Frame, FrameReader, FrameWriter, parcel } from './frames.ts'
import { HostPipe } from './host-pipe.ts'
import { secondTurn } from './lost-session.ts'
import { operations } from './operations.ts'
import { endAsOrphan } from './orphan.ts'
import {
  type FromHost,
  framePipe,
  parentChannel,
  protocolVersion,
  type SentCall,
  type ToHost,
  tokenOperations,
  type WireCall,
  type WireError,
  type WireOutcome,
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

type Handler = (tokens: Tokens, serial: string, ...args: readonly unknown[]) => unknown

const known: ReadonlySet<string> = new Set(tokenOperations)

function run(tokens: Tokens, { op, serial, args }: WireCall): unknown {
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
  const explained = error instanceof HsmError && !renewed ? explainFailure(tokens, call.serial, error) : error
  return { done: false, error: explained }
}

function callOf({ id, value, arrays }: Frame): WireCall {
  // The client's calls, in the shape that this build gives them: checked in the handshake.
  const [op, serial, args] = value as SentCall
  return { id, op, serial, args, arrays }
}

/** Answers wait for each other at most this long, and at most this many: the client works while we do. */
const bundleMs = 1
const bundleAnswers = 4

/**
 * The process that holds one vendor library. Calls start in order of arrival; those that only use keys may overlap, each
 * on its own session. Ends when its parent is gone, at the latest `orphanMs` after it.
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
  const forms = new Forms()
  const reader = new FrameReader('lent')
  const writer = new FrameWriter()
  let unanswered = 0
  let waiting = 0
  let oldest = 0
  const flush = (): void => {
    waiting = 0
    writer.send((bundle) => pipe.write(bundle))
  }
  const settle = ({ id, arrays }: WireCall, outcome: WireOutcome): void => {
    writer.spend(parcel(forms, id, outcome))
    for (const array of arrays) wipeBytes(array)
    unanswered -= 1
    const now = performance.now()
    if (waiting++ === 0) {
      oldest = now
      if (!working) setImmediate(flush)
    }
    if (waiting >= bundleAnswers || now - oldest > bundleMs) flush()
  }
  let working = false
  const work = (piece: Buffer): 'done' | 'at-work' => {
    const frames = reader.push(piece)
    unanswered += frames.length
    working = true
    scheduler?.add(frames.map(callOf))
    working = false
    flush()
    return unanswered === 0 ? 'done' : 'at-work'
  }
  const pipe = new HostPipe(framePipe, { onPiece: work, onEnd: () => process.exit(0) })

  const open = (message: Extract<ToHost, { t: 'open' }>): void => {
    if (message.version !== protocolVersion)
      throw hsmError('HSM-HOST-FAILED', 'client and host are of different builds')
    // Before the library is loaded, which may hang as well.
    endAsOrphan(message.orphanMs)
    const module = new Module(message.library, message.sha256, message.initString)
    const opened = new Tokens(module, message.sessions)
    tokens = opened
    const second = new Set<number>()
    scheduler = new Scheduler({
      limit: message.sessions,
      run: (call) => run(opened, call),
      judge: (call, error) => {
        const outcome = judge(opened, call, error, second.has(call.id))
        if (!outcome.done && outcome.again) second.add(call.id)
        return outcome
      },
      answer: (call, outcome) => {
        second.delete(call.id)
        settle(call, outcome.done ? [outcome.value] : [null, wireError(outcome.error)])
      },
    })
    answer({
      t: 'ready',
      version: protocolVersion,
      generation: message.generation,
      library: module.library,
    })
  }

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

/** Failures that a missing token, a lost session or a full disk can stand behind. */
const vague: ReadonlySet<string> = new Set([
  'HSM-DEVICE-ERROR',
  'HSM-KEY-ABSENT',
  'HSM-MEMORY',
  'HSM-READ-ONLY',
  'HSM-SESSION-LOST',
  'HSM-TOKEN-ABSENT',
  'HSM-TOKEN-DAMAGED',
  'HSM-TOKEN-FULL',
  'HSM-UNKNOWN',
])

/** Finds the cause of a vague return code. SoftHSM answers CKR_GENERAL_ERROR both for a full disk and for a vanished token. */
export function explainFailure(tokens: Tokens, serial: string, error: HsmError): HsmError {
  const store = tokens.soft ? softTokenStore() : null
  if (!vague.has(error.code) || serial === 'new' || serial === '') {
    return error.code === 'HSM-DEVICE-ERROR' ? (explainStore(store, error) ?? error) : error
  }
  const folder = store === null ? null : softTokenFolder(serial)
  const lost = store === null ? !stillPresent(tokens, serial) : folder === null
  // Sessions on a token that went away are worthless when it comes back.
  if (lost || error.code === 'HSM-SESSION-LOST' || error.code === 'HSM-TOKEN-ABSENT') forget(tokens, serial)
  if (lost) return hsmError('HSM-TOKEN-ABSENT', `token ${serial} is gone: ${error.detail}`, error.ckr)
  if (error.code === 'HSM-SESSION-LOST') return error
  if (error.code === 'HSM-KEY-ABSENT') return error
  return explainStore(folder, error) ?? error
}

/** Closing a session on a lost token fails. The session is dropped even so. */
function forget(tokens: Tokens, serial: string): void {
  try {
    tokens.forget(serial)
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
  }
}

function stillPresent(tokens: Tokens, serial: string): boolean {
  try {
    return tokens.present(serial)
  } catch (error) {
    if (error instanceof HsmError) return false
    throw error
  }
}

function explainStore(folder: string | null, error: HsmError): HsmError | null {
  const problem = folder ? storeProblem(folder) : null
  return problem
    ? hsmError('HSM-DISK', `the token store ${folder} cannot be written (${problem})`, error.ckr)
    : null
}
