import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { u32be } from '../packages/crypto/src/index.ts'
import {
  createReceiver,
  createSender,
  type ErasureCode,
  frameText,
  MAX_OBJECT,
  MAX_SYMBOLS,
  type Profile,
  profiles,
  type RaptorQModule,
  raptorQ,
  type Sender,
} from '../packages/crypto/src/transport/index.ts'
import { root } from '../scripts/root.ts'
import { measured, timed } from './fhe/time.ts'
import { type Peers, qrPeers } from './qr-peers.ts'
import { median, type Row } from './row.ts'

const KB = 1024
const sizes = [1, 70, 500] as const
const losses = [0, 20, 40] as const
/** Of each size and loss: as many ways to lose frames, the same ones in every run. */
const patterns = 25
/** bc-ur takes seconds of processor time for a transfer: fewer, and none of the largest. */
const peerPatterns = 5
const largestOfPeers = 70

/** Of a transfer: how many frames were shown until the payload was whole. */
type Shown = { readonly ours: number; readonly ideal: number; readonly loop: number }

/**
 * Frames until a payload is whole, where a camera misses some. The limit is a perfect code, which needs as many frames as there are source
 * symbols. Beside it `loop`, which repeats the source frames alone. Then the processor time, beside what `raptorq` alone needs.
 */
export async function benchQr(): Promise<Row[]> {
  const module = await loadRaptorQ()
  const code = raptorQ(module)
  const peers = await qrPeers(join(root, 'bench/peers'))
  const rows = sizes.flatMap((size) => losses.map((loss) => framesRow(code, size, loss, peers)))
  return [
    ...rows,
    rateRow(code),
    ...sizes.flatMap((size) => timeRows(module, code, size)),
    hostileRow(code),
    forgedRow(code),
  ]
}

function framesRow(code: ErasureCode, size: number, loss: number, peers: Peers): Row {
  const { ours, ideal, loop } = medians(code, { size, loss, profile: profiles.default })
  return {
    work: `${size} KB, ${loss} % of frames lost: frames shown`,
    unit: 'frames',
    ours,
    limit: ideal,
    peers: { loop, ...(size > largestOfPeers ? {} : peerFrames(peers, size, loss)) },
    ratio: digits(ideal / ours),
    goal: 1 / 1.25,
    memoryMiB: null,
  }
}

function peerFrames(peers: Peers, size: number, loss: number): Record<string, number> {
  const runs = Array.from({ length: peerPatterns }, (_, pattern) => pattern + 1)
  return Object.fromEntries(
    Object.entries(peers).map(([name, peer]) => [
      name,
      median(runs.map((seed) => peer(randomBytes(size * KB), losing(loss, seed)))),
    ]),
  )
}

/** KB a second at the fast profile; 8 are asked for. */
function rateRow(code: ErasureCode): Row {
  const [size, loss] = [70, 20]
  const { ours } = medians(code, { size, loss, profile: profiles.fast })
  const rate = size / (ours / profiles.fast.framesPerSecond)
  return {
    work: `${size} KB, ${loss} % of frames lost, fast profile (limit: 8 KB/s)`,
    unit: 'KB/s',
    ours: digits(rate),
    limit: 8,
    ratio: digits(rate / 8),
    goal: 1,
    memoryMiB: null,
  }
}

function timeRows(module: RaptorQModule, code: ErasureCode, size: number): Row[] {
  const payload = randomBytes(size * KB)
  const sender = senderOf(code, payload, profiles.default)
  const { source, repair } = sender
  const { symbolSize } = profiles.default
  const texts = Array.from({ length: source + repair }, (_, at) => sender.textAt(at)).reverse()
  const packets = encode(module, payload, symbolSize, repair).reverse()
  return [
    timed({
      work: `${size} KB: make all frames (limit: raptorq alone)`,
      ours: () => {
        const made = senderOf(code, payload, profiles.default)
        for (let at = 0; at < made.source + made.repair; at++) made.textAt(at)
      },
      limit: () => encode(module, payload, symbolSize, repair),
    }),
    timed({
      work: `${size} KB: receive from repair frames (limit: raptorq alone)`,
      ours: () => {
        const receiver = createReceiver(['request-package'], code)
        if (!texts.some((text) => isWhole(receiver.take(text)))) throw new Error('not whole')
      },
      limit: () => {
        const decoder = module.Decoder.with_defaults(BigInt(payload.length), symbolSize)
        if (!packets.some((packet) => decoder.decode(packet) !== undefined)) throw new Error('not whole')
        decoder.free()
      },
    }),
  ]
}

