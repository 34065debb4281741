import {
  createReceiver,
  createSender,
  type ErasureCode,
  idealSeconds,
  profiles,
  type Receiver,
  raptorQ,
  type Sender,
  wayFor,
} from '@lux/crypto/transport'
import { Decoder, Encoder, initSync } from 'raptorq'
import { deflated as raptorqWasm } from 'raptorq/raptorq_bg.wasm?inline'
import { deflated as readerWasm } from 'zxing-wasm/reader/zxing_reader.wasm?inline'
import type { QrCall, QrReply, QrWork } from './messages.ts'
import { qrCode } from './qr-code.ts'
import { prepareReader, readCodes, scanTexts } from './read-codes.ts'

let erasure: ErasureCode | null = null
let sender: Sender | null = null
let receiver: Receiver | null = null
let canvas: OffscreenCanvas | null = null

async function inflated(base64: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

async function erasureCode(): Promise<ErasureCode> {
  if (erasure === null) {
    initSync(new WebAssembly.Module(await inflated(raptorqWasm)))
    erasure = raptorQ({ Encoder, Decoder })
  }
  return erasure
}

function pixelsOf(picture: ImageBitmap): ImageData | null {
  const { width, height } = picture
  if (canvas === null || canvas.width !== width || canvas.height !== height)
    canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d', { willReadFrequently: true })
  context?.drawImage(picture, 0, 0)
  picture.close()
  return context?.getImageData(0, 0, width, height) ?? null
}

const work: QrWork = {
  async send(carried, name) {
    const profile = profiles[name]
    const { length } = carried.payload
    const made = createSender(carried, profile, await erasureCode())
    if (!made.ok) return made
    sender = made.value
    return {
      ok: true,
      value: {
        lap: sender.source + sender.repair,
        source: sender.source,
        single: sender.single,
        framesPerSecond: profile.framesPerSecond,
        seconds: idealSeconds(length, profile),
        way: wayFor(length, profile),
      },
    }
  },
  async codeAt(position) {
    if (sender === null) throw new Error('nothing is sent')
    return qrCode(sender.textAt(position), sender.single ? undefined : sender.profile.version)
  },
  async receive(expected) {
    await prepareReader(await inflated(readerWasm))
    receiver = createReceiver(expected, await erasureCode())
    return null
  },
  async scan(picture) {
    const pixels = pixelsOf(picture)
    if (receiver === null || pixels === null) return { state: 'nothing' }
    return scanTexts(receiver, await readCodes(pixels))
  },
}

addEventListener('message', ({ data }: MessageEvent<QrCall>) => void answer(data))

async function answer({ id, name, args }: QrCall): Promise<void> {
  let reply: QrReply
  try {
    // connect-qr.ts types the calls, so name and arguments fit.
    const method = work[name] as (...given: unknown[]) => Promise<unknown>
    reply = { id, value: await method(...args) }
  } catch (error) {
    reply = { id, failed: error instanceof Error ? error.name : 'Error' }
  }
  postMessage(reply)
}
