import { address, decode, load, proto, sizeof } from 'koffi'
import { PKCS11 } from 'pkcs11js'
import type { LibraryInfo } from '../device.ts'
import { hsmError } from '../hsm-errors.ts'
import { preflightLibrary } from './elf.ts'
import { call, check } from './errors.ts'
import { type Attribute, attributeSize, layOut, ulong } from './memory.ts'

/** A slot, session or object handle: CK_ULONG, eight bytes little-endian, as pkcs11js has it. */
export type Handle = Buffer

export type Mechanism = { readonly mechanism: number; readonly parameter?: Uint8Array }

type Native = (...args: (bigint | number | Uint8Array | null)[]) => number | bigint

/** Positions in CK_FUNCTION_LIST, PKCS#11 2.40 section 6.1; the order is part of the standard. */
const positions = {
  C_InitToken: 9,
  C_InitPIN: 10,
  C_SetPIN: 11,
  C_Login: 18,
  C_CreateObject: 20,
  C_CopyObject: 21,
  C_GetAttributeValue: 24,
  C_SetAttributeValue: 25,
  C_FindObjectsInit: 26,
  C_GenerateKey: 58,
  C_GenerateKeyPair: 59,
  C_WrapKey: 60,
  C_UnwrapKey: 61,
} as const

const signatures: Readonly<Record<keyof typeof positions, readonly string[]>> = {
  C_InitToken: ['ulong', 'void *', 'ulong', 'void *'],
  C_InitPIN: ['ulong', 'void *', 'ulong'],
  C_SetPIN: ['ulong', 'void *', 'ulong', 'void *', 'ulong'],
  C_Login: ['ulong', 'ulong', 'void *', 'ulong'],
  C_CreateObject: ['ulong', 'void *', 'ulong', 'void *'],
  C_CopyObject: ['ulong', 'ulong', 'void *', 'ulong', 'void *'],
  C_GetAttributeValue: ['ulong', 'ulong', 'void *', 'ulong'],
  C_SetAttributeValue: ['ulong', 'ulong', 'void *', 'ulong'],
  C_FindObjectsInit: ['ulong', 'void *', 'ulong'],
  C_GenerateKey: ['ulong', 'void *', 'void *', 'ulong', 'void *'],
  C_GenerateKeyPair: ['ulong', 'void *', 'void *', 'ulong', 'void *', 'ulong', 'void *', 'void *'],
  C_WrapKey: ['ulong', 'void *', 'ulong', 'ulong', 'void *', 'void *'],
  C_UnwrapKey: ['ulong', 'void *', 'ulong', 'void *', 'ulong', 'void *', 'ulong', 'void *'],
}

const unavailable = 0xffff_ffff_ffff_ffffn
const maxAttributeBytes = 1n << 20n
const maxWrappedBytes = 1n << 20n

/**
 * One loaded library. pkcs11js makes every call that carries neither a template nor a PIN. Those two go through koffi:
 * pkcs11js cannot nest templates, throws away a whole batch for one secret attribute, and wants PINs as strings that
 * nobody can wipe.
 */
export class Module {
  readonly p11: PKCS11
  readonly library: LibraryInfo
  readonly #functions: ReadonlyMap<string, Native>

  constructor(path: string) {
    const { sha256 } = preflightLibrary(path)
    if (sizeof('ulong') !== 8)
      throw hsmError('HSM-LIBRARY-INVALID', 'this system’s CK_ULONG is not 64 bits wide')
    this.#functions = readFunctionList(path)
    this.p11 = new PKCS11()
    try {
      this.p11.load(path)
    } catch (error) {
      throw hsmError(
        'HSM-LIBRARY-INVALID',
        `${path}: ${error instanceof Error ? error.message : 'cannot be loaded'}`,
      )
    }
    call('starting the library', () => this.p11.C_Initialize())
    const info = call('reading the library’s name', () => this.p11.C_GetInfo())
    const version = (v: { major: number; minor: number }) => `${v.major}.${v.minor}`
    this.library = {
      path,
      sha256,
      manufacturer: info.manufacturerID.trim(),
      description: info.libraryDescription.trim(),
      version: version(info.libraryVersion),
      interfaceVersion: version(info.cryptokiVersion),
    }
  }

