import { HsmError } from '../device.ts'
import { hsmError } from '../hsm-errors.ts'
import { Module } from '../pkcs11/module.ts'
import { Tokens } from '../pkcs11/tokens.ts'
import { explainFailure } from './explain-failure.ts'
import { operations } from './operations.ts'
import { protectProcess } from './protect-process.ts'
import { type FromHost, protocolVersion, type ToHost, tokenOperations, type WireError } from './protocol.ts'

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

type Call = Extract<ToHost, { t: 'call' }>

function run(tokens: Tokens, { op, serial, args }: Call): unknown {
  if (op === 'ping') return null
  if (op === 'tokens') return tokens.list()
  if (!tokenOperations.includes(op)) throw new RangeError(`op: ${String(op)} is not known`)
  // The client's types tie each operation's name to its arguments; Operations ties them to its handler.
  const handler = operations[op] as (tokens: Tokens, serial: string, ...args: readonly unknown[]) => unknown
  try {
    return handler(tokens, serial, ...args)
  } catch (error) {
    throw error instanceof HsmError ? explainFailure(tokens, serial, error) : error
  }
}

/**
 * The process that holds one vendor library. Calls run one after another, in order of arrival: the library is never
 * entered twice. Ends when its parent is gone.
 */
export function runHost(): void {
  if (!process.send) throw new Error('the token host is started by its client, with an IPC channel')
  protectProcess()
  const answer = (message: FromHost, then?: () => void): void => {
    process.send?.(message, () => then?.())
  }
  let tokens: Tokens | null = null

  process.on('disconnect', () => process.exit(0))
  process.on('message', (message: ToHost) => {
    if (message.t === 'open') {
      try {
        if (message.version !== protocolVersion)
          throw hsmError('HSM-HOST-FAILED', 'client and host are of different builds')
        const module = new Module(message.library)
        tokens = new Tokens(module)
        answer({
          t: 'ready',
          version: protocolVersion,
          generation: message.generation,
          library: module.library,
        })
      } catch (error) {
        answer({ t: 'failed', error: wireError(error) }, () => process.exit(1))
      }
      return
    }
    if (message.t === 'close') {
      try {
        tokens?.close()
        tokens?.module.p11.C_Finalize()
      } catch {
        // Nothing can be done for a library that fails while it is being left; the process ends anyway.
      }
      answer({ t: 'closed' }, () => process.exit(0))
      return
    }
    const { id } = message
    try {
      if (!tokens) throw hsmError('HSM-CALL-INVALID', 'the library is not open')
      answer({ t: 'result', id, ok: true, value: run(tokens, message) })
    } catch (error) {
      answer({ t: 'result', id, ok: false, error: wireError(error) })
    } finally {
      wipe(message.args)
    }
  })
}
