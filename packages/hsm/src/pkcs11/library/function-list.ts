import { fileURLToPath } from 'node:url'
import { decode, load, proto } from 'koffi'
import { hsmError } from '../../hsm-errors.ts'
import { check, starting } from './errors.ts'

/** Built beside pkcs11js (scripts/bootstrap/token-addon.cjs) from native/function-list.c: what it exports is told there. */
export const functionListLibrary = (): string =>
  fileURLToPath(new URL('build/Release/function-list.node', import.meta.resolve('pkcs11js')))

/** A function of C, called by koffi. */
export type Native = (...args: (bigint | number | Uint8Array | null)[]) => number | bigint

type Open = (path: string, opened: Uint8Array, why: Uint8Array, room: number) => number

const outcomes = { opened: 0, noLibrary: 1, noFunctionList: 2 } as const
const whyBytes = 512

const endOf = (text: Buffer): number => (text.indexOf(0) < 0 ? text.length : text.indexOf(0))

let openNative: Open | null = null

function ourOwn(): Open {
  try {
    // A function of this prototype.
    return load(functionListLibrary()).func('open_function_list', 'int', [
      'str',
      'void *',
      'void *',
      'ulong',
    ]) as Open
  } catch (error) {
    throw hsmError(
      'HSM-HOST-FAILED',
      error instanceof Error ? error.message : 'function-list.node is missing',
    )
  }
}

/**
 * Opens a vendor's library and asks it once for its function list. pkcs11js gets the same list when this thread has it load
 * `functionListLibrary` next. `interfaces`: C_GetInterfaceList, null where a 2.40 library has none.
 */
export function openFunctionList(path: string): {
  readonly list: bigint
  readonly interfaces: Native | null
} {
  openNative ??= ourOwn()
  const opened = Buffer.alloc(24)
  const why = Buffer.alloc(whyBytes)
  const outcome = openNative(path, opened, why, why.length)
  if (outcome === outcomes.noFunctionList)
    throw hsmError('HSM-LIBRARY-FOREIGN', `${path} is a library, but it has no C_GetFunctionList`)
  if (outcome !== outcomes.opened)
    throw hsmError('HSM-LIBRARY-INVALID', `${path}: ${why.toString('utf8', 0, endOf(why))}`)
  const doing = 'reading the library’s function list'
  starting(doing, () => check(opened.readBigUInt64LE(16), doing))
  const list = opened.readBigUInt64LE(0)
  if (list === 0n) throw hsmError('HSM-LIBRARY-FOREIGN', `${path}: its function list is empty`)
  const interfaces = opened.readBigUInt64LE(8)
  return {
    list,
    // A pointer decoded by a prototype is the function of that prototype.
    interfaces: interfaces === 0n ? null : decode(interfaces, proto('ulong', ['void *', 'void *'])),
  }
}