  #native(name: keyof typeof positions, doing: string, ...args: Parameters<Native>): void {
    const native = this.#functions.get(name)
    if (!native) throw hsmError('HSM-FUNCTION-MISSING', `${doing}: the library has no ${name}`)
    check(native(...args), doing)
  }

  initToken(slot: Handle, soPin: Uint8Array, label: string): void {
    const padded = Buffer.alloc(32, 0x20)
    const bytes = Buffer.from(label, 'utf8')
    if (bytes.length > 32) throw new RangeError('label: at most 32 bytes')
    padded.set(bytes)
    this.#native('C_InitToken', 'initialising the token', big(slot), soPin, soPin.length, padded)
  }

  initPin(session: Handle, pin: Uint8Array): void {
    this.#native('C_InitPIN', 'setting the user PIN', big(session), pin, pin.length)
  }

  setPin(session: Handle, oldPin: Uint8Array, newPin: Uint8Array): void {
    this.#native('C_SetPIN', 'changing the PIN', big(session), oldPin, oldPin.length, newPin, newPin.length)
  }

  /** A null PIN asks the reader's own pad. */
  login(session: Handle, user: number, pin: Uint8Array | null): void {
    this.#native('C_Login', 'logging in', big(session), user, pin, pin?.length ?? 0)
  }

  createObject(session: Handle, template: readonly Attribute[], doing: string): Handle {
    return this.#made(
      (memory, out) => this.#native('C_CreateObject', doing, big(session), memory, template.length, out),
      template,
    )
  }

  copyObject(session: Handle, object: Handle, template: readonly Attribute[], doing: string): Handle {
    return this.#made(
      (memory, out) =>
        this.#native('C_CopyObject', doing, big(session), big(object), memory, template.length, out),
      template,
    )
  }

  generateKey(session: Handle, mechanism: Mechanism, template: readonly Attribute[], doing: string): Handle {
    const m = layOutMechanism(mechanism)
    return this.#made(
      (memory, out) =>
        this.#native('C_GenerateKey', doing, big(session), m.struct, memory, template.length, out),
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
    this.#native(
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
    const length = Buffer.alloc(8)
    const args = [big(session), m.struct, big(kek), big(key)] as const
    this.#native('C_WrapKey', doing, ...args, null, length)
    const wanted = length.readBigUInt64LE()
    if (wanted > maxWrappedBytes)
      throw hsmError('HSM-DEVICE-ERROR', `${doing}: the library names a length of ${wanted}`)
    const out = Buffer.alloc(Number(wanted))
    this.#native('C_WrapKey', doing, ...args, out, length)
    const got = length.readBigUInt64LE()
    if (got > wanted) throw hsmError('HSM-DEVICE-ERROR', `${doing}: the library wrote past its own length`)
    return out.subarray(0, Number(got))
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
        this.#native(
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
    this.#native('C_SetAttributeValue', doing, big(session), big(object), memory, 1)
  }

  /** One attribute. `'absent'` when the object has none; a refusal throws. */
  getAttribute(session: Handle, object: Handle, type: number): Buffer | 'absent' {
    const doing = `reading attribute 0x${type.toString(16)}`
    const entry = ulongs(type, 0, 0)
    const read = () => this.#native('C_GetAttributeValue', doing, big(session), big(object), entry, 1)
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
    const read = () => this.#native('C_GetAttributeValue', doing, big(session), big(object), entry, 1)
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
    this.#native('C_FindObjectsInit', 'looking for objects', big(session), memory, template.length)
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

function readFunctionList(path: string): ReadonlyMap<string, Native> {
  let getList: Native
  try {
    getList = load(path).func('C_GetFunctionList', 'ulong', ['void *'])
  } catch (error) {
    throw hsmError(
      'HSM-LIBRARY-INVALID',
      `${path}: ${error instanceof Error ? error.message : 'cannot be loaded'}`,
    )
  }
  const out = Buffer.alloc(8)
  check(getList(out), 'reading the library’s function list')
  const at = out.readBigUInt64LE()
  if (at === 0n) throw hsmError('HSM-LIBRARY-INVALID', `${path}: its function list is empty`)
  // CK_VERSION (2 bytes, padded to 8) and then 68 pointers.
  const pointers: bigint[] = Array.from(decode(at, 8, 'uint64', 68) as ArrayLike<number | bigint>, BigInt)
  const functions = new Map<string, Native>()
  for (const name of Object.keys(positions) as (keyof typeof positions)[]) {
    const pointer = pointers[positions[name]]
    if (pointer) functions.set(name, decode(pointer, proto('ulong', [...signatures[name]])) as Native)
  }
  return functions
}
