import { address, sizeof } from 'koffi'
import { type Mechanism as JsMechanism, PKCS11 } from 'pkcs11js'
import type { LibraryInfo } from '../device.ts'
import { hsmError } from '../hsm-errors.ts'
import { asBuffer } from './bytes.ts'
import { CKF, CKR } from './constants.ts'
import { attempt, call, ckrOf } from './errors.ts'
import { type Attribute, attributeSize, layOut, ulong } from './memory.ts'
import { NativeFunctions } from './native.ts'
import { preflightLibrary } from './preflight.ts'

/** A slot, session or object handle: CK_ULONG, eight bytes little-endian, as pkcs11js has it. */
export type Handle = Buffer

/** `keep`: buffers that the parameter points into; they live as long as the mechanism does. */
export type Mechanism = {
  readonly mechanism: number
  readonly parameter?: Uint8Array
  readonly keep?: readonly Uint8Array[]
}

const unavailable = 0xffff_ffff_ffff_ffffn
const maxAttributeBytes = 1n << 20n
const maxWrappedBytes = 1n << 20n

/** Room for every wrapped key but the largest, so that one call is enough. */
const scratch = Buffer.alloc(4096)

/**
 * One loaded library. pkcs11js makes every call that carries neither a template nor a PIN. Those two go through koffi:
 * pkcs11js cannot nest templates, throws away a whole batch for one secret attribute, and wants PINs as strings that
 * nobody can wipe.
 */
export class Module {
  readonly p11: PKCS11
  readonly library: LibraryInfo
  /** The library locks for itself, so calls of different sessions may run on several threads. */
  readonly threads: boolean
  readonly #native: NativeFunctions

  constructor(path: string, pinned: string | null = null) {
    const { sha256 } = preflightLibrary(path, pinned)
    if (sizeof('ulong') !== 8)
      throw hsmError('HSM-LIBRARY-INVALID', 'this system’s CK_ULONG is not 64 bits wide')
    this.#native = new NativeFunctions(path)
    this.p11 = new PKCS11()
    try {
      this.p11.load(path)
    } catch (error) {
      throw hsmError(
        'HSM-LIBRARY-INVALID',
        `${path}: ${error instanceof Error ? error.message : 'cannot be loaded'}`,
      )
    }
    this.threads = this.#initialise()
    const info = call('reading the library’s name', () => this.p11.C_GetInfo())
    const version = (v: { major: number; minor: number }) => `${v.major}.${v.minor}`
    this.library = {
      path,
      sha256,
      manufacturer: info.manufacturerID.trim(),
      description: info.libraryDescription.trim(),
      version: version(info.libraryVersion),
      interfaceVersion: version(info.cryptokiVersion),
      interfaces: this.#native.interfaces,
      modernFunctions: this.#native.modernFunctions,
    }
  }

