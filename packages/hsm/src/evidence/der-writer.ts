/** One DER value; its content is shorter than 64 KiB. */
export const der = (tag: number, ...contents: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(contents)
  const n = content.length
  const length = n < 0x80 ? [n] : n < 0x100 ? [0x81, n] : [0x82, n >> 8, n & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

export const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts)
export const octets = (bytes: Uint8Array) => der(0x04, bytes)
export const bits = (...bytes: number[]) => der(0x03, Buffer.from([0, ...bytes]))
export const integer = (value: number) => {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex')
  return der(0x02, (bytes[0] ?? 0) & 0x80 ? Buffer.from([0, ...bytes]) : bytes)
}

export const oid = (text: string): Buffer => {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  const base128 = (value: number): number[] => {
    const out = [value & 0x7f]
    for (let left = value >>> 7; left > 0; left >>>= 7) out.unshift((left & 0x7f) | 0x80)
    return out
  }
  return der(0x06, Buffer.from([first * 40 + second, ...rest].flatMap(base128)))
}

export type Extension = { oid: string; value: Uint8Array; critical?: boolean }

export const yes = der(0x01, Buffer.from([0xff]))

export const extension = ({ oid: id, value, critical }: Extension) =>
  sequence(oid(id), ...(critical ? [yes] : []), octets(value))

export const caConstraints = (path?: number): Extension => ({
  oid: '2.5.29.19',
  critical: true,
  value: sequence(yes, ...(path === undefined ? [] : [integer(path)])),
})

export const keyUsage = (byte: number): Extension => ({ oid: '2.5.29.15', critical: true, value: bits(byte) })

export const extendedUsage = (id: string): Extension => ({
  oid: '2.5.29.37',
  critical: true,
  value: sequence(oid(id)),
})

/** A Name of one common name. */
export const name = (common: string) =>
  sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(common, 'utf8')))))

/** GeneralizedTime, e.g. 20170101000000Z. */
export const time = (text: string) => der(0x18, Buffer.from(text))

/** PKCS #7 SignedData with certificates and nothing signed. */
export const pkcs7 = (...certificates: readonly Uint8Array[]): Buffer =>
  sequence(
    oid('1.2.840.113549.1.7.2'),
    der(
      0xa0,
      sequence(
        integer(1),
        der(0x31),
        sequence(oid('1.2.840.113549.1.7.1')),
        der(0xa0, ...certificates),
        der(0x31),
      ),
    ),
  )
