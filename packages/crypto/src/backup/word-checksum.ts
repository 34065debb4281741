// RS1024 of SLIP-0039: a Reed-Solomon code over GF(1024), three words of check, which finds any three wrong words.
const generator = [
  0xe0e040, 0x1c1c080, 0x3838100, 0x7070200, 0xe0e0009, 0x1c0c2412, 0x38086c24, 0x3090fc48, 0x21b1f890,
  0x3f3f120,
]

/** The three words of check after `words`, each 0 to 1023. */
export function wordChecksum(words: readonly number[], extendable: boolean): number[] {
  const check = remainder([...words, 0, 0, 0], extendable) ^ 1
  return [check >> 20, (check >> 10) & 1023, check & 1023]
}

/** Whether words end with their check. */
export function isChecked(words: readonly number[], extendable: boolean): boolean {
  return remainder(words, extendable) === 1
}

/** Every single word that could stand in place of another, so that the check holds; `at` from 0. None where it holds. */
export function singleCorrections(
  words: readonly number[],
  extendable: boolean,
): { readonly at: number; readonly word: number }[] {
  const wrong = remainder(words, extendable) ^ 1
  return words.flatMap((word, at) => {
    // What a change does to the remainder is linear in its bits.
    const after = Array<number>(words.length - at - 1).fill(0)
    const ofBit = generator.map((_, bit) => divide(0, [1 << bit, ...after]))
    for (let change = 1; change < 1024; change++) {
      let effect = 0
      for (let bit = 0; bit < 10; bit++) effect ^= (ofBit[bit] ?? 0) & (0 - ((change >> bit) & 1))
      if (effect === wrong) return [{ at, word: word ^ change }]
    }
    return []
  })
}

function remainder(words: readonly number[], extendable: boolean): number {
  const name = extendable ? 'shamir_extendable' : 'shamir'
  return divide(
    1,
    Array.from(name, (char) => char.charCodeAt(0)),
    words,
  )
}

function divide(start: number, ...parts: readonly (readonly number[])[]): number {
  let check = start
  for (const words of parts) {
    for (const word of words) {
      const top = check >> 20
      check = ((check & 0xfffff) << 10) ^ word
      for (let bit = 0; bit < 10; bit++) check ^= (generator[bit] ?? 0) & (0 - ((top >> bit) & 1))
    }
  }
  return check
}
