import { readFileSync } from 'node:fs'
import type { Width } from '../../src/sharing/galois-ring.ts'

export type ThresholdVector = {
  sets: number[]
  k: number
  commitment: string
  firstWord: bigint
  correctionHash: string
  blockDigest: string
  floodKey: string
  noises: bigint[]
  partials: Map<number, bigint[]>
  quorums: { holders: number[]; phase: bigint[] }[]
}

/** Parses vectors/fhe/threshold-2of3.txt. */
export function thresholdVector(width: Width): ThresholdVector {
  const text = readFileSync(new URL('../../vectors/fhe/threshold-2of3.txt', import.meta.url), 'utf8')
  const part = text.split(/^K=/m).find((section) => section.startsWith(`${width} `))
  if (!part) throw new Error(`no vectors of ${width} bits`)
  const one = (pattern: RegExp): string => {
    const found = part.match(pattern)?.[1]
    if (found === undefined) throw new Error(`no match for ${pattern}`)
    return found
  }
  const hexes = (list: string) => list.split(',').map((hex) => BigInt(`0x${hex}`))
  return {
    sets: one(/sets \[(.*?)\]/)
      .split(',')
      .map(Number),
    k: Number(one(/log2T (\d+)/)),
    commitment: one(/commit A=1 (\w+)/),
    firstWord: BigInt(`0x${one(/\)\[0\] (\w+)/)}`),
    correctionHash: one(/sha256\(pub\) (\w+)/),
    blockDigest: one(/block digest (\w+)/),
    floodKey: one(/floodKey A=1 (\w+)/),
    noises: [...one(/ e \[([^\]]*)\]/).matchAll(/-?\d+/g)].map(([digits]) => BigInt(digits)),
    partials: new Map(
      [...part.matchAll(/partial (\d) (\S+)/g)].map(([, i, list]) => [Number(i), hexes(list!)]),
    ),
    quorums: [...part.matchAll(/Q \[(.*?)\] phase (\S+)/g)].map(([, list, phase]) => ({
      holders: list!.split(',').map(Number),
      phase: hexes(phase!),
    })),
  }
}