/** A frame that announces as much as one may, of a transfer that is new each time. */
function hostileRow(code: ErasureCode): Row {
  const header = { type: 1, length: MAX_OBJECT, symbolSize: profiles.gentle.symbolSize }
  const packet = new Uint8Array(4 + header.symbolSize)
  const texts = Array.from({ length: 2000 }, () => frameText({ ...header, session: randomBytes(4) }, packet))
  const receiver = createReceiver(['card'], code)
  const times = texts.map((text) => {
    const began = performance.now()
    receiver.take(text)
    return performance.now() - began
  })
  receiver.close()
  return measured('a frame that announces the largest object (limit: 50 ms)', median(times), 50, 1)
}

/** Forged repair frames of the largest object: the one that starts its decoding. */
function forgedRow(code: ErasureCode): Row {
  const { symbolSize } = profiles.gentle
  const header = { type: 1, length: MAX_OBJECT, symbolSize }
  const packets = Array.from({ length: MAX_SYMBOLS }, (_, at) =>
    Uint8Array.from([...u32be(MAX_SYMBOLS + at), ...randomBytes(symbolSize)]),
  )
  const dearest = Array.from({ length: 15 }, () => {
    const session = randomBytes(4)
    const texts = packets.map((packet) => frameText({ ...header, session }, packet))
    const receiver = createReceiver(['card'], code)
    const times = texts.map((text) => {
      const began = process.cpuUsage()
      receiver.take(text)
      const { user, system } = process.cpuUsage(began)
      return (user + system) / 1000
    })
    receiver.close()
    return Math.max(...times)
  })
  return measured('the dearest of forged frames, processor time (limit: 50 ms)', median(dearest), 50, 1)
}

function medians(
  code: ErasureCode,
  { size, loss, profile }: { size: number; loss: number; profile: Profile },
): Shown {
  const all = Array.from({ length: patterns }, (_, pattern) =>
    transfer(code, senderOf(code, randomBytes(size * KB), profile), losing(loss, pattern + 1)),
  )
  return {
    ours: median(all.map(({ ours }) => ours)),
    ideal: median(all.map(({ ideal }) => ideal)),
    loop: median(all.map(({ loop }) => loop)),
  }
}

/** One showing; `lost` says of each frame in turn whether the camera misses it. */
function transfer(code: ErasureCode, sender: Sender, lost: () => boolean): Shown {
  const receiver = createReceiver(['request-package'], code)
  const looped = new Set<number>()
  let seen = 0
  let [ours, ideal, loop] = [0, 0, 0]
  for (let at = 0; ours === 0 || ideal === 0 || loop === 0; at++) {
    if (lost()) continue
    seen++
    looped.add(at % sender.source)
    if (ideal === 0 && seen === sender.source) ideal = at + 1
    if (loop === 0 && looped.size === sender.source) loop = at + 1
    if (ours === 0 && isWhole(receiver.take(sender.textAt(at)))) ours = at + 1
  }
  return { ours, ideal, loop }
}

function senderOf(code: ErasureCode, payload: Uint8Array, profile: Profile): Sender {
  const sender = createSender({ type: 'request-package', payload }, profile, code)
  if (!sender.ok) throw new Error(sender.rule)
  return sender.value
}

function isWhole(scan: ReturnType<ReturnType<typeof createReceiver>['take']>): boolean {
  if (!scan.ok) throw new Error(scan.rule)
  return scan.value.state === 'received'
}

function encode({ Encoder }: RaptorQModule, payload: Uint8Array, size: number, repair: number): Uint8Array[] {
  const encoder = Encoder.with_defaults(payload, size)
  const packets = encoder.encode(repair)
  encoder.free()
  return packets
}

/** Loses so many in a hundred, as a seed decides (Marsaglia's xorshift32). */
function losing(percent: number, seed: number): () => boolean {
  let state = Math.imul(seed, 0x9e3779b1) | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % 100 < percent
  }
}

async function loadRaptorQ(): Promise<RaptorQModule> {
  const { resolve } = createRequire(join(root, 'packages/crypto/package.json'))
  const loaded: RaptorQModule & { initSync(wasm: Uint8Array): void } = await import(
    pathToFileURL(resolve('raptorq/raptorq.js')).href
  )
  loaded.initSync(readFileSync(resolve('raptorq/raptorq_bg.wasm')))
  return loaded
}

function digits(value: number): number {
  return Number(value.toPrecision(3))
}
