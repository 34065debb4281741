import type { Mechanism as JsMechanism } from 'pkcs11js'
import { asBuffer } from './bytes.ts'

/** A slot, session or object handle: CK_ULONG, eight bytes little-endian, as pkcs11js has it. */
export type Handle = Buffer

/** `keep`: buffers that the parameter points into; they live as long as the mechanism does. */
export type Mechanism = {
  readonly mechanism: number
  readonly parameter?: Uint8Array
  readonly keep?: readonly Uint8Array[]
}

/** The same mechanism as pkcs11js takes it. */
export const forPkcs11js = ({ mechanism, parameter }: Mechanism): JsMechanism =>
  parameter ? { mechanism, parameter: asBuffer(parameter) } : { mechanism }

export const big = (handle: Handle): bigint => handle.readBigUInt64LE()
