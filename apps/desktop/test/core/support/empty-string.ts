import { concatBytes, utf8 } from '@lux/crypto'

const count = (length: number) => Uint8Array.of(length, 0, 0, 0, 0, 0, 0, 0)
const header = concatBytes(
  ...[count(3), utf8('0.5'), new Uint8Array(4), count(3), utf8('0.1'), count(17), utf8('zk::CompactPkeCrs')],
)

/** Begins as tfhe's reference string does and says for how many bits it is; nothing can be proven against it. */
export const emptyString = (bits: number) => concatBytes(header, utf8(`for ${bits} bits`))