  /** With the system's locks when the library takes them; else its calls stay on one thread. */
  #initialise(): boolean {
    const doing = 'starting the library'
    const locking = attempt(() => call(doing, () => this.p11.C_Initialize({ flags: CKF.OS_LOCKING_OK })))
    if (locking.ok) return true
    const refused = ckrOf(locking.error)
    if (refused !== CKR.CANT_LOCK && refused !== CKR.NEED_TO_CREATE_THREADS && refused !== CKR.ARGUMENTS_BAD)
      throw locking.error
    call(doing, () => this.p11.C_Initialize())
    return false
  }

  /** Leaves the library and starts it again: every session, login and session key is gone. */
  restart(): void {
    call('leaving the library', () => this.p11.C_Finalize())
    this.#initialise()
  }

  openSession(slot: Handle): Handle {
    return call('opening a session', () => this.p11.C_OpenSession(slot, CKF.SERIAL_SESSION | CKF.RW_SESSION))
  }

  initToken(slot: Handle, soPin: Uint8Array, label: string): void {
    const padded = Buffer.alloc(32, 0x20)
    const bytes = Buffer.from(label, 'utf8')
    if (bytes.length > 32) throw new RangeError('label: at most 32 bytes')
    padded.set(bytes)
    this.#native.call('C_InitToken', 'initialising the token', big(slot), soPin, soPin.length, padded)
  }

  initPin(session: Handle, pin: Uint8Array): void {
    this.#native.call('C_InitPIN', 'setting the user PIN', big(session), pin, pin.length)
  }

  /** Nulls ask the reader's own pad. */
  setPin(session: Handle, oldPin: Uint8Array | null, newPin: Uint8Array | null): void {
    const args = [oldPin, oldPin?.length ?? 0, newPin, newPin?.length ?? 0]
    this.#native.call('C_SetPIN', 'changing the PIN', big(session), ...args)
  }

  /** A null PIN asks the reader's own pad. */
  login(session: Handle, user: number, pin: Uint8Array | null): void {
    this.#native.call('C_Login', 'logging in', big(session), user, pin, pin?.length ?? 0)
  }

  /** A named user, PKCS#11 3.0. */
  loginUser(session: Handle, user: number, pin: Uint8Array | null, name: string): void {
    if (!this.#native.has('C_LoginUser'))
      throw hsmError('HSM-UNSUPPORTED', 'this library knows no named users (C_LoginUser, PKCS#11 3.0)')
    const bytes = Buffer.from(name, 'utf8')
    const args = [user, pin, pin?.length ?? 0, bytes, bytes.length]
    this.#native.call('C_LoginUser', 'logging in', big(session), ...args)
  }

  /** Ends whatever operation a failed call left open; false where PKCS#11 3.0 is missing or the token refuses. */
  cancelOperation(session: Handle): boolean {
    const every = 0x7_ff00
    return (
      this.#native.has('C_SessionCancel') &&
      attempt(() => this.#native.call('C_SessionCancel', 'cancelling', big(session), every)).ok
    )
  }

  deriveKey(
    session: Handle,
    mechanism: Mechanism,
    base: Handle,
    template: readonly Attribute[],
    doing: string,
  ): Handle {
    const m = layOutMechanism(mechanism)
    return this.#made(
      (memory, out) =>
        this.#native.call(
          'C_DeriveKey',
          doing,
          big(session),
          m.struct,
          big(base),
          memory,
          template.length,
          out,
        ),
      template,
    )
  }

  createObject(session: Handle, template: readonly Attribute[], doing: string): Handle {
    return this.#made(
      (memory, out) => this.#native.call('C_CreateObject', doing, big(session), memory, template.length, out),
      template,
    )
  }

  copyObject(session: Handle, object: Handle, template: readonly Attribute[], doing: string): Handle {
    return this.#made(
      (memory, out) =>
        this.#native.call('C_CopyObject', doing, big(session), big(object), memory, template.length, out),
      template,
    )
  }

  generateKey(session: Handle, mechanism: Mechanism, template: readonly Attribute[], doing: string): Handle {
    const m = layOutMechanism(mechanism)
    return this.#made(
      (memory, out) =>
        this.#native.call('C_GenerateKey', doing, big(session), m.struct, memory, template.length, out),
      template,
    )
  }

  generateKeyPair(
    session: Handle,
    mechanism: Mechanism,
    publicTemplate: readonly Attribute[],
    privateTemplate: readonly Attribute[],
    doing: string,
  ): { publicKey: Handle; privateKey: Handle } {
    const m = layOutMechanism(mechanism)
    const pub = layOut(publicTemplate)
    const prv = layOut(privateTemplate)
    const publicKey = Buffer.alloc(8)
    const privateKey = Buffer.alloc(8)
    this.#native.call(
      'C_GenerateKeyPair',
      doing,
      big(session),
      m.struct,
      pub,
      publicTemplate.length,
      prv,
      privateTemplate.length,
      publicKey,
      privateKey,
    )
    return { publicKey, privateKey }
  }

  wrapKey(session: Handle, mechanism: Mechanism, kek: Handle, key: Handle, doing: string): Buffer {
    const m = layOutMechanism(mechanism)
    const length = ulong(scratch.length)
    const args = [big(session), m.struct, big(kek), big(key)] as const
    const wrap = (out: Buffer | null) => this.#native.call('C_WrapKey', doing, ...args, out, length)
    const first = attempt(() => wrap(scratch))
    if (first.ok) return Buffer.from(written(scratch, length, doing))
    if (ckrOf(first.error) !== CKR.BUFFER_TOO_SMALL) throw first.error
    wrap(null)
    const wanted = length.readBigUInt64LE()
    if (wanted > maxWrappedBytes)
      throw hsmError('HSM-DEVICE-ERROR', `${doing}: the library names a length of ${wanted}`)
    const out = Buffer.alloc(Number(wanted))
    wrap(out)
    return written(out, length, doing)
  }

  unwrapKey(
    session: Handle,
    mechanism: Mechanism,
    kek: Handle,
    wrapped: Uint8Array,
    template: readonly Attribute[],
    doing: string,
  ): Handle {
    const m = layOutMechanism(mechanism)
    return this.#made(
      (memory, out) =>
        this.#native.call(
          'C_UnwrapKey',
          doing,
          big(session),
          m.struct,
          big(kek),
          wrapped,
          wrapped.length,
          memory,
          template.length,
          out,
        ),
      template,
    )
  }

  setAttribute(session: Handle, object: Handle, attribute: Attribute, doing: string): void {
    const memory = layOut([attribute])
    this.#native.call('C_SetAttributeValue', doing, big(session), big(object), memory, 1)
  }

  /** One attribute. `'absent'` when the object has none; a refusal throws. */
  getAttribute(session: Handle, object: Handle, type: number): Buffer | 'absent' {
    const doing = `reading attribute 0x${type.toString(16)}`
    const entry = ulongs(type, 0, 0)
    const read = () => this.#native.call('C_GetAttributeValue', doing, big(session), big(object), entry, 1)
    read()
    const length = entry.readBigUInt64LE(16)
    if (length === unavailable) return 'absent'
    if (length > maxAttributeBytes)
      throw hsmError('HSM-DEVICE-ERROR', `${doing}: the library names a length of ${length}`)
    if (length === 0n) return Buffer.alloc(0)
    const value = Buffer.alloc(Number(length))
    entry.writeBigUInt64LE(address(value), 8)
    read()
    const got = entry.readBigUInt64LE(16)
    if (got > length) throw hsmError('HSM-DEVICE-ERROR', `${doing}: the length changed between two reads`)
    return value.subarray(0, Number(got))
  }

  /** An attribute that is itself a template: types and values. Three reads: count, lengths, values. */
  getTemplate(session: Handle, object: Handle, type: number): { type: number; value: Buffer }[] | 'absent' {
    const doing = `reading template attribute 0x${type.toString(16)}`
    const entry = ulongs(type, 0, 0)
    const read = () => this.#native.call('C_GetAttributeValue', doing, big(session), big(object), entry, 1)
    read()
    const length = entry.readBigUInt64LE(16)
    if (length === unavailable) return 'absent'
    if (length > maxAttributeBytes || length % BigInt(attributeSize) !== 0n) {
      throw hsmError('HSM-DEVICE-ERROR', `${doing}: the library names a length of ${length}`)
    }
    if (length === 0n) return []
    const inner = Buffer.alloc(Number(length))
    entry.writeBigUInt64LE(address(inner), 8)
    read()
    const values: Buffer[] = []
    for (let at = 0; at < inner.length; at += attributeSize) {
      const n = inner.readBigUInt64LE(at + 16)
      if (n > maxAttributeBytes) throw hsmError('HSM-DEVICE-ERROR', `${doing}: an inner length of ${n}`)
      const value = Buffer.alloc(Number(n))
      values.push(value)
      inner.writeBigUInt64LE(n === 0n ? 0n : address(value), at + 8)
    }
    read()
    return values.map((value, i) => ({ type: Number(inner.readBigUInt64LE(i * attributeSize)), value }))
  }

  find(session: Handle, template: readonly Attribute[]): Handle[] {
    const memory = layOut(template)
    this.#native.call('C_FindObjectsInit', 'looking for objects', big(session), memory, template.length)
    const found: Handle[] = []
    try {
      for (;;) {
        const some = call('looking for objects', () => this.p11.C_FindObjects(session, 64))
        found.push(...some)
        if (some.length === 0) return found
      }
    } finally {
      call('looking for objects', () => this.p11.C_FindObjectsFinal(session))
    }
  }

  #made(fn: (memory: Buffer, out: Buffer) => void, template: readonly Attribute[]): Handle {
    const memory = layOut(template)
    const out = Buffer.alloc(8)
    try {
      fn(memory, out)
    } finally {
      memory.fill(0)
    }
    return out
  }
}

/** The same mechanism as pkcs11js takes it. */
export const forPkcs11js = ({ mechanism, parameter }: Mechanism): JsMechanism =>
  parameter ? { mechanism, parameter: asBuffer(parameter) } : { mechanism }

/** What the library says that it wrote, refused when it is more than there was room for. */
function written(out: Buffer, length: Buffer, doing: string): Buffer {
  const got = length.readBigUInt64LE()
  if (got > BigInt(out.length))
    throw hsmError('HSM-DEVICE-ERROR', `${doing}: the library wrote past its own length`)
  return out.subarray(0, Number(got))
}

const big = (handle: Handle): bigint => handle.readBigUInt64LE()

const ulongs = (...values: (number | bigint)[]): Buffer => Buffer.concat(values.map(ulong))

/** The parameter stays referenced beside the struct: the struct holds only its address. */
function layOutMechanism({ mechanism, parameter }: Mechanism): {
  struct: Buffer
  parameter: Uint8Array | undefined
} {
  const length = parameter?.length ?? 0
  return { struct: ulongs(mechanism, parameter && length ? address(parameter) : 0n, length), parameter }
}
