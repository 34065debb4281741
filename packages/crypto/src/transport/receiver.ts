import { toHex } from '../hex.ts'
import { accept, type Outcome, refuse } from '../outcome.ts'
import { admitType, type Carried, digestOf, openEnvelope } from './envelope.ts'
import type { ErasureCode, ErasureDecoder } from './erasure-code.ts'
import { type Frame, type FrameHeader, parseFrame, symbolsOf } from './frame.ts'
import type { PayloadType } from './payload-types.ts'

/**
 * How many transfers are collected side by side. A new one replaces the one with the fewest frames, so foreign codes never push out one
 * that is further.
 */
const MAX_TRANSFERS = 3
/** Of K + 8 different symbols an honest sender's cannot all fail (2^-64); without an end each further one would cost a decoding. */
const SPARE_SYMBOLS = 8

export type Progress = {
  readonly type: PayloadType
  /** Different frames of this transfer. */
  readonly received: number
  /** With as many it is nearly always whole. */
  readonly needed: number
  /** Bytes of the whole. */
  readonly length: number
}

export type Scan =
  | { readonly state: 'new' | 'duplicate'; readonly progress: Progress }
  | { readonly state: 'received'; readonly carried: Carried }

export type Receiver = {
  /**
   * Takes the text of a scanned code. Once the payload is complete, every further scan answers with it. Refuses what `parseFrame` does,
   * TRANSFER-TYPE (another kind of payload, which the detail names), and TRANSFER-DAMAGED (all frames are in but do not fit, so this
   * transfer starts over). A refusal changes no other transfer.
   */
  take(text: string): Outcome<Scan>
  /** Forgets what has been collected. */
  close(): void
}

type Transfer = {
  readonly key: string
  readonly header: FrameHeader
  readonly type: PayloadType
  readonly decoder: ErasureDecoder
  readonly seen: Set<number>
}

/** Collects frames, in whatever order and number, until one payload of an expected type is whole. */
export function createReceiver(expected: readonly PayloadType[], code: ErasureCode): Receiver {
  const transfers = new Map<string, Transfer>()
  let done: Carried | null = null

  function drop(transfer: Transfer): void {
    transfers.delete(transfer.key)
    transfer.decoder.close()
  }

  /** A decoder that threw cannot be closed. Input from a camera must not end the screen. */
  function added(transfer: Transfer, packet: Uint8Array): Uint8Array | null | 'broken' {
    try {
      return transfer.decoder.add(packet)
    } catch {
      transfers.delete(transfer.key)
      return 'broken'
    }
  }

  function transferOf(header: FrameHeader, type: PayloadType): Transfer {
    const key = `${toHex(header.session)}-${header.type}-${header.length}-${header.symbolSize}`
    const known = transfers.get(key)
    if (known !== undefined) return known
    if (transfers.size >= MAX_TRANSFERS) drop(leastOf(transfers))
    const decoder = code.open(header.length, header.symbolSize)
    const transfer = { key, header, type, decoder, seen: new Set<number>() }
    transfers.set(key, transfer)
    return transfer
  }

  function finish(transfer: Transfer, envelope: Uint8Array): Outcome<Scan> {
    const { session, type } = transfer.header
    drop(transfer)
    const opened = openEnvelope(envelope, [transfer.type])
    // The session was collected by; it has to be of this very digest, as the type has to be the envelope's own.
    if (!opened.ok || toHex(digestOf(envelope).subarray(0, 4)) !== toHex(session))
      return damaged(`what the frames of type ${type} make is not what they announce`)
    done = opened.value
    for (const other of [...transfers.values()]) drop(other)
    return accept({ state: 'received', carried: done })
  }

  function collect(transfer: Transfer, { symbolId, packet }: Frame): Outcome<Scan> {
    if (transfer.seen.has(symbolId)) return accept({ state: 'duplicate', progress: progressOf(transfer) })
    transfer.seen.add(symbolId)
    const envelope = added(transfer, packet)
    if (envelope === 'broken') return damaged('the decoder gave up on this transfer')
    if (envelope !== null) return finish(transfer, envelope)
    if (transfer.seen.size < symbolsOf(transfer.header) + SPARE_SYMBOLS)
      return accept({ state: 'new', progress: progressOf(transfer) })
    drop(transfer)
    return damaged('more frames than are needed do not make the whole')
  }

  return {
    take(text) {
      if (done !== null) return accept({ state: 'received', carried: done })
      const frame = parseFrame(text)
      if (!frame.ok) return frame
      const { header } = frame.value
      const type = admitType(header.type, expected)
      return type.ok ? collect(transferOf(header, type.value), frame.value) : type
    },
    close() {
      for (const transfer of [...transfers.values()]) drop(transfer)
      done = null
    },
  }
}

const damaged = (detail: string): Outcome<Scan> => refuse('TRANSFER-DAMAGED', detail)

function progressOf({ header, type, seen }: Transfer): Progress {
  return { type, received: seen.size, needed: symbolsOf(header), length: header.length }
}

function leastOf(transfers: ReadonlyMap<string, Transfer>): Transfer {
  const [first, ...rest] = transfers.values()
  if (first === undefined) throw new RangeError('transfers: expected one')
  return rest.reduce((least, one) => (one.seen.size < least.seen.size ? one : least), first)
}
