import { createHash } from 'node:crypto'
import { join } from 'node:path'
import {
  type Ciphertext,
  combinePartials,
  type DealtKey,
  type PartialContent,
  partialDecrypt,
  redealShare,
} from '../packages/crypto/src/fhe/index.ts'
import {
  binomial,
  type Decryptor,
  expandShare,
  openDecryptor,
  type RingElement,
  ringVector,
} from '../packages/crypto/src/sharing/index.ts'
import { bareDot } from './fhe/bare-dot.ts'
import { type BenchKey, dealBenchKey, entropy, makeBenchKey, verified } from './fhe/key.ts'
import { measured, timed } from './fhe/time.ts'
import { run } from './program.ts'
import type { Row } from './row.ts'

type Bare = Awaited<ReturnType<typeof bareDot>>
type Inputs = {
  readonly key: BenchKey
  readonly bare: Bare
  readonly ciphertexts: readonly (readonly [string, Ciphertext])[]
}

const quorums = [
  [2, 3],
  [3, 5],
  [5, 9],
  [7, 13],
] as const
const coldLoads = 20
/** At most 1.5 and 3 times the bare dot products. */
const partialGoals: Readonly<Record<string, number>> = { '3,5': 1 / 1.5, '7,13': 1 / 3 }

/**
 * Threshold FHE in wasm on one thread. The limit for every product with a share is the bare dot product of as many words. The limit for
 * combining is tfhe's own decryption of a fresh u256.
 */
export async function benchFhe(): Promise<Row[]> {
  const key = makeBenchKey()
  const bare = await bareDot()
  const ciphertexts = [
    ['u8', key.fresh(8)],
    ['u64', key.fresh(64)],
    ['u256', key.fresh(256)],
    ['squashed u8', key.squashed(8)],
    ['squashed u64', key.squashed(64)],
    ['squashed u256', key.squashed(256)],
  ] as const
  const inputs = { key, bare, ciphertexts }
  const rows = [await coldLoad()]
  for (const [t, n] of quorums) rows.push(...benchQuorum(inputs, t, n))
  rows.push(...cheaters(inputs))
  return rows
}

function benchQuorum(inputs: Inputs, t: number, n: number): Row[] {
  const { key, bare, ciphertexts } = inputs
  const dealt = dealBenchKey(key.clientKey, t, n)
  const sets = binomial(n - 1, t - 1)
  const name = (work: string): string => `(${t},${n}) ${work}`
  const { share, pub } = verified(dealt, 1)
  const { keyId, epochId } = share.header
  const context = { keyId, epochId, holder: 1, quorum: { t, n } }
  const rows = [
    timed({
      work: name('deal both keys'),
      ours: () => dealBenchKey(key.clientKey, t, n),
      limit: () => bareVectors(bare, binomial(n, t - 1)),
    }),
    timed({
      work: name('expand a share, 128 bits'),
      ours: () => expandShare(share.seeds, { ...context, width: 128, correction: pub.pub128 }).wipe(),
      limit: () => bare(128, sets),
    }),
    timed({
      work: name('re-deal one share'),
      ours: () => {
        const request = {
          verified: { share, pub },
          dealers: holders(t),
          to: { t, n },
          planHash: new Uint8Array(32),
          entropy,
        }
        if (!redealShare(request).ok) throw new Error('not re-dealt')
      },
      limit: () => bareVectors(bare, binomial(n, t - 1)),
    }),
  ]
  const most = Math.max(...ciphertexts.map(([, { blocks }]) => blocks.length))
  const opened = {
    64: openDecryptor(share.seeds, { ...context, width: 64, correction: pub.pub64 }, most),
    128: openDecryptor(share.seeds, { ...context, width: 128, correction: pub.pub128 }, most),
  }
  for (const [type, ciphertext] of ciphertexts) {
    rows.push(
      benchPartial(name(`partial of ${type}`), { bare, ciphertext, opened, goal: goalOf(t, n, type) }),
    )
  }
  const squashed = find(inputs, 'squashed u256')
  rows.push(
    ...benchWhole(name('squashed u256'), { bare, dealt, squashed, opened: opened[128] }),
    ...benchCombine(name('squashed u256'), { key, dealt, squashed, t, n }),
  )
  return rows
}

function goalOf(t: number, n: number, type: string): number | undefined {
  return type === 'squashed u256' ? partialGoals[`${t},${n}`] : undefined
}

/** Of blocks that were admitted (copied in and hashed) before: products, noise and packing. */
function benchPartial(
  work: string,
  {
    bare,
    ciphertext,
    opened,
    goal,
  }: { bare: Bare; ciphertext: Ciphertext; opened: Record<64 | 128, Decryptor>; goal: number | undefined },
): Row {
  const { width, blocks } = ciphertext
  const decryptor = opened[width]
  decryptor.admit(blocks)
  return timed({
    work,
    ours: () => decryptor.partials(),
    limit: () => bare(width, blocks.length),
    ...(goal === undefined ? {} : { goal: Number(goal.toFixed(3)) }),
  })
}

