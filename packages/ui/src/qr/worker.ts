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
import { base64 as raptorqWasm } from 'raptorq/raptorq_bg.wasm?inline'
import { base64 as readerWasm } from 'zxing-wasm/reader/zxing_reader.wasm?inline'
import type { QrCall, QrReply, QrWork } from './messages.ts'
import { qrCode } from './qr-code.ts'
import { prepareReader, readCodes } from './read-codes.ts'
import { scanTexts } from './scan-texts.ts'

let erasure: ErasureCode | null = null
let sender: Sender | null = null
let receiver: Receiver | null = null
let canvas: OffscreenCanvas | null = null

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64)
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at)
  return bytes
}

function erasureCode(): ErasureCode {
  if (erasure === null) {
    initSync(new WebAssembly.Module(bytesOf(raptorqWasm)))
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
    const made = createSender(carried, profile, erasureCode())
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
    await prepareReader(bytesOf(readerWasm))
    receiver = createReceiver(expected, erasureCode())
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
    // A call names a method of QrWork, and gives what that method takes: connect-qr.ts is typed so.
    const method = work[name] as (...given: unknown[]) => Promise<unknown>
    reply = { id, value: await method(...args) }
  } catch (error) {
    reply = { id, failed: error instanceof Error ? error.name : 'Error' }
  }
  postMessage(reply)
}
