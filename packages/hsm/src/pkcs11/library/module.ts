import { address } from 'koffi'
import { CKR } from '../../constants.ts'
import { hsmError } from '../../hsm-errors.ts'
import { layOutMechanism, namedLength, written } from './call-memory.ts'
import { call, ckrOf } from './errors.ts'
import { big, type Handle, type Mechanism, word } from './handles.ts'
import { LoadedLibrary } from './library.ts'
import { type Attribute, attributeSize, layOut, ulong } from './memory.ts'

export { forPkcs11js, type Handle, type Mechanism, structure } from './handles.ts'

const unavailable = 0xffff_ffff_ffff_ffffn
const maxAttributeBytes = 1n << 20n
const maxWrappedBytes = 1 << 20
/** Room for every wrapped key but the largest, so that one call is enough. */
const usualWrappedBytes = 4096

const nothing = Buffer.alloc(8)

/** A loaded library's objects: making, reading, finding and wrapping them, with templates as trees of attributes. */
export class Module extends LoadedLibrary {
  /** When the last call that makes an object began: what was written before it is not that object's. */
  madeSince = 0

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
        this.native.call('C_DeriveKey', doing, big(session), m, big(base), memory, template.length, out),
      template,
    )
  }

  createObject(session: Handle, template: readonly Attribute[], doing: string): Handle {
    return this.#made(
      (memory, out) => this.native.call('C_CreateObject', doing, big(session), memory, template.length, out),
      template,
    )
  }

  copyObject(session: Handle, object: Handle, template: readonly Attribute[], doing: string): Handle {
    return this.#made(
      (memory, out) =>
        this.native.call('C_CopyObject', doing, big(session), big(object), memory, template.length, out),
      template,
    )
  }

  generateKey(session: Handle, mechanism: Mechanism, template: readonly Attribute[], doing: string): Handle {
    const m = layOutMechanism(mechanism)
    return this.#made(
      (memory, out) =>
        this.native.call('C_GenerateKey', doing, big(session), m, memory, template.length, out),
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
    this.madeSince = Date.now()
    this.native.call(
      'C_GenerateKeyPair',
      doing,
      big(session),
      m,
      pub,
      publicTemplate.length,
      prv,
      privateTemplate.length,
      publicKey,
      privateKey,
    )
    return { publicKey, privateKey }
  }

  /** Begins an operation of one part; `finish` ends it, whatever becomes of it. */
  begin(
    name: 'C_SignInit' | 'C_EncryptInit' | 'C_DecryptInit',
    session: Handle,
    mechanism: Mechanism,
    key: Handle,
    doing: string,
  ): void {
    this.native.call(name, doing, word(session), layOutMechanism(mechanism), word(key))
  }

  /** `room`: the most that may come back. */
  finish(
    name: 'C_Sign' | 'C_Encrypt' | 'C_Decrypt',
    session: Handle,
    input: Uint8Array,
    room: number,
    doing: string,
  ): Buffer {
    // A library may take a null pointer for a question about the length, even where there are no bytes to point to.
    const data = input.length === 0 ? nothing : input
    return written(room, doing, (out, length) =>
      this.native.call(name, doing, word(session), data, input.length, out, length),
    )
  }

  wrapKey(session: Handle, mechanism: Mechanism, kek: Handle, key: Handle, doing: string): Buffer {
    const wrap = (out: Buffer | null, length: Buffer) =>
      this.native.call(
        'C_WrapKey',
        doing,
        word(session),
        layOutMechanism(mechanism),
        word(kek),
        word(key),
        out,
        length,
      )
    try {
      return written(usualWrappedBytes, doing, wrap)
    } catch (error) {
      if (ckrOf(error) !== CKR.BUFFER_TOO_SMALL) throw error
    }
    const wanted = namedLength(wrap)
    if (wanted > maxWrappedBytes)
      throw hsmError('HSM-DEVICE-ERROR', `${doing}: the library names a length of ${wanted}`)
    return written(wanted, doing, wrap)
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
        this.native.call(
          'C_UnwrapKey',
          doing,
          big(session),
          m,
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
    this.native.call('C_SetAttributeValue', doing, big(session), big(object), memory, 1)
  }

  /** One attribute. `'absent'` when the object has none; a refusal throws. */
  getAttribute(session: Handle, object: Handle, type: number): Buffer | 'absent' {
    const doing = `reading attribute 0x${type.toString(16)}`
    const entry = ulongs(type, 0, 0)
    const read = () => this.native.call('C_GetAttributeValue', doing, big(session), big(object), entry, 1)
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
    const read = () => this.native.call('C_GetAttributeValue', doing, big(session), big(object), entry, 1)
    read()
    const length = entry.readBigUInt64LE(16)
    if (length === unavailable) return 'absent'
    // Luna gives one byte where nothing was set, which holds no attribute.
    if (length < BigInt(attributeSize)) return []
    if (length > maxAttributeBytes || length % BigInt(attributeSize) !== 0n) {
      throw hsmError('HSM-DEVICE-ERROR', `${doing}: the library names a length of ${length}`)
    }
    const inner = Buffer.alloc(Number(length))
    // PKCS#11 3.x asks for this of types that are to be filled in; older libraries write over it.
    for (let at = 0; at < inner.length; at += attributeSize) inner.writeBigUInt64LE(unavailable, at)
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
    // A library that keeps the array as plain bytes gives back whatever memory it was set from, and no values.
    const isEchoed = values.some(
      (value, i) => value.length > 0 && inner.readBigUInt64LE(i * attributeSize + 8) !== address(value),
    )
    if (isEchoed)
      throw hsmError('HSM-DEVICE-ERROR', `${doing}: the library gives back pointers and no values`)
    return values.map((value, i) => ({ type: Number(inner.readBigUInt64LE(i * attributeSize)), value }))
  }

  find(session: Handle, template: readonly Attribute[]): Handle[] {
    const memory = layOut(template)
    this.native.call('C_FindObjectsInit', 'looking for objects', big(session), memory, template.length)
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
    this.madeSince = Date.now()
    try {
      fn(memory, out)
    } finally {
      memory.fill(0)
    }
    return out
  }
}

const ulongs = (...values: (number | bigint)[]): Buffer => Buffer.concat(values.map(ulong))