function benchWhole(
  name: string,
  { bare, dealt, squashed, opened }: { bare: Bare; dealt: DealtKey; squashed: Ciphertext; opened: Decryptor },
): Row[] {
  const share = verified(dealt, 1)
  const products = ringVector(128, 4096)
  products.addScaled(entropy.bytes(65_536), [1n, 2n, 3n, 4n])
  return [
    timed({
      work: `${name}: admit (limit: SHA-256 by OpenSSL)`,
      ours: () => opened.admit(squashed.blocks),
      limit: () => {
        for (const { mask, body } of squashed.blocks) createHash('sha256').update(mask).update(body).digest()
      },
    }),
    timed({
      work: `${name}: partial (limit: the kernel's own products alone, copying in)`,
      ours: () => opened.partials(),
      limit: () => {
        for (const { mask } of squashed.blocks) products.dot(mask)
      },
    }),
    timed({
      work: `${name}: expand, admit and partial`,
      ours: () => {
        if (!partialDecrypt(share, [squashed], new Uint8Array(32)).ok) throw new Error('refused')
      },
      limit: () => bare(128, squashed.blocks.length),
    }),
  ]
}

function benchCombine(
  name: string,
  {
    key,
    dealt,
    squashed,
    t,
    n,
  }: { key: BenchKey; dealt: DealtKey; squashed: Ciphertext; t: number; n: number },
): Row[] {
  const answers = holders(n).map((holder) => answer(dealt, holder, squashed))
  const { pub } = verified(dealt, 1)
  const combining = (partials: readonly PartialContent[]) => () => {
    if (!combinePartials(pub, [squashed], partials).ok) throw new Error('not combined')
  }
  const limit = key.decrypt
  return [
    timed({ work: `${name}: combine ${t}`, ours: combining(answers.slice(0, t)), limit }),
    timed({ work: `${name}: combine and compare all ${n}`, ours: combining(answers), limit }),
  ]
}

/**
 * Two cheaters of nine at a quorum of three, with errors of half the modulus in every element: found, named and corrected in 50 ms. Beside
 * it the two dearest cases. Four of fifteen at a quorum of five spoil the last element alone. Seven at a quorum of eight are too many to
 * correct, so every set of suspects is tried before the refusal.
 */
function cheaters(inputs: Inputs): Row[] {
  const goal = combineSpoilt(inputs, {
    work: '(3,9) squashed u256: combine all 9, two cheat (limit: 50 ms)',
    quorum: [3, 9],
    spoil: (partial) => ([4, 8].includes(partial.header.holder) ? spoilt(partial) : partial),
    says: '4,8',
  })
  const last = combineSpoilt(inputs, {
    work: '(5,15) squashed u256: combine all 15, four cheat in the last element alone',
    quorum: [5, 15],
    spoil: (partial) => (partial.header.holder > 11 ? spoilt(partial, 21) : partial),
    says: '12,13,14,15',
  })
  const refused = combineSpoilt(inputs, {
    work: '(8,15) squashed u256: refuse all 15, seven cheat',
    quorum: [8, 15],
    spoil: (partial) => (partial.header.holder > 8 ? spoilt(partial) : partial),
    says: 'FHE-INCONSISTENT',
  })
  return [{ ...measured(goal.work, goal.ours, 50, 1), memoryMiB: goal.memoryMiB }, last, refused]
}

function combineSpoilt(
  inputs: Inputs,
  {
    work,
    quorum: [t, n],
    spoil,
    says,
  }: {
    work: string
    quorum: readonly [number, number]
    spoil: (partial: PartialContent) => PartialContent
    says: string
  },
): Row {
  const squashed = find(inputs, 'squashed u256')
  const dealt = dealBenchKey(inputs.key.clientKey, t, n)
  const { pub } = verified(dealt, 1)
  const answers = holders(n).map((holder) => spoil(answer(dealt, holder, squashed)))
  return timed({
    work,
    ours: () => {
      const combined = combinePartials(pub, [squashed], answers)
      const said = combined.ok ? String(combined.value.cheaters) : combined.rule
      if (said !== says) throw new Error(`${work}: ${said}`)
    },
  })
}

/** By a different error for each holder: equal ones could lie on a polynomial. */
function spoilt(partial: PartialContent, from = 0): PartialContent {
  const half = 1n << BigInt(partial.width - 1)
  const error = half ^ (BigInt(partial.header.holder % 2) << 5n)
  const spoil = ([a, b, c, d]: RingElement): RingElement => [a ^ error, b, c, d]
  return {
    ...partial,
    answers: partial.answers.map((one) => ({
      ...one,
      elements: one.elements.map((element, at) => (at < from ? element : spoil(element))),
    })),
  }
}

/** The mean of many processes, for the clock's steps are as long as the work. */
async function coldLoad(): Promise<Row> {
  let sum = 0
  for (let round = 0; round < coldLoads; round++) {
    const { stdout } = await run(process.execPath, [join(import.meta.dirname, 'fhe/cold-load.mjs')])
    sum += Number(stdout)
  }
  return measured('cold load of the kernel (limit: 5 ms)', sum / coldLoads, 5, 1)
}

/** As many bare products as adding one coefficient of the 64-bit and the 128-bit stream of each set. */
function bareVectors(bare: Bare, sets: number): void {
  bare(64, sets / 4)
  bare(128, sets / 4)
}

function answer(dealt: DealtKey, holder: number, ciphertext: Ciphertext): PartialContent {
  const partial = partialDecrypt(verified(dealt, holder), [ciphertext], new Uint8Array(32))
  if (!partial.ok) throw new Error(partial.detail)
  return partial.value
}

function holders(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1)
}

function find({ ciphertexts }: Inputs, type: string): Ciphertext {
  const found = ciphertexts.find(([name]) => name === type)?.[1]
  if (!found) throw new Error(type)
  return found
}
