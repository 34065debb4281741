import { sizeof } from 'koffi'
import { PKCS11 } from 'pkcs11js'
import { CKF, CKR } from '../../constants.ts'
import type { LibraryInfo } from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import { attempt, call, ckrOf, starting } from './errors.ts'
import { functionListLibrary } from './function-list.ts'
import { big, type Handle } from './handles.ts'
import { NativeFunctions, requireKnownCryptoki } from './native.ts'
import { preflightLibrary } from './preflight.ts'

/**
 * One loaded library. Calls with a template or a PIN go through koffi. pkcs11js cannot nest templates, drops a whole batch for one secret
 * attribute, and takes PINs as strings that nobody can wipe. Signing, encrypting, decrypting and wrapping on the host's thread also use
 * koffi, in memory that is reused (docs/adr/0014-calls-are-frames.md). pkcs11js makes all other calls, and those on other threads. Both use
 * one function list (native/function-list.c).
 */
export class LoadedLibrary {
  readonly p11: PKCS11
  readonly library: LibraryInfo
  /** The library locks for itself, so calls of different sessions may run on several threads. */
  readonly threads: boolean
  protected readonly native: NativeFunctions
  readonly #initString: string | null

  constructor(path: string, pinned: string | null = null, initString: string | null = null) {
    this.#initString = initString
    const { sha256 } = preflightLibrary(path, pinned)
    if (sizeof('ulong') !== 8)
      throw hsmError('HSM-LIBRARY-INVALID', 'this system’s CK_ULONG is not 64 bits wide')
    this.native = new NativeFunctions(path)
    this.p11 = new PKCS11()
    try {
      this.p11.load(functionListLibrary())
    } catch (error) {
      throw hsmError(
        'HSM-LIBRARY-INVALID',
        `${path}: ${error instanceof Error ? error.message : 'cannot be loaded'}`,
      )
    }
    this.threads = starting('starting the library', () => this.#initialise())
    const info = starting('reading the library’s name', () => this.p11.C_GetInfo())
    requireKnownCryptoki(path, info.cryptokiVersion, 'what it says of itself')
    const version = (v: { major: number; minor: number }) => `${v.major}.${v.minor}`
    this.library = {
      path,
      sha256,
      manufacturer: info.manufacturerID.trim(),
      description: info.libraryDescription.trim(),
      version: version(info.libraryVersion),
      interfaceVersion: version(info.cryptokiVersion),
      interfaces: this.native.interfaces,
      modernFunctions: this.native.modernFunctions,
    }
  }

  /** With the system's locks when the library takes them; else its calls stay on one thread. */
  #initialise(): boolean {
    const doing = 'starting the library'
    const told = this.#initString === null ? {} : { libraryParameters: this.#initString }
    const locking = attempt(() =>
      call(doing, () => this.p11.C_Initialize({ flags: CKF.OS_LOCKING_OK, ...told })),
    )
    if (locking.ok) return true
    const refused = ckrOf(locking.error)
    if (refused !== CKR.CANT_LOCK && refused !== CKR.NEED_TO_CREATE_THREADS && refused !== CKR.ARGUMENTS_BAD)
      throw locking.error
    call(doing, () => (this.#initString === null ? this.p11.C_Initialize() : this.p11.C_Initialize(told)))
    return false
  }

  /** Leaves the library and starts it again: every session, login and session key is gone. */
  restart(): void {
    call('leaving the library', () => this.p11.C_Finalize())
    this.#initialise()
  }

  /** Read-write, and where the token is write-protected read-only: it can still be read. */
  openSession(slot: Handle, onReadOnly?: () => void): Handle {
    const doing = 'opening a session'
    const opened = attempt(() =>
      call(doing, () => this.p11.C_OpenSession(slot, CKF.SERIAL_SESSION | CKF.RW_SESSION)),
    )
    if (opened.ok) return opened.value
    if (ckrOf(opened.error) !== CKR.TOKEN_WRITE_PROTECTED) throw opened.error
    const session = call(doing, () => this.p11.C_OpenSession(slot, CKF.SERIAL_SESSION))
    onReadOnly?.()
    return session
  }

  /** A null PIN is asked at the token's own pad, as in all that follow. */
  initToken(slot: Handle, soPin: Uint8Array | null, label: string): void {
    const padded = Buffer.alloc(32, 0x20)
    const bytes = Buffer.from(label, 'utf8')
    if (bytes.length > 32) throw new RangeError('label: at most 32 bytes')
    padded.set(bytes)
    this.native.call('C_InitToken', 'initialising the token', big(slot), soPin, soPin?.length ?? 0, padded)
  }

  initPin(session: Handle, pin: Uint8Array | null): void {
    this.native.call('C_InitPIN', 'setting the user PIN', big(session), pin, pin?.length ?? 0)
  }

  setPin(session: Handle, oldPin: Uint8Array | null, newPin: Uint8Array | null): void {
    const args = [oldPin, oldPin?.length ?? 0, newPin, newPin?.length ?? 0]
    this.native.call('C_SetPIN', 'changing the PIN', big(session), ...args)
  }

  login(session: Handle, user: number, pin: Uint8Array | null): void {
    this.native.call('C_Login', 'logging in', big(session), user, pin, pin?.length ?? 0)
  }

  /** A named user, PKCS#11 3.0. */
  loginUser(session: Handle, user: number, pin: Uint8Array | null, name: string): void {
    if (!this.native.has('C_LoginUser'))
      throw hsmError('HSM-UNSUPPORTED', 'this library knows no named users (C_LoginUser, PKCS#11 3.0)')
    const bytes = Buffer.from(name, 'utf8')
    const args = [user, pin, pin?.length ?? 0, bytes, bytes.length]
    this.native.call('C_LoginUser', 'logging in', big(session), ...args)
  }

  /** Ends whatever operation a failed call left open; false where PKCS#11 3.0 is missing or the token refuses. */
  cancelOperation(session: Handle): boolean {
    const every = 0x7_ff00
    return (
      this.native.has('C_SessionCancel') &&
      attempt(() => this.native.call('C_SessionCancel', 'cancelling', big(session), every)).ok
    )
  }
}
