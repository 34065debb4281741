/** One equation over GF(2). */
export type BitEquation = { readonly coefficients: Uint8Array; readonly sum: number }

/** The one solution of the equations, or null when they contradict each other or leave something open. */
export function solveBits(equations: readonly BitEquation[]): Uint8Array | null {
  const unknowns = equations[0]!.coefficients.length
  const size = Math.ceil((unknowns + 1) / 32)
  let rows = equations.map(({ coefficients, sum }) => {
    const row = new Int32Array(size)
    for (let j = 0; j < unknowns; j++) if (coefficients[j]) row[j >> 5]! |= 1 << (j & 31)
    if (sum) row[unknowns >> 5]! |= 1 << (unknowns & 31)
    return row
  })
  const pivots: Int32Array[] = []
  const bit = (row: Int32Array, j: number) => (row[j >> 5]! >>> (j & 31)) & 1
  const add = (row: Int32Array, other: Int32Array) => {
    for (let w = 0; w < size; w++) row[w]! ^= other[w]!
  }
  for (let j = 0; j < unknowns; j++) {
    const at = rows.findIndex((row) => bit(row, j))
    if (at < 0) return null
    const [pivot] = rows.splice(at, 1) as [Int32Array]
    for (const row of rows) if (bit(row, j)) add(row, pivot)
    pivots.push(pivot)
  }
  rows = rows.filter((row) => row.some((word) => word !== 0))
  if (rows.length > 0) return null
  const solution = new Uint8Array(unknowns)
  for (let j = unknowns - 1; j >= 0; j--) {
    let value = bit(pivots[j]!, unknowns)
    for (let k = j + 1; k < unknowns; k++) value ^= bit(pivots[j]!, k) & solution[k]!
    solution[j] = value
  }
  return solution
}
