import { closeSync, openSync, readFileSync, readSync } from 'node:fs'

const pieceBytes = 1 << 22

/** Where the bytes stand in another process's memory: the name of each writable mapping, once for every place. Linux. */
export function findInMemory(pid: number, needle: Uint8Array): string[] {
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  try {
    return readFileSync(`/proc/${pid}/maps`, 'utf8')
      .split('\n')
      .flatMap((line) => {
        const [, from, to, name] = /^([0-9a-f]+)-([0-9a-f]+) rw\S+ \S+ \S+ \S+\s*(.*)$/.exec(line) ?? []
        if (from === undefined || to === undefined) return []
        const found = findBetween(memory, Number.parseInt(from, 16), Number.parseInt(to, 16), needle)
        return Array.from({ length: found }, () => name || 'anonymous')
      })
  } finally {
    closeSync(memory)
  }
}

function findBetween(memory: number, from: number, to: number, needle: Uint8Array): number {
  const piece = Buffer.alloc(pieceBytes + needle.length - 1)
  let found = 0
  for (let at = from; at < to; at += pieceBytes) {
    const length = Math.min(piece.length, to - at)
    let got: number
    try {
      got = readSync(memory, piece, 0, length, at)
    } catch {
      // Unmapped since, or a device's.
      return found
    }
    const bytes = piece.subarray(0, got)
    for (let hit = bytes.indexOf(needle); hit >= 0; hit = bytes.indexOf(needle, hit + 1)) found += 1
  }
  return found
}
